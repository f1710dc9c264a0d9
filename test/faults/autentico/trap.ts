import type { IncomingMessage } from 'node:http'
import { listenOnLoopback, stopListening } from '#/drill/loopback.ts'

/** Another host, where nothing of ours must ever arrive. */
export type Trap = AsyncDisposable & {
  readonly url: string
  /** What arrived, method and path. */
  readonly caught: readonly string[]
}

/** Opens a trap that answers everything with a success. */
export async function openTrap(): Promise<Trap> {
  const { server, url } = await listenOnLoopback(0)
  const caught: string[] = []
  server.on('request', ({ method, url: path }: IncomingMessage, response) => {
    caught.push(`${method ?? ''} ${path ?? ''}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  return { url, caught, [Symbol.asyncDispose]: async () => stopListening(server) }
}
