import type { Client } from './registered-client.ts'

/** Something about a client that a person should look at. */
export type RedFlag = {
  readonly flag: RedFlagName
  /** As it follows the client's name: "takes passwords itself, past the sign-in page". */
  readonly words: string
}

export type RedFlagName =
  | 'not-known'
  | 'changed'
  | 'opens-admin-api'
  | 'opens-account-api'
  | 'takes-passwords'
  | 'needs-no-user'
  | 'device-codes'
  | 'wildcard-redirect'
  | 'allows-signup'

export type Expected = {
  /** Ids that the operator expects. */
  readonly known: readonly string[]
  /** The client that the bot signs in through. */
  readonly own: string | undefined
  /** As discovery has it. */
  readonly issuer: string
}

/**
 * What is out of the ordinary about a client. Being expected takes away only `not-known`: an attacker may have changed a client
 * that was there before. The bot's own needs passwords and the admin API, so that is not held against it.
 */
export function redFlags(client: Client, { known, own, issuer }: Expected): readonly RedFlag[] {
  const isOwn = client.id === own
  const seeded = seededCallback(client.id)
  const found: readonly (readonly [RedFlagName, boolean])[] = [
    ['not-known', !isOwn && seeded === undefined && !known.includes(client.id)],
    ['changed', seeded !== undefined && isChanged(client, seeded, issuer)],
    ['opens-admin-api', !isOwn && client.audiences.includes('autentico-admin')],
    ['opens-account-api', client.audiences.includes('autentico-account')],
    ['takes-passwords', !isOwn && client.grantTypes.includes('password')],
    ['needs-no-user', client.grantTypes.includes('client_credentials')],
    ['device-codes', client.grantTypes.includes('urn:ietf:params:oauth:grant-type:device_code')],
    ['wildcard-redirect', client.redirectUris.some((uri) => uri.includes('*'))],
    ['allows-signup', client.allowsSignup === true],
  ]
  return found.filter(([, is]) => is).map(([flag]) => ({ flag, words: words[flag] }))
}

const words: Readonly<Record<RedFlagName, string>> = {
  'not-known': 'neither one that Autentico comes with, nor in KNOWN_CLIENTS',
  changed: 'comes with Autentico, and its redirect addresses or grants have been changed',
  'opens-admin-api': 'its tokens open the admin API (allowed_audiences has autentico-admin)',
  'opens-account-api': 'its tokens open people’s own account pages (allowed_audiences has autentico-account)',
  'takes-passwords': 'takes passwords itself, past the sign-in page (grant password)',
  'needs-no-user': 'gets tokens without any user, which revoking sessions does not reach (grant client_credentials)',
  'device-codes': 'signs devices in by a code that somebody else approves, which suits phishing (grant device_code)',
  'wildcard-redirect': 'sends codes to addresses that nobody has listed: a redirect address has a wildcard',
  'allows-signup': 'lets strangers sign up, whatever the setting says (allow_self_signup)',
}

function seededCallback(id: string): string | undefined {
  if (id === 'autentico-admin') return '/admin/callback'
  return id === 'autentico-account' ? '/account/callback' : undefined
}

/** Passwords have a flag of their own; an operator may have allowed them when Autentico was set up. */
const seededGrants = new Set(['authorization_code', 'refresh_token', 'password'])

function isChanged(client: Client, callback: string, issuer: string): boolean {
  const [uri, another] = client.redirectUris
  // The issuer is the base address with the OAuth path behind it, and that may have any number of segments.
  const base = uri?.endsWith(callback) === true ? uri.slice(0, -callback.length) : undefined
  const isHome = base !== undefined && issuer.startsWith(`${base}/`) && base.startsWith(new URL(issuer).origin)
  return !isHome || another !== undefined || client.grantTypes.some((grant) => !seededGrants.has(grant))
}
