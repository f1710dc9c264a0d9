import { z } from 'zod'
import { quoted } from './networks.ts'

/** Where Autentico is, seen from outside and from the proxy. Comes from the worker's configuration and Autentico itself, never from chat. */
export type Site = {
  /** Where people reach Autentico through the proxy, such as `https://id.example.org`. No path, no trailing slash. */
  readonly url: string
  /** The name in `url`, without a port. */
  readonly host: string
  /** Where the proxy reaches Autentico, such as `http://127.0.0.1:9999`. */
  readonly upstream: string
  /** AUTENTICO_APP_OAUTH_PATH, such as `/oauth2`: begins with a slash and does not end with one. */
  readonly oauthPath: string
  /** PROXY_CONFIG_PATH: the file of ours that the proxy's configuration includes. */
  readonly configPath: string
}

export type ReadSite =
  | { readonly kind: 'site'; readonly site: Site }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] }

/** Reads the addresses. What is accepted holds no character that means anything to a proxy's configuration. */
export function readSite(given: {
  readonly url: string
  readonly upstream: string
  readonly oauthPath: string
  readonly configPath: string
}): ReadSite {
  const read = schema.safeParse(given)
  if (!read.success) return { kind: 'unusable', problems: read.error.issues.map(({ message }) => message) }
  const { url, upstream, ...rest } = read.data
  return { kind: 'site', site: { url: url.origin, host: url.hostname, upstream: upstream.origin, ...rest } }
}

/** What belongs to Autentico's own pages; the OAuth path may not lie there. */
const taken = ['/admin', '/account', '/healthz', '/.well-known']

const schema = z.object({
  url: address('The address of Autentico for people'),
  upstream: address('The address of Autentico for the proxy'),
  oauthPath: z.string().transform((text, context) => {
    const path = text.replace(/\/$/, '')
    const plain = /^(?:\/[a-z0-9_-][a-z0-9._-]*)+$/i.test(path) && path.length <= 100
    if (plain && !taken.some((one) => path === one || path.startsWith(`${one}/`))) return path
    context.addIssue({
      code: 'custom',
      message: `The OAuth path is one like /oauth2, not ${quoted(text)}. It is the end of the issuer that Autentico's discovery document names.`,
    })
    return z.NEVER
  }),
  configPath: z.string().regex(/^(?:\/[\w@+-][\w@+.-]*)+$/, {
    message:
      'PROXY_CONFIG_PATH is the whole path of a file, such as /etc/nginx/conf.d/autentico-responder.conf, without spaces.',
  }),
})

function address(what: string) {
  return z.string().transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url !== undefined && isPlain(url)) return url
    context.addIssue({
      code: 'custom',
      message: `${what} is http:// or https://, a name and maybe a port, nothing more: not ${quoted(text)}.`,
    })
    return z.NEVER
  })
}

function isPlain({ protocol, hostname, pathname, search, hash, username, password }: URL): boolean {
  return (
    /^https?:$/.test(protocol) &&
    /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/.test(hostname) &&
    `${pathname}${search}${hash}${username}${password}` === '/'
  )
}
