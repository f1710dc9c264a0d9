import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'
import type { Board } from './parts.ts'

/** Where to listen. Port 0: any free one. */
export type HealthAddress = { readonly host: string; readonly port: number }

export type HealthServer = AsyncDisposable & { readonly port: number }

/** The address cannot be listened on. The message says which, why, and what to do. */
export class HealthAddressUnusable extends Error {
  override readonly name = 'HealthAddressUnusable'

  constructor({ host, port }: HealthAddress, cause: unknown) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    super(`HEALTH_ADDRESS ${host}:${port} cannot be listened on (${why}): name a free port of this machine`, { cause })
  }
}

/**
 * Answers `GET /healthz` (the process lives), `/readyz` (200 when it does what it is there for, 503 otherwise, with every part in JSON) and
 * `/metrics`. Everything else is 404, other methods 405; bodies are not read, and slow clients are cut off. There is no sign-in: the address
 * is for the operator's own network. Throws HealthAddressUnusable.
 */
export async function startHealthServer({
  address,
  board,
  metrics,
}: {
  readonly address: HealthAddress
  readonly board: Board
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
}): Promise<HealthServer> {
  const server = createServer({
    headersTimeout: 3_000,
    requestTimeout: 5_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8 * 1024,
  })
  server.maxConnections = 100
  server.on('request', (request, response) => {
    void answer(request, response, { board, metrics }).catch(() => response.destroy())
  })
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    else socket.destroy()
  })
  try {
    server.listen({ host: address.host, port: address.port })
    await once(server, 'listening')
  } catch (error) {
    throw new HealthAddressUnusable(address, error)
  }
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => close(server) }
}

type Sources = { readonly board: Board; readonly metrics: Pick<Metrics, 'text' | 'contentType'> }
type Page = { readonly status: number; readonly type: string; readonly text: string }

const pages: Readonly<Record<string, (sources: Sources) => Promise<Page>>> = {
  '/healthz': async () => json(200, { alive: true }),
  '/readyz': async ({ board }) => {
    const { state, parts } = await board.report()
    return json(state === 'ready' || state === 'degraded' ? 200 : 503, { state, parts })
  },
  '/metrics': async ({ metrics }) => ({ status: 200, type: metrics.contentType, text: await metrics.text() }),
}

async function answer(request: IncomingMessage, response: ServerResponse, sources: Sources): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (page === undefined) return send(request, response, json(404, { error: 'there is no such page' }))
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(request, response, json(405, { error: 'only GET and HEAD' }))
  }
  // What was thrown may name an address or more, so it stays inside.
  const found = await page(sources).catch(() => json(500, { error: 'it could not be gathered' }))
  send(request, response, found)
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, text }: Page): void {
  // A body that was sent along is not waited for.
  if (status !== 200 || request.headers['content-length'] !== undefined) response.setHeader('connection', 'close')
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function json(status: number, body: object): Page {
  return { status, type: 'application/json; charset=utf-8', text: `${JSON.stringify(body)}\n` }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
