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

/**
 * Two files, because nginx wants the counter in `http` and its use in `server`. The first stands alone; the second needs
 * the first, so it comes last and goes first.
 */
export function renderNginx(rendering: Rendering): readonly RenderedFile[] {
  const path = rendering.site.configPath
  const second = locationsPath(path)
  return [
    { path, text: inHttp(rendering, second) },
    { path: second, text: inServer(rendering, path) },
  ]
}

/** The line that a person puts once into the server block. */
export function nginxInclude(path: string): string {
  return `include ${asPattern(locationsPath(path))};`
}

function locationsPath(path: string): string {
  return `${path.replace(/\.conf$/, '')}.locations`
}

function inHttp({ site: { configPath: path }, limits: { rate } }: Rendering, second: string): string {
  return `# Written by Autentico Responder; changes by hand are lost. Part 1 of 2: counts the requests of each client.
# Stands in the http block, where Debian's nginx.conf includes /etc/nginx/conf.d/*.conf by itself.
# Part 2 is ${second}. Once, by hand, into the server block of Autentico:
#
#     ${nginxInclude(path)}
#
# Clients are told apart by the address they connect from. Behind another proxy or a CDN that is its address, and one limit
# would hit everybody: there, set_real_ip_from and real_ip_header have to be set first.

# Of IPv6 the network counts (/64): a client has as many addresses in it as it likes.
map $binary_remote_addr $autentico_responder_client {
    default $binary_remote_addr;
    "~(?s)^(?<autentico_responder_network>.{8}).{8}$" $autentico_responder_network;
}

limit_req_zone $autentico_responder_client zone=autentico_responder:10m rate=${rate.requests}r/${rate.per === 'second' ? 's' : 'm'};
`
}

function inServer(rendering: Rendering, first: string): string {
  const { mark, limits, site } = rendering
  const [admin, register] = adminPaths(site)
  const limited = limitedPaths(site).map((path) => location(`^~ ${path}/`, limit(limits.burst), site.upstream))
  const guarded = [`^~ ${admin}/`, `^~ ${register}`].map((match) => location(match, allow(rendering), site.upstream))
  return `# Written by Autentico Responder; changes by hand are lost. Part 2 of 2: limits requests, keeps others from the admin API.
# Part 1 is ${first}. Stands in the server block of Autentico, by the line:
#
#     ${nginxInclude(first)}
#
# That block keeps its own "location /". It may have none for ${[...limitedPaths(site), admin].map((path) => `${path}/`).join(', ')}: nginx refuses two of the same.

# Tells whoever asks that nginx has read this file.
location = ${markPath} {
    add_header ${markHeader} "${mark}" always;
    return 204;
}

${[...limited, ...guarded].join('\n')}`
}

function location(match: string, lines: readonly string[], upstream: string): string {
  return `location ${match} {
${lines.map((line) => `    ${line}`).join('\n')}
    proxy_pass ${upstream};
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    # Overwritten, not appended to: Autentico believes the first address in it, which else would be the client's own words.
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
}
`
}

/** nginx counts the burst without the request that the rate itself allows. */
function limit(burst: number): readonly string[] {
  return [`limit_req zone=autentico_responder burst=${burst - 1} nodelay;`, 'limit_req_status 429;']
}

function allow({ limits }: Rendering): readonly string[] {
  return ['satisfy all;', ...limits.allowed.map((network) => `allow ${written(network)};`), 'deny all;']
}
