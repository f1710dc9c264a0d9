import { caddyImport } from './caddy.ts'
import { nginxInclude } from './nginx.ts'
import type { Rendered } from './rendered.ts'
import type { Site } from './site.ts'

/** What a person does with the rendered files where the bot may not touch the proxy, one sentence or two a step, in order. */
export function byHand({ kind, files, limitsRequests }: Rendered, site: Site): readonly string[] {
  const paths = files.map(({ path }) => path).join(' and ')
  const lines = { nginx: nginxLines, caddy: caddyLines, traefik: traefikLines }[kind](site)
  return [
    `On the machine of the proxy, keep copies of ${paths} if they are there, then save the rendered ${files.length === 1 ? 'file' : 'files'} as ${paths}.`,
    ...lines,
    'Then have this bot check it: it asks the proxy, and says what it could prove.',
    `To take it back, put the copies back or remove ${paths}, and reload.`,
    `The list counts for whoever comes through the proxy. See that a firewall keeps everybody else from Autentico itself (${site.upstream}).`,
    ...(limitsRequests ? [] : [withoutLimit]),
  ]
}

const withoutLimit =
  'This file does not limit requests: Caddy needs a module for that, and whether yours has it is not known. With it (caddy list-modules shows http.handlers.rate_limit) set PROXY_TEST_COMMAND and render again.'

function nginxLines({ configPath, host }: Site): readonly string[] {
  return [
    `Once: see that nginx.conf includes ${configPath} in its http block, and put this line into the server block of ${host}:  ${nginxInclude(configPath)}`,
    'Check it:  sudo nginx -t',
    'Only if that says it is successful, load it:  sudo nginx -s reload',
  ]
}

function caddyLines({ configPath, host }: Site): readonly string[] {
  return [
    `Once: make this the first line in the block of ${host}:  ${caddyImport(configPath)}`,
    'Check it:  caddy validate --config /etc/caddy/Caddyfile',
    'Only if that says it is valid, load it:  sudo systemctl reload caddy',
  ]
}

function traefikLines({ configPath }: Site): readonly string[] {
  const folder = configPath.replace(/\/[^/]*$/, '')
  return [
    `Once: let providers.file.directory in Traefik's static configuration name ${folder}, with watch: true, and restart Traefik.`,
    'Traefik reads the file at once. What it does not understand it reports in its log, and goes on as before.',
  ]
}
