import type { IncomingHttpHeaders } from 'node:http'

/** One request as the handlers see it. */
export type Call = {
  readonly method: string
  /** Decoded path, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Body fields of a form first, then the fields of the query. */
  readonly form: URLSearchParams
  readonly body: string
  readonly headers: IncomingHttpHeaders
  readonly cookies: ReadonlyMap<string, string>
  /** First element of X-Forwarded-For where there is one: unauthenticated, as in the original. */
  readonly ip: string
  readonly userAgent: string
  /** Named path segments; an absent one reads as ''. */
  readonly param: (name: string) => string
}

export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string
}

/** Autentico's JSON encoder escapes what could end a script element, and ends every document with a newline. */
function encode(value: unknown): string {
  const text = JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
  return `${text}\n`
}

/** A document without an envelope. */
export function raw(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: encode(value) }
}

export function data(status: number, value: unknown): Reply {
  return raw(status, { data: value })
}

export function list(items: readonly unknown[], total: number): Reply {
  return data(200, { items, total })
}

export function nothing(): Reply {
  return { status: 204, headers: {}, body: '' }
}

/** The usual error: two strings at the top level, an empty one left out. */
export function refuse(status: number, error: string, description: string, headers: Reply['headers'] = {}): Reply {
  const body: Record<string, string> = {}
  if (error !== '') body['error'] = error
  if (description !== '') body['error_description'] = description
  return raw(status, body, headers)
}

/** The other error, used only for date filters that cannot be read. */
export function refuseFilter(message: string): Reply {
  return raw(400, { data: null, error: { message, code: 400 } })
}

/** 401 with the challenge that RFC 6750 section 3 asks for; without an error code nothing but the realm is named. */
export function refuseBearer(realm: string, error: string, description: string): Reply {
  const details = error === '' ? '' : `, error="${error}", error_description="${description}"`
  return refuse(401, error, description, { 'WWW-Authenticate': `Bearer realm="${realm}"${details}` })
}

export function html(status: number, body: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers }, body }
}

export function text(status: number, body: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `${body}\n` }
}

export function redirect(to: string, headers: Reply['headers'] = {}, status = 302): Reply {
  return { status, headers: { Location: to, ...headers }, body: '' }
}

/** Text for an HTML page. */
export function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;')
    .replaceAll('+', '&#43;')
}
