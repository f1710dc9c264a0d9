import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { LocalAutentico } from './local-autentico.ts'

/** What an operator's `systemctl` is for a real one: restarts the local Autentico when its command is run. */
export type Supervisor = AsyncDisposable & {
  /** For AUTENTICO_RESTART_COMMAND. Exits with 0 once Autentico has been started again, with 1 when it could not be. */
  readonly restartCommand: readonly string[]
}

/** Watches over a local Autentico of this process. Only who knows its token can have it restarted, from this machine. */
export async function supervise(autentico: Pick<LocalAutentico, 'restart'>): Promise<Supervisor> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end()
      return
    }
    autentico.restart().then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : 'it did not start'),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    restartCommand: [process.execPath, join(import.meta.dirname, 'ask-restart.ts'), String(port), token],
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
