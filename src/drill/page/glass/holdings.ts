import type Database from 'better-sqlite3'
import { readTime } from '../../autentico/time.ts'
import type { Holding } from '../wire.ts'

/** One kind of thing that opens a door: how many do so now, and a line for each. A line never holds what opens it. */
export type Held = Omit<Holding, 'ever'>

/** The password's row, judged by those who know more of it than its hash. */
export type PasswordHeld = { readonly opens: boolean; readonly words: string }

/** At most so many lines for each kind. */
const mostLines = 10
const longestLine = 80

/**
 * Everything in Autentico's database that opens a door for one account at this moment, in a fixed order. What counts as open is what
 * Autentico itself looks at: a session until it is ended, even after its access token has expired; a token until it is revoked or its
 * refresh token expires; a code or link while it is unused and unexpired.
 */
export function readHoldings(
  db: Database.Database,
  { userId, now, password }: { readonly userId: string; readonly now: Date; readonly password: PasswordHeld },
): readonly Held[] {
  const look: Look = {
    now,
    rows: <Row>(sql: string) => db.prepare<[string], Row>(sql).all(userId),
  }
  return [
    held('sessions', 'Sessions', sessions(look)),
    held('sso', 'Single sign-on sessions', browserLogins(look)),
    held('tokens', 'Tokens', tokens(look)),
    { ...held('password', 'Password', [password.words]), live: password.opens ? 1 : 0 },
    held('authenticator', 'Authenticator', authenticator(look)),
    held('passkeys', 'Passkeys', passkeys(look)),
    held('devices', 'Trusted devices', devices(look)),
    held('codes', 'Codes', codes(look)),
    held('logins', 'Half-finished logins', challenges(look)),
    held('links', 'Links by e-mail', links(look)),
    held('linked', 'Linked accounts', linkedAccounts(look)),
  ]
}

/** A moment of the day, with the day when it is another one: `03:17 UTC`, `2026-11-20 03:17 UTC`. */
export function momentWords(at: Date, now: Date): string {
  const [day = '', clock = ''] = at.toISOString().split('T')
  const minute = `${clock.slice(0, 5)} UTC`
  return now.toISOString().startsWith(day) ? minute : `${day} ${minute}`
}

type Look = { readonly now: Date; readonly rows: <Row>(sql: string) => readonly Row[] }

function held(kind: string, label: string, lines: readonly string[]): Held {
  return { kind, label, live: lines.length, lines: linesOf(lines) }
}

/** The first of them, each cut to what there is room for. */
export function linesOf(lines: readonly string[]): readonly string[] {
  return lines
    .slice(0, mostLines)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line))
}

type Visit = { readonly user_agent: string | null; readonly ip_address: string | null; readonly created_at: string }

function sessions({ rows, now }: Look): readonly string[] {
  return rows<Visit>(
    'SELECT user_agent, ip_address, created_at FROM sessions WHERE user_id = ? AND deactivated_at IS NULL ORDER BY created_at',
  ).map((visit) => visitWords(visit, now))
}

function browserLogins({ rows, now }: Look): readonly string[] {
  return rows<Visit>(
    'SELECT user_agent, ip_address, created_at FROM idp_sessions WHERE user_id = ? AND deactivated_at IS NULL ORDER BY created_at',
  ).map((visit) => visitWords(visit, now))
}

function visitWords({ user_agent, ip_address, created_at }: Visit, now: Date): string {
  const since = readTime(created_at)
  const words = [browserWords(user_agent ?? ''), ip_address ?? '']
  if (since !== undefined) words.push(`since ${momentWords(since, now)}`)
  return words.filter((word) => word !== '').join(' · ')
}

/** Enough of a user agent to tell one from another. */
export function browserWords(userAgent: string): string {
  const found = (names: readonly (readonly [RegExp, string])[]) => names.find(([sign]) => sign.test(userAgent))?.[1]
  const browser = found([
    [/Firefox\//, 'Firefox'],
    [/Edg\//, 'Edge'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ])
  const system = found([
    [/iPhone|iPad/, 'iPhone'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/Macintosh/, 'macOS'],
    [/Linux/, 'Linux'],
  ])
  if (browser === undefined) return userAgent.slice(0, 30)
  return system === undefined ? browser : `${browser} on ${system}`
}

type Token = {
  readonly grant_type: string
  readonly issued_at: string
  readonly access_token_expires_at: string
  readonly refresh_token_expires_at: string
}

/** A token whose session was ended opens nothing, even where nobody revoked the token itself. */
function tokens({ rows, now }: Look): readonly string[] {
  return rows<Token>(
    `SELECT grant_type, issued_at, access_token_expires_at, refresh_token_expires_at FROM tokens
     WHERE user_id = ? AND revoked_at IS NULL AND NOT EXISTS (
       SELECT 1 FROM sessions WHERE sessions.access_token = tokens.access_token AND deactivated_at IS NOT NULL)
     ORDER BY issued_at`,
  )
    .filter(
      ({ access_token_expires_at: access, refresh_token_expires_at: refresh }) =>
        !isPast(access, now) || !isPast(refresh, now),
    )
    .map(({ grant_type, issued_at, access_token_expires_at }) => {
      const dies = readTime(access_token_expires_at)
      const access = dies === undefined ? '' : ` · access until ${momentWords(dies, now)}`
      const issued = readTime(issued_at)
      return `by ${grantWords(grant_type)}${issued === undefined ? '' : ` at ${momentWords(issued, now)}`}${access}`
    })
}

function grantWords(grant: string): string {
  return (grant.split(':').at(-1) ?? grant).replaceAll('_', ' ')
}

type Factor = { readonly totp_secret: string; readonly totp_verified: number | null }

function authenticator({ rows }: Look): readonly string[] {
  return rows<Factor>('SELECT totp_secret, totp_verified FROM users WHERE id = ?').flatMap(
    ({ totp_secret, totp_verified }) => {
      if (totp_secret === '') return []
      return totp_verified === 1 ? ['on, with a secret'] : ['off, but its secret is kept and can be armed again']
    },
  )
}

type Passkey = { readonly name: string; readonly created_at: string }

function passkeys({ rows, now }: Look): readonly string[] {
  return rows<Passkey>(
    'SELECT name, created_at FROM passkey_credentials WHERE user_id = ? ORDER BY created_at, rowid',
  ).map(({ name, created_at }) => {
    const since = readTime(created_at)
    return `${name === '' ? 'without a name' : name}${since === undefined ? '' : ` · since ${momentWords(since, now)}`}`
  })
}

type Expiring = { readonly name: string; readonly expires_at: string }

function devices(look: Look): readonly string[] {
  return unexpired(
    look,
    'SELECT device_name AS name, expires_at FROM trusted_devices WHERE user_id = ? ORDER BY created_at, expires_at',
    (name) => (name === '' ? 'a device' : browserWords(name)),
  )
}

function codes(look: Look): readonly string[] {
  return [
    ...unexpired(
      look,
      `SELECT client_id AS name, expires_at FROM auth_codes WHERE user_id = ? AND COALESCE(used, 0) = 0 ORDER BY created_at`,
      () => 'authorization code',
    ),
    ...unexpired(
      look,
      `SELECT status AS name, expires_at FROM device_codes WHERE user_id = ? AND status = 'authorized' ORDER BY created_at`,
      () => 'device code, agreed to',
    ),
  ]
}

/** Autentico takes no answer after the fifth wrong one. */
function challenges(look: Look): readonly string[] {
  return unexpired(
    look,
    `SELECT method AS name, expires_at FROM mfa_challenges
     WHERE user_id = ? AND COALESCE(used, 0) = 0 AND failed_attempts < 5 ORDER BY created_at`,
    () => 'waits for the second factor',
  )
}

function links(look: Look): readonly string[] {
  const unused = (table: string) =>
    `SELECT '' AS name, expires_at FROM ${table} WHERE user_id = ? AND used_at IS NULL ORDER BY created_at`
  return [
    ...unexpired(look, unused('magic_link_tokens'), () => 'magic link'),
    ...unexpired(look, unused('password_reset_tokens'), () => 'password-reset link'),
    ...unexpired(
      look,
      `SELECT '' AS name, email_verification_expires_at AS expires_at FROM users
       WHERE id = ? AND COALESCE(email_verification_token, '') <> ''`,
      () => 'e-mail verification link',
    ),
  ]
}

function unexpired({ rows, now }: Look, sql: string, words: (name: string) => string): readonly string[] {
  return rows<Expiring>(sql)
    .filter(({ expires_at }) => !isPast(expires_at, now))
    .map(({ name, expires_at }) => {
      const until = readTime(expires_at)
      return `${words(name)}${until === undefined ? '' : ` · until ${momentWords(until, now)}`}`
    })
}

type Provider = { readonly name: string; readonly linked: number; readonly self_linking: number }

/** A provider that is switched on opens the account by its link, and without one by the same verified address. */
function linkedAccounts({ rows }: Look): readonly string[] {
  return rows<Provider>(
    `SELECT provider.name,
       EXISTS (SELECT 1 FROM federated_identities WHERE provider_id = provider.id AND user_id = users.id) AS linked,
       COALESCE(users.email, '') <> '' AND COALESCE(users.is_email_verified, 0) = 1 AS self_linking
     FROM users, federation_providers AS provider WHERE users.id = ? AND provider.enabled = 1
     ORDER BY provider.sort_order, provider.name`,
  ).flatMap(({ name, linked, self_linking }) => {
    if (linked === 1) return [self_linking === 1 ? `${name}, and it can link itself again` : name]
    return self_linking === 1 ? [`${name} can link itself again: the e-mail address counts as verified`] : []
  })
}

function isPast(time: string, now: Date): boolean {
  return (readTime(time) ?? new Date(0)).getTime() <= now.getTime()
}
