import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { findPackageJSON, stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'

/** A file as a browser gets it. */
export type Served = { readonly type: string; readonly body: string; readonly etag: string }

/** The files of the page: modules with their types stripped, styles, and lit-html. */
export type Files = {
  /** The page itself, with the hash that its policy names the import map by. */
  readonly index: () => Served & { readonly importMapHash: string }
  /** What stands at a path under `/app/`; undefined where nothing is given out. */
  readonly find: (path: string) => Served | undefined
}

const source = join(import.meta.dirname, '..')
const types: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
}

/**
 * Names have no dot but the one before the ending, so that none leads out of its folder and no test is given out.
 */
const plainName = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*\.(?:ts|css|js)$/
/** What the browser's modules import from beside their folder. */
const beside = new Set(['page/wire.ts', 'slack/json.ts'])

export function pageFiles(): Files {
  const kept = new Map<string, { readonly at: number; readonly served: Served }>()
  const manifest = findPackageJSON('lit-html', import.meta.url)
  if (manifest === undefined) throw new Error('lit-html is not installed: run npm install')
  const litHtml = dirname(manifest)

  function read(file: string): Served | undefined {
    const at = statSync(file, { throwIfNoEntry: false })?.mtimeMs
    if (at === undefined) return undefined
    const known = kept.get(file)
    if (known?.at === at) return known.served
    const served = serve(file)
    kept.set(file, { at, served })
    return served
  }

  return {
    index: () => {
      const served = read(join(import.meta.dirname, 'browser/index.html')) ?? placeholder
      return { ...served, importMapHash: hashOfImportMap(served.body) }
    },
    find: (path) => {
      if (!plainName.test(path)) return undefined
      if (path.startsWith('lit-html/')) return read(join(litHtml, path.slice('lit-html/'.length)))
      return path.startsWith('page/browser/') || beside.has(path) ? read(join(source, path)) : undefined
    },
  }
}

function serve(file: string): Served {
  const text = readFileSync(file, 'utf8')
  const ending = extname(file)
  const body = ending === '.ts' ? stripTypeScriptTypes(text) : text
  return { type: types[ending] ?? 'text/plain', body, etag: `"${digest(body)}"` }
}

const placeholder: Served = {
  type: 'text/html; charset=utf-8',
  etag: '"placeholder"',
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drill</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<script type="importmap">{"imports":{"lit-html":"/app/lit-html/lit-html.js","lit-html/":"/app/lit-html/"}}</script>
<script type="module" src="/app/page/browser/main.ts"></script></head><body></body></html>`,
}

/** The only script that stands in the page itself. */
function hashOfImportMap(html: string): string {
  const inline = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
  return `sha256-${digest(inline)}`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
