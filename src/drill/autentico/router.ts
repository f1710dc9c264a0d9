import { type Call, html, type Reply, redirect, text } from './wire.ts'

export type Handler = (call: Call) => Reply
/** Method ('' means any), pattern with `{name}` segments, handler. */
export type Route = readonly [method: string, pattern: string, handler: Handler]

/**
 * Answers the way Autentico's request multiplexer does. What no route takes for that method is given to the page of the
 * admin or the account interface when it lies below their path: 200 and HTML, without any authentication. Elsewhere it
 * is a plain 404, never a 405.
 */
export function dispatch(routes: readonly Route[], call: Omit<Call, 'param'>): Reply {
  const clean = cleanPath(call.path)
  if (clean !== call.path) return redirect(clean, {}, 307)

  const method = call.method === 'HEAD' ? 'GET' : call.method
  for (const [wanted, pattern, handler] of routes) {
    if (wanted !== '' && wanted !== method) continue
    const params = match(pattern, call.path)
    if (params !== undefined) return handler({ ...call, param: (name) => params.get(name) ?? '' })
  }
  return fallThrough(call.path)
}

/** The single-page application that answers below /admin/ and /account/. */
export function fallThrough(path: string): Reply {
  if (path === '/') return redirect('/account/')
  if (path === '/admin' || path === '/account') return redirect(`${path}/`, {}, 307)
  if (path.startsWith('/admin/')) return page('Autentico Admin')
  if (path.startsWith('/account/')) return page('Autentico Account')
  return text(404, '404 page not found')
}

function page(title: string): Reply {
  const body = `<!doctype html>\n<html lang="en"><head><title>${title}</title></head><body><div id="root"></div></body></html>\n`
  return html(200, body, { 'Cache-Control': 'no-cache' })
}

function cleanPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(segment)
  }
  const joined = `/${segments.join('/')}`
  return path.endsWith('/') && joined !== '/' ? `${joined}/` : joined
}

function match(pattern: string, path: string): ReadonlyMap<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params = new Map<string, string>()
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? ''
    if (segment.startsWith('{')) {
      if (value === '') return undefined
      params.set(segment.slice(1, -1), decodeSegment(value))
    } else if (segment !== value) return undefined
  }
  return params
}

function decodeSegment(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
