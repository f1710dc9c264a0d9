import { createHash } from 'node:crypto'
import { renderCaddy } from './caddy.ts'
import type { Limits } from './limits.ts'
import { renderNginx } from './nginx.ts'
import type { Site } from './site.ts'
import { renderTraefik } from './traefik.ts'

export const proxyKinds = ['nginx', 'caddy', 'traefik'] as const
export type ProxyKind = (typeof proxyKinds)[number]

export type RenderedFile = { readonly path: string; readonly text: string }

/** What a proxy is to read. Depends on nothing but the wish: the same wish gives the same bytes. */
export type Rendered = {
  readonly kind: ProxyKind
  /** Put in place in this order and taken away in the reverse one, the proxy never meets half of them that it could not read. */
  readonly files: readonly RenderedFile[]
  /** A digest of the files. A proxy that has read them answers with it at {@link markPath}, which is how others know. */
  readonly mark: string
  /** Whether the files limit requests: not where the Caddy in use has no module for it. */
  readonly limitsRequests: boolean
}

export type Wish = {
  readonly kind: ProxyKind
  readonly limits: Limits
  readonly site: Site
  /** Whether the Caddy in use has the module `http.handlers.rate_limit`; see `caddyLimits`. Others need no such thing. */
  readonly caddyLimits?: boolean
}

/** One header on one path that nobody else uses. */
export const markPath = '/.well-known/autentico-responder'
export const markHeader = 'X-Autentico-Responder'

/** Renders the limits and the allow-list for a proxy. Every value in `wish` was read by `readLimits` or `readSite`. */
export function render(wish: Wish): Rendered {
  const limitsRequests = wish.kind !== 'caddy' || wish.caddyLimits === true
  const withMark = (mark: string) => renderers[wish.kind]({ ...wish, mark, limitsRequests })
  const mark = createHash('sha256')
    .update(JSON.stringify(withMark('')))
    .digest('hex')
    .slice(0, 16)
  return { kind: wish.kind, files: withMark(mark), mark, limitsRequests }
}

/** What a renderer of one kind of proxy is given. */
export type Rendering = Wish & { readonly mark: string; readonly limitsRequests: boolean }

/** Where what only administrators may reach begins; the second also registers clients. */
export function adminPaths({ oauthPath }: Site): readonly [string, string] {
  return ['/admin', `${oauthPath}/register`]
}

/** Where what is limited begins: what anybody may call without having signed in, and the pages of the account. */
export function limitedPaths({ oauthPath }: Site): readonly [string, string] {
  return [oauthPath, '/account']
}

/** The path as a pattern that only it matches: both nginx and Caddy start when a pattern finds nothing, and not without a file. */
export function asPattern(path: string): string {
  return path.replace(/[^/]+$/, '*$&')
}

const renderers: Readonly<Record<ProxyKind, (rendering: Rendering) => readonly RenderedFile[]>> = {
  nginx: renderNginx,
  caddy: renderCaddy,
  traefik: renderTraefik,
}
