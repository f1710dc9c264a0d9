import type { Readable } from 'node:stream'
import { Pool } from 'undici'
import { AutenticoUnavailable, OutcomeUnknown, UnexpectedAnswer } from './failures.ts'

/** Time limits in milliseconds, size in bytes. */
export type Limits = {
  readonly connectMs: number
  readonly headersMs: number
  /** Longest silence within an answer. */
  readonly bodyMs: number
  /** Longest whole exchange, against an answer that drips for ever. */
  readonly totalMs: number
  readonly bodyBytes: number
}

export const defaultLimits: Limits = {
  connectMs: 3_000,
  headersMs: 10_000,
  bodyMs: 10_000,
  totalMs: 30_000,
  // The session list is not paged: some ten thousand sessions fit.
  bodyBytes: 16 * 1024 * 1024,
}

/** One answer that arrived whole. The request ids make it findable in Autentico's own log. */
export type Exchange = {
  readonly call: string
  readonly status: number
  readonly requestId: string | undefined
}

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query, already encoded. */
  readonly path: string
  /** The call in words, without ids. */
  readonly call: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Whether the request may change something, so that a lost answer leaves the outcome unknown. */
  readonly mayChange: boolean
}

export type Answer = {
  readonly status: number
  /** Media type in lower case, without parameters; empty where none was given. */
  readonly mediaType: string
  readonly retryAfter: string | undefined
  readonly requestId: string | undefined
  readonly text: string
}

export type Transport = AsyncDisposable & {
  /**
   * Sends once, follows no redirect, repeats nothing.
   *
   * @throws AutenticoUnavailable when nothing was sent, or when a mere read got no whole answer.
   * @throws OutcomeUnknown when a request that may change something got no whole answer.
   * @throws UnexpectedAnswer when the answer to a read is larger than the limit.
   */
  send(request: Request): Promise<Answer>
}

/** Connections to one server. `base` is an http(s) URL; its path, if any, comes before every path sent. */
export function openTransport(base: URL, limits: Limits): Transport {
  const prefix = base.pathname.replace(/\/+$/, '')
  const pool = new Pool(base.origin, {
    connect: { timeout: limits.connectMs },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
    connections: 8,
  })

  return {
    async send(request) {
      // A timer that is cleared: AbortSignal.timeout would keep every request's for the whole limit.
      const ending = new AbortController()
      const timer = setTimeout(() => ending.abort(new DOMException('too long', 'TimeoutError')), limits.totalMs)
      try {
        const response = await pool.request({
          method: request.method,
          path: prefix + request.path,
          headers: { accept: 'application/json', ...request.headers },
          body: request.body ?? null,
          signal: ending.signal,
        })
        const text = await readText(response.body, limits.bodyBytes)
        return {
          status: response.statusCode,
          mediaType: mediaType(single(response.headers['content-type'])),
          retryAfter: single(response.headers['retry-after']),
          requestId: single(response.headers['x-request-id'])?.slice(0, 64),
          text,
        }
      } catch (error) {
        throw failureOf(request, error)
      } finally {
        clearTimeout(timer)
      }
    },
    async [Symbol.asyncDispose]() {
      // Whoever closes has waited as long as it wants to; an answer that never comes must not hold up the end.
      await pool.destroy()
    },
  }
}

class TooLarge extends Error {}

async function readText(body: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  await new Promise<void>((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      // Destroying closes the connection, so the rest is never read.
      if (size > limit) body.destroy(new TooLarge())
    })
    body.on('end', resolve)
    body.on('error', reject)
    body.on('close', () => {
      if (!body.readableEnded) reject(new Error('the answer broke off'))
    })
  })
  return Buffer.concat(chunks).toString('utf8')
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1).join('').trim().toLowerCase()
}

function failureOf(request: Request, error: unknown): Error {
  const { call, mayChange } = request
  if (error instanceof TooLarge) {
    return mayChange
      ? new OutcomeUnknown(`The answer to ${call} is larger than the limit, so it was not read. Read the state first.`)
      : new UnexpectedAnswer(`The answer to ${call} is larger than the limit, so it was not read.`)
  }
  const why = code(error)
  if (failedBeforeSending(error)) {
    return new AutenticoUnavailable(`Autentico could not be reached for ${call} (${why}); nothing was sent.`, {
      cause: error,
    })
  }
  return mayChange
    ? new OutcomeUnknown(`No whole answer came to ${call} (${why}); it may or may not have happened.`, { cause: error })
    : new AutenticoUnavailable(`No whole answer came to ${call} (${why}).`, { cause: error })
}

const beforeSending: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

function failedBeforeSending(error: unknown): boolean {
  if (beforeSending.has(code(error))) return true
  if (!(error instanceof Error)) return false
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true
  // A certificate that is not accepted ends the handshake, before any request.
  return /CERT|SELF_SIGNED|^ERR_TLS_|^ERR_SSL_/.test(code(error))
}

function code(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  if (error instanceof Error && error.name === 'TimeoutError') return 'time limit'
  return error instanceof Error ? error.name : 'unknown error'
}
