import type { Limits } from './limits.ts'
import type { Site } from './site.ts'

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

/** What to render; every value was read by `readLimits` or `readSite`. */
export type Wish = {
  readonly kind: ProxyKind
  readonly limits: Limits
  readonly site: Site
  /** Whether the Caddy in use has the module `http.handlers.rate_limit`; see `caddyLimits`. Others need no such thing. */
  readonly caddyLimits?: boolean
}

/** What a renderer of one kind of proxy is given. */
export type Rendering = Wish & { readonly mark: string; readonly limitsRequests: boolean }

/** One header on one path that nobody else uses. */
export const markPath = '/.well-known/autentico-responder'
export const markHeader = 'X-Autentico-Responder'

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
