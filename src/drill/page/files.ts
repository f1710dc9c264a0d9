import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { findPackageJSON, stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { guards } from './requests.ts'

/** A file as a browser gets it. */
export type Served = {
  readonly type: string
  readonly body: string
  readonly etag: string
  /** The content security policy, on the page itself. */
  readonly policy?: string
}

/** The files of the page. Each is read again when it has changed. */
export type Files = {
  readonly index: () => Served
  readonly icon: () => Served
  /**
   * What stands at a path below `/app/`: the modules of the browser with their types stripped, styles, and lit-html. Undefined for anything
   * else; a file that cannot be stripped throws.
   */
  readonly find: (path: string) => Served | undefined
}

const drill = join(import.meta.dirname, '..')
const types: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
}

/** No name has a dot but before its ending: none leads out of its folder, and no test is given out. */
const ours = /^page\/browser\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(?:ts|css)$/
const litHtml = /^lit-html\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.js(?:\.map)?$/
/** What the browser's modules import from outside their folder. */
const beside = new Set(['page/wire.ts', 'slack/json.ts'])

export function pageFiles(): Files {
  const kept = new Map<string, { readonly version: string; readonly served: Served }>()
  const manifest = findPackageJSON('lit-html', import.meta.url)
  if (manifest === undefined) throw new Error('lit-html is not installed: run npm install')
  const folder = dirname(manifest)

  function read(file: string): Served | undefined {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    const version = `${stat.mtimeMs} ${stat.size}`
    const known = kept.get(file)
    if (known?.version === version) return known.served
    const served = serve(file)
    kept.set(file, { version, served })
    return served
  }

  return {
    index: () => {
      const served = read(join(drill, 'page/browser/index.html'))
      if (served === undefined)
        throw new Error('src/drill/page/browser/index.html is not there: check out the project again')
      return served
    },
    icon: () => icon,
    find: (path) => {
      if (litHtml.test(path)) return read(join(folder, path.slice('lit-html/'.length)))
      return ours.test(path) || beside.has(path) ? read(join(drill, path)) : undefined
    },
  }
}

/** Gives a file out, or says that the browser's copy is still good. */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { type, body, etag, policy }: Served,
): void {
  const headers = {
    'content-type': type,
    // The browser keeps it, and asks each time whether it is still the same.
    'cache-control': 'no-cache',
    etag,
    ...guards,
    ...(policy !== undefined && { 'content-security-policy': policy, 'cross-origin-opener-policy': 'same-origin' }),
  }
  const kept = (request.headers['if-none-match'] ?? '').split(',').map((each) => each.trim())
  if (kept.includes(etag)) response.writeHead(304, headers).end()
  else response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

function serve(file: string): Served {
  const text = readFileSync(file, 'utf8')
  const ending = extname(file)
  const body = ending === '.ts' ? stripTypeScriptTypes(text) : text
  return {
    type: types[ending] ?? 'application/octet-stream',
    body,
    etag: `"${digest(body)}"`,
    ...(ending === '.html' && { policy: policyFor(text) }),
  }
}

/** Nothing from elsewhere, nothing inline but the import map, and markup made of text by lit-html alone. */
function policyFor(html: string): string {
  const importMap = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${digest(importMap)}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#4a154b"/>' +
  '<path d="M8 2.5 12.5 4v4c0 3-2 4.7-4.5 5.5-2.5-.8-4.5-2.5-4.5-5.5V4Z" fill="#fff"/></svg>'
const icon: Served = { type: 'image/svg+xml', body: drawing, etag: `"${digest(drawing)}"` }
