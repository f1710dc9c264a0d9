import { rateOf } from './limits.ts'
import { written } from './networks.ts'
import {
  adminPaths,
  asPattern,
  limitedPaths,
  markHeader,
  markPath,
  type RenderedFile,
  type Rendering,
} from './rendered.ts'

/** One file for inside the site's block. The limit is there only where the Caddy in use has the module. */
export function renderCaddy(rendering: Rendering): readonly RenderedFile[] {
  const { site, mark, limits } = rendering
  const guarded = adminPaths(site).flatMap((one) => [one, `${one}/*`])
  const allowed = limits.allowed.length === 0 ? '' : `\n\t\tnot remote_ip ${limits.allowed.map(written).join(' ')}`
  const text = `# Written by Autentico Responder; changes by hand are lost.
# Stands at the beginning of the site's block. Once, by hand:
#
#     ${site.host} {
#         ${caddyImport(site.configPath)}
#         reverse_proxy …
#     }
#
# A site that uses "handle" puts the import and everything after it into one "route { }": Caddy sorts its handlers, and would run
# them before this. What clients say in X-Forwarded-For is thrown away by Caddy itself, unless trusted_proxies is set.

route {
	# Tells whoever asks that Caddy has read this file.
	@autentico_responder_mark path ${markPath}
	header @autentico_responder_mark ${markHeader} "${mark}"
	respond @autentico_responder_mark 204

	@autentico_responder_admin {
		path ${guarded.join(' ')}${allowed}
	}
	respond @autentico_responder_admin 403

${rendering.limitsRequests ? limit(rendering) : without}}
`
  return [{ path: site.configPath, text }]
}

/** The line that a person puts once into the site's block. */
export function caddyImport(path: string): string {
  return `import ${asPattern(path)}`
}

const without = `	# Requests are not limited: this Caddy has no module for it (http.handlers.rate_limit).
`

/** The module counts events in a sliding window. So many in so long a one allow the burst at once, and the rate over time. */
function limit({ site, limits }: Rendering): string {
  const windowMs = Math.ceil((limits.burst / rateOf(limits)) * 1_000)
  return `	rate_limit {
		zone autentico_responder {
			match {
				path ${limitedPaths(site)
          .map((path) => `${path}/*`)
          .join(' ')}
			}
			key {remote_host}
			window ${windowMs}ms
			events ${limits.burst}
		}
	}
`
}
