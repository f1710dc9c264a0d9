import { createHash } from 'node:crypto'
import { renderCaddy } from './caddy.ts'
import { renderNginx } from './nginx.ts'
import type { ProxyKind, Rendered, RenderedFile, Rendering, Wish } from './rendered.ts'
import { renderTraefik } from './traefik.ts'

/** Renders the limits and the allow-list for a proxy. */
export function render(wish: Wish): Rendered {
  const limitsRequests = wish.kind !== 'caddy' || wish.caddyLimits === true
  const withMark = (mark: string) => renderers[wish.kind]({ ...wish, mark, limitsRequests })
  const mark = createHash('sha256')
    .update(JSON.stringify(withMark('')))
    .digest('hex')
    .slice(0, 16)
  return { kind: wish.kind, files: withMark(mark), mark, limitsRequests }
}

const renderers: Readonly<Record<ProxyKind, (rendering: Rendering) => readonly RenderedFile[]>> = {
  nginx: renderNginx,
  caddy: renderCaddy,
  traefik: renderTraefik,
}
