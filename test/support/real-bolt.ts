import { readFileSync } from 'node:fs'
import type { App } from '@slack/bolt'
import bolt from '@slack/bolt'
import { onTestFinished } from 'vitest'
import type { LocalSlack, LocalSlackOptions } from '#/drill/slack/local-slack.ts'
import { startLocalSlack } from '#/drill/slack/local-slack.ts'

/** The app's own manifest, which decides what the local Slack grants. */
export const ourManifest = readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8')

/** A local Slack that ends with the test. Posting is not slowed down unless the test asks for it. */
export async function localSlack(options: Partial<LocalSlackOptions> = {}): Promise<LocalSlack> {
  const slack = await startLocalSlack({ manifest: ourManifest, rateLimit: false, ...options })
  onTestFinished(() => slack[Symbol.asyncDispose]())
  return slack
}

/** A real Bolt app on Socket Mode that ends with the test. Only the API address differs from production. */
export async function boltOnSockets(slack: LocalSlack, listen: (app: App) => void): Promise<App> {
  const receiver = new bolt.SocketModeReceiver({
    appToken: slack.appToken,
    logger: quiet,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 2 } } },
  })
  const app = new bolt.App({ token: slack.botToken, receiver, logger: quiet, clientOptions: clientOptions(slack) })
  listen(app)
  await app.start()
  onTestFinished(async () => {
    await app.stop()
  })
  return app
}

/** A real Bolt app that Slack delivers to over HTTP; the address to deliver to. */
export async function boltOnHttp(
  slack: Pick<LocalSlack, 'apiUrl' | 'botToken' | 'signingSecret'>,
  listen: (app: App) => void,
): Promise<string> {
  const receiver = new bolt.HTTPReceiver({ signingSecret: slack.signingSecret, logger: quiet })
  const app = new bolt.App({ token: slack.botToken, receiver, logger: quiet, clientOptions: clientOptions(slack) })
  listen(app)
  const server = await receiver.start({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the HTTP receiver listens on no port')
  return `http://127.0.0.1:${address.port}/slack/events`
}

function clientOptions(slack: Pick<LocalSlack, 'apiUrl'>) {
  return { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true }
}

const silent = () => undefined
const quiet = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  setLevel: silent,
  setName: silent,
  getLevel: () => bolt.LogLevel.ERROR,
}
