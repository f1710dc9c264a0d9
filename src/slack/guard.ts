import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from './log.ts'

/**
 * Signatures that were accepted lately. One that keeps them on disk makes a replay after a restart fail as well. Both
 * functions are synchronous, so that nothing comes between looking and remembering.
 */
export type Seen = {
  has(key: string): boolean
  /** `until`: milliseconds since 1970, after which the key may be forgotten. */
  add(key: string, until: number): void
}

/** Keeps them in memory. Those of one minute are forgotten together, when another comes after they were to be kept: so they take half the room. */
export function seenInMemory(now: () => number): Seen {
  const minutes = new Map<number, Set<string>>()
  return {
    has: (key) => [...minutes.values()].some((keys) => keys.has(key)),
    add: (key, until) => {
      for (const end of minutes.keys()) if (end * minuteMs <= now()) minutes.delete(end)
      const end = Math.ceil(until / minuteMs)
      const keys = minutes.get(end) ?? new Set()
      minutes.set(end, keys.add(key))
    },
  }
}

/** A request that is Slack's, is new, and holds an object. */
export type Genuine = { readonly body: Readonly<Record<string, unknown>>; readonly headers: IncomingMessage['headers'] }

/** Ends the request. Called once. */
export type Answer = (status: number, body?: string | object) => void

export type GuardOptions = {
  readonly signingSecret: string
  readonly path: string
  readonly seen: Seen
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
  readonly onRequest: (request: Genuine, answer: Answer) => void
}

const minuteMs = 60_000
const oldestMs = 5 * minuteMs
// Our clock may be a little behind Slack's; a whole future cannot be explained that way.
const farthestAheadMs = minuteMs
const seenForMs = 10 * minuteMs
const largestBody = 1024 * 1024
const deepest = 100

/**
 * A server in front of everything: what Slack did not sign just now never reaches a line of ours. It refuses before it reads
 * where it can, and gives slow clients little time and nobody many connections.
 */
export function createGuard(options: GuardOptions): Server {
  const server = createServer({
    headersTimeout: 5000,
    requestTimeout: 8000,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16 * 1024,
  })
  server.maxConnections = 4000
  server.maxRequestsPerSocket = 1000
  const refused = refusalLog(options)
  server.on('request', (request, response) => {
    void receive(request, response, { ...options, refused })
  })
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    else socket.destroy()
  })
  return server
}

class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, why: string) {
    super(why)
    this.status = status
  }
}

type Receiving = GuardOptions & { readonly refused: (refusal: Refused, from: string | undefined) => void }

/** One line a second for each reason, with how often: a flood must not fill the disk. */
function refusalLog({ log, now }: GuardOptions): Receiving['refused'] {
  const lately = new Map<string, { readonly at: number; readonly unsaid: number }>()
  return ({ message: why, status }, from) => {
    const last = lately.get(why)
    if (last !== undefined && now() - last.at < 1000) {
      lately.set(why, { at: last.at, unsaid: last.unsaid + 1 })
      return
    }
    lately.set(why, { at: now(), unsaid: 0 })
    log.warn({ why, status, from, unsaid: last?.unsaid ?? 0 }, 'refused a request to the Slack endpoint')
  }
}

async function receive(request: IncomingMessage, response: ServerResponse, options: Receiving): Promise<void> {
  const answer = answerOnce(response)
  try {
    const signature = checkHead(request, options)
    const raw = await readBody(request)
    checkSignature(raw, signature, options)
    const body = parse(raw, request.headers['content-type'] ?? '')
    if (body['ssl_check'] === '1') return answer(200)
    if (body['type'] === 'url_verification') return answer(200, { challenge: String(body['challenge']) })
    options.onRequest({ body, headers: request.headers }, answer)
  } catch (error) {
    if (!(error instanceof Refused)) {
      options.log.warn(
        { why: error instanceof Error ? error.message : 'unknown' },
        'a request to the Slack endpoint broke off',
      )
      return answer(400)
    }
    options.refused(error, request.socket.remoteAddress)
    // What may still be coming is not waited for.
    response.setHeader('connection', 'close')
    answer(error.status)
  }
}

type Signature = { readonly timestamp: string; readonly given: string }

/** What can be refused by the head alone. */
function checkHead(request: IncomingMessage, { path, now }: GuardOptions): Signature {
  const [where] = (request.url ?? '').split('?')
  if (where !== path) throw new Refused(404, 'no such path')
  if (request.method !== 'POST') throw new Refused(405, 'not a POST')
  if (request.headers['content-encoding'] !== undefined) throw new Refused(415, 'the body is compressed')
  if (Number(request.headers['content-length'] ?? 0) > largestBody) throw new Refused(413, 'the body is too large')
  // A header that was sent twice arrives joined by a comma and so has not the form of one.
  const timestamp = request.headers['x-slack-request-timestamp']
  const given = request.headers['x-slack-signature']
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) throw new Refused(401, 'no usable timestamp')
  if (typeof given !== 'string' || !/^v0=[0-9a-f]{64}$/.test(given)) throw new Refused(401, 'no usable signature')
  const age = now() - Number(timestamp) * 1000
  if (age > oldestMs)
    throw new Refused(401, 'signed more than five minutes ago: replayed, or the clock of this machine is ahead')
  if (age < -farthestAheadMs)
    throw new Refused(401, 'signed in the future: forged, or the clock of this machine is behind')
  return { timestamp, given }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) throw new Refused(413, 'the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function checkSignature(
  raw: Buffer,
  { timestamp, given }: Signature,
  { signingSecret, seen, now }: GuardOptions,
): void {
  const expected = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(raw).digest()
  if (!timingSafeEqual(expected, Buffer.from(given.slice(3), 'hex')))
    throw new Refused(401, 'the signature does not fit')
  // 128 bits of it: a second request with the same ones does not come about.
  const key = expected.toString('base64url', 0, 16)
  if (seen.has(key)) throw new Refused(401, 'this very request was accepted before')
  seen.add(key, now() + seenForMs)
}

function parse(raw: Buffer, type: string): Readonly<Record<string, unknown>> {
  const text = decode(raw)
  if (type.startsWith('application/json')) return parseObject(text)
  if (!type.startsWith('application/x-www-form-urlencoded')) throw new Refused(415, 'neither JSON nor a form')
  const params = new URLSearchParams(text)
  const payload = params.get('payload')
  return payload === null ? Object.fromEntries(params) : parseObject(payload)
}

function decode(raw: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch {
    throw new Refused(400, 'the body is not UTF-8')
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (depthOf(text) > deepest) throw new Refused(400, 'the body is nested too deep')
  const parsed = parseJson(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Refused(400, 'the body is no object')
  return { ...parsed }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value))
  } catch {
    throw new Refused(400, 'the body is not JSON')
  }
}

/** How deep brackets nest outside of strings, without parsing. */
function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inside = false
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (inside) {
      if (sign === '\\') at += 1
      else if (sign === '"') inside = false
    } else if (sign === '"') inside = true
    else if (sign === '{' || sign === '[') most = Math.max(most, (depth += 1))
    else if (sign === '}' || sign === ']') depth -= 1
  }
  return most
}

function answerOnce(response: ServerResponse): Answer {
  return (status, body) => {
    if (response.headersSent || response.destroyed) return
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, {
      'content-length': Buffer.byteLength(text),
      ...(typeof body === 'object' ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    })
    response.end(text)
  }
}
