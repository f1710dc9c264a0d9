import { stringify } from 'yaml'
import { written } from './networks.ts'
import { adminPaths, limitedPaths, markHeader, markPath, type RenderedFile, type Rendering } from './rendered.ts'

/** One dynamic configuration file for Traefik 3. Traefik reads it as soon as it lies there. */
export function renderTraefik({ site, mark, limits }: Rendering): readonly RenderedFile[] {
  const router = (rule: string, priority: number, middleware: string) => ({
    rule: `Host(\`${site.host}\`) && (${rule})`,
    priority,
    middlewares: [middleware],
    service: 'autentico-responder',
    ...(site.url.startsWith('https:') ? { tls: {} } : {}),
  })
  const [admin, limited] = [adminPaths(site), limitedPaths(site)].map((paths) => paths.map(under).join(' || '))
  const dynamic = {
    http: {
      routers: {
        // Above every router that somebody gave a priority by its own judgement, the narrow ones above the wide one.
        'autentico-responder-mark': router(`Path(\`${markPath}\`)`, 1_000_003, 'autentico-responder-mark'),
        'autentico-responder-admin': router(admin ?? '', 1_000_002, 'autentico-responder-admin'),
        'autentico-responder-limit': router(limited ?? '', 1_000_001, 'autentico-responder-limit'),
      },
      middlewares: {
        'autentico-responder-mark': { headers: { customResponseHeaders: { [markHeader]: mark } } },
        'autentico-responder-admin': { ipAllowList: { sourceRange: rangesOf(limits.allowed.map(written)) } },
        'autentico-responder-limit': {
          rateLimit: {
            average: limits.rate.requests,
            period: limits.rate.per === 'second' ? '1s' : '1m',
            burst: limits.burst,
          },
        },
      },
      services: { 'autentico-responder': { loadBalancer: { servers: [{ url: site.upstream }] } } },
    },
  }
  return [{ path: site.configPath, text: `${head}${stringify(dynamic, { lineWidth: 0 })}` }]
}

const head = `# Written by Autentico Responder; changes by hand are lost.
# Lies in the folder that Traefik's static configuration names, which is all it needs. Once, by hand:
#
#     providers:
#       file:
#         directory: /etc/traefik/dynamic
#         watch: true
#
# Clients are told apart by the address they connect from. What they say in X-Forwarded-For is thrown away by Traefik itself,
# unless the entry point's forwardedHeaders trusts them.

`

function under(path: string): string {
  return `Path(\`${path}\`) || PathPrefix(\`${path}/\`)`
}

/** An empty list is an error to Traefik. This address is nobody's: it may not be used as a source. */
function rangesOf(networks: readonly string[]): readonly string[] {
  return networks.length === 0 ? ['0.0.0.0/32'] : networks
}
