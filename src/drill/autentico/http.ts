import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, controlReply } from './control.ts'
import { faultReply, type How } from './faults.ts'
import { fallThrough } from './router.ts'
import { type Call, escapeHtml, type Reply, refuse } from './wire.ts'

/** A request without its path parameters, which only the router knows. */
export type Incoming = Omit<Call, 'param'>

export type Front = {
  readonly control: Control
  readonly controlToken: string
  readonly requestId: () => string
  readonly now: () => Date
  readonly answer: (call: Incoming) => Reply
  /** Keeps what is true now, to be shown while reads lag behind. */
  readonly keepOld: () => void
  /** Answers a read from what was kept last. */
  readonly answerOld: (call: Incoming) => Reply
  /** What is true of the account that a path speaks of; see {@link accountState}. */
  readonly stateOf: (path: string) => string | undefined
}

/** Reads a request, lets a fault strike if one is waiting, and writes the answer with the headers every answer has. */
export async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = await readCall(request)
  if (call.path.startsWith('/_control/')) return writeReply(response, '', controlled(front, call))

  const requestId = front.requestId()
  const how = front.control.takeFault(call.method, call.path)
  // What others do meanwhile is no effect of this call.
  if (typeof how === 'object' && 'delayMs' in how) await sleep(how.delayMs)
  const isChange = call.path.startsWith('/admin/api/') && call.method !== 'GET'
  const before = isChange ? front.stateOf(call.path) : undefined
  const record = (status: number): void => {
    if (!call.path.startsWith('/admin/api/')) return
    const changed = isChange && front.stateOf(call.path) !== before
    front.control.record({ method: call.method, path: request.url ?? '', status, changed, requestId, at: front.now() })
  }
  if (how === undefined) {
    const isOld = call.method === 'GET' && call.path.startsWith('/admin/api/') && front.control.showsOld(front.now())
    const reply = guarded(call, isOld ? front.answerOld : front.answer)
    record(reply.status)
    return writeReply(response, requestId, reply)
  }
  strike({ front, call, how, requestId, record }, response)
}

type Struck = {
  readonly front: Front
  readonly call: Incoming
  readonly how: How
  readonly requestId: string
  readonly record: (status: number) => void
}

function strike({ front, call, how, requestId, record }: Struck, response: ServerResponse): void {
  if (how === 'reset-before' || how === 'timeout') {
    record(0)
    if (how === 'reset-before') response.destroy()
    return
  }
  const own = how === 'html' ? fallThrough('/admin/') : faultReply(how)
  if (typeof how === 'object' && 'lagMs' in how) {
    front.keepOld()
    front.control.showOldUntil(front.now().getTime() + how.lagMs)
  }
  const reply = own ?? guarded(call, front.answer)
  const isLost = how === 'reset-after-effect' || how === 'timeout-after-effect'
  record(isLost ? 0 : reply.status)
  if (how === 'timeout-after-effect') return
  if (how === 'reset-after-effect') return void response.destroy()
  if (how === 'truncate') return writeHalf(response, requestId, reply)
  if (typeof how === 'object' && 'floodBytes' in how) return writeFlood(response, requestId, how.floodBytes)
  if (how === 'reset-after-answer') response.once('finish', () => response.socket?.destroy())
  writeReply(response, requestId, reply)
}

/** A bug in a handler becomes the 500 it would be, without its text. */
function guarded(call: Incoming, answer: Front['answer']): Reply {
  try {
    return withPage(call, answer(call))
  } catch {
    return refuse(500, 'server_error', 'Internal server error')
  }
}

function controlled(front: Front, call: Incoming): Reply {
  if (call.headers.authorization !== `Bearer ${front.controlToken}`) {
    return refuse(401, 'unauthorized', 'the control doors want the token that this server was started with')
  }
  return controlReply(front.control, call)
}

async function readCall(request: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString('utf8')
  const [path = '/', search = ''] = splitOnce(request.url ?? '/', '?')
  const query = new URLSearchParams(search)
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  const forwarded = request.headers['x-forwarded-for']
  return {
    method: request.method ?? 'GET',
    path,
    query,
    form: new URLSearchParams([...(isForm ? new URLSearchParams(body) : []), ...query]),
    body,
    headers: request.headers,
    cookies: readCookies(request.headers.cookie ?? ''),
    ip:
      String(forwarded ?? '')
        .split(',')[0]
        ?.trim() ||
      (request.socket.remoteAddress ?? ''),
    userAgent: request.headers['user-agent'] ?? '',
  }
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function readCookies(header: string): ReadonlyMap<string, string> {
  const pairs = header.split(';').map((pair) => splitOnce(pair.trim(), '='))
  return new Map(pairs.map(([name = '', value = '']) => [name, value]))
}

function writeHead(response: ServerResponse, requestId: string, reply: Reply): void {
  const nonce = randomBytes(16).toString('base64')
  response.setHeader('X-Frame-Options', 'DENY')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader(
    'Content-Security-Policy',
    `default-src 'self'; script-src 'self' 'nonce-${nonce}'; img-src 'self' data:; form-action *; frame-ancestors 'none'`,
  )
  response.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=()')
  response.setHeader('Cross-Origin-Embedder-Policy', 'credentialless')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Pragma', 'no-cache')
  if (requestId !== '') response.setHeader('X-Request-ID', requestId)
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value)
  response.statusCode = reply.status
}

/** A redirect of something that was only looked at carries a short page, for readers that do not follow it. */
function withPage(call: Incoming, reply: Reply): Reply {
  const to = reply.headers['Location']
  if (typeof to !== 'string' || call.method !== 'GET') return reply
  const body = `<a href="${escapeHtml(to)}">${reply.status === 302 ? 'Found' : 'Temporary Redirect'}</a>.\n\n`
  return { ...reply, headers: { ...reply.headers, 'Content-Type': 'text/html; charset=utf-8' }, body }
}

function writeReply(response: ServerResponse, requestId: string, reply: Reply): void {
  writeHead(response, requestId, reply)
  if (reply.status !== 204) response.setHeader('Content-Length', Buffer.byteLength(reply.body))
  response.end(reply.body)
}

/** Announces the whole body, sends half of it and cuts. What has no body is cut in the middle of its head. */
function writeHalf(response: ServerResponse, requestId: string, reply: Reply): void {
  const body = Buffer.from(reply.body)
  if (body.length === 0) {
    response.socket?.write(`HTTP/1.1 ${reply.status} `, () => response.destroy())
    return
  }
  writeHead(response, requestId, reply)
  response.setHeader('Content-Length', body.length)
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
}

const floodPart = Buffer.alloc(64 * 1024, 0x20)

/** Sends JSON that has so many blanks before its end, as fast as the other side takes it. */
function writeFlood(response: ServerResponse, requestId: string, bytes: number): void {
  writeHead(response, requestId, { status: 200, headers: { 'Content-Type': 'application/json' }, body: '' })
  let left = bytes
  function* parts(): Generator<Buffer> {
    for (; left > 0; left -= floodPart.length) yield floodPart.subarray(0, Math.min(left, floodPart.length))
    yield Buffer.from('{}')
  }
  const source = Readable.from(parts())
  // Whoever has had enough goes away; that ends it.
  response.once('close', () => source.destroy())
  source.pipe(response)
}
