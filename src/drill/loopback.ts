import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server that listens, with its address and no slash at its end. */
export type Listening = { readonly server: Server; readonly url: string }

/** Another program listens on the port. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'
}

/** Listens on 127.0.0.1 only; port 0 picks a free one. Throws {@link PortTaken}. */
export async function listenOnLoopback(port: number): Promise<Listening> {
  const server = createServer()
  const listening = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE'
    listening.reject(taken ? new PortTaken(`port ${port} is taken by another program: name another one, or 0`) : error)
  })
  server.listen(port, '127.0.0.1', () => listening.resolve())
  await listening.promise
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/**
 * Whether a request comes from this machine and not from a page of another site in a browser on it: neither one that sends requests here
 * itself (its origin is another) nor one whose name was made to point here (its host is another).
 */
export function isOurs({ headers: { host, origin } }: IncomingMessage, url: string): boolean {
  const { port } = new URL(url)
  const named = host === `127.0.0.1:${port}` || host === `localhost:${port}`
  return named && (origin === undefined || origin === `http://${host}`)
}

/** Stops listening and ends every connection. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
