import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { WorldOptions } from '../harness/world.ts'

/** A world in which Slack delivers by signed requests and not by Socket Mode. */
export async function overHttp(): Promise<WorldOptions> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const signingSecret = 'a-signing-secret-of-this-world'
  return {
    slack: { deliverTo: `http://127.0.0.1:${port}/slack/events`, signingSecret },
    env: { SLACK_APP_TOKEN: '', SLACK_SIGNING_SECRET: signingSecret, PORT: String(port) },
  }
}
