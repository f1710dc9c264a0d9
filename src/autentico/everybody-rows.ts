import type { Database } from 'better-sqlite3'
import { tablesOf } from './doors.ts'

/** What the database alone knows of an administrator, as Autentico wrote it. */
export type AdminRow = {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly createdAt: string | undefined
  /** Of the last change of any kind; a role given to an old account shows here and nowhere else. */
  readonly changedAt: string | undefined
  readonly lastLogin: string | undefined
  readonly deactivatedAt: string | undefined
}

/** Every administrator, deactivated ones too. */
export function readAdmins(db: Database): readonly AdminRow[] {
  type Row = {
    readonly [column in 'email' | 'created_at' | 'updated_at' | 'last_login' | 'deactivated_at']: string | null
  }
  return db
    .prepare<[], Row & { readonly id: string; readonly username: string }>(
      `SELECT id, username, email, created_at, updated_at, last_login, deactivated_at
       FROM users WHERE role = 'admin' ORDER BY id`,
    )
    .all()
    .map((row) => ({
      id: row.id,
      username: row.username,
      email: row.email ?? '',
      createdAt: row.created_at ?? undefined,
      changedAt: row.updated_at ?? undefined,
      lastLogin: row.last_login ?? undefined,
      deactivatedAt: row.deactivated_at ?? undefined,
    }))
}

/** When a client was registered and last changed, as Autentico wrote it. */
export type ClientDates = { readonly createdAt: string | undefined; readonly changedAt: string | undefined }

export function readClientDates(db: Database): ReadonlyMap<string, ClientDates> {
  type Row = { readonly client_id: string; readonly created_at: string | null; readonly updated_at: string | null }
  const rows = db.prepare<[], Row>('SELECT client_id, created_at, updated_at FROM clients').all()
  return new Map(
    rows.map((row) => [
      row.client_id,
      { createdAt: row.created_at ?? undefined, changedAt: row.updated_at ?? undefined },
    ]),
  )
}

/** When a setting was last written, also with the same value; undefined if never. */
export function readSettingTime(db: Database, key: string): string | undefined {
  return (
    db.prepare<[string], string | null>('SELECT updated_at FROM settings WHERE key = ?').pluck().get(key) ?? undefined
  )
}

/** How many accounts are linked to each provider, by its id. */
export function readProviderLinks(db: Database): ReadonlyMap<string, number> {
  type Row = { readonly provider_id: string; readonly linked: number }
  const sql = 'SELECT provider_id, COUNT(*) AS linked FROM federated_identities GROUP BY provider_id'
  return new Map(
    db
      .prepare<[], Row>(sql)
      .all()
      .map(({ provider_id, linked }) => [provider_id, linked]),
  )
}

/** Switches one provider off and leaves the rest of it, its secret too. Undefined if there is none of this id. */
export function disableProvider(db: Database, id: string): 'disabled' | 'already' | undefined {
  const enabled = db.prepare<[string], number>('SELECT enabled FROM federation_providers WHERE id = ?').pluck().get(id)
  if (enabled === undefined) return undefined
  if (enabled === 0) return 'already'
  db.prepare('UPDATE federation_providers SET enabled = 0 WHERE id = ?').run(id)
  return 'disabled'
}

/** The accounts after `id` in the order of ids, only deactivated ones. */
export function readDeactivatedAfter<T>(
  db: Database,
  columns: string,
  { id, limit }: { readonly id: string; readonly limit: number },
): readonly T[] {
  return db
    .prepare<[string, number], T>(`${columns} WHERE deactivated_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?`)
    .all(id, limit)
}

export function countDeactivated(db: Database): number {
  return db.prepare<[], number>('SELECT COUNT(*) FROM users WHERE deactivated_at IS NOT NULL').pluck().get() ?? 0
}

const hasTotp = `(totp_secret <> '' OR COALESCE(totp_verified, 0) <> 0 OR COALESCE(two_factor_enabled, 0) <> 0)`

/** How many accounts, but for one, have an authenticator or what is left of one. */
export function countTotp(db: Database, except: string): number {
  return (
    db.prepare<[string], number>(`SELECT COUNT(*) FROM users WHERE ${hasTotp} AND id <> ?`).pluck().get(except) ?? 0
  )
}

/**
 * Clears the authenticators of up to `limit` accounts that have one, and ends their half-finished logins first: judged
 * afterwards, such a login could enrol an authenticator of its own.
 */
export function clearTotpOf(
  db: Database,
  { except, limit }: { readonly except: string; readonly limit: number },
): { readonly accounts: number; readonly mfaChallenges: number } {
  const ids = db
    .prepare<[string, number], string>(`SELECT id FROM users WHERE ${hasTotp} AND id <> ? ORDER BY id LIMIT ?`)
    .pluck()
    .all(except, limit)
  const challenges = db.prepare('DELETE FROM mfa_challenges WHERE user_id = ?')
  const clear = db.prepare(`UPDATE users SET totp_secret = '', totp_verified = 0, two_factor_enabled = 0 WHERE id = ?`)
  let mfaChallenges = 0
  for (const id of ids) {
    mfaChallenges += challenges.run(id).changes
    clear.run(id)
  }
  return { accounts: ids.length, mfaChallenges }
}

export function countTrustedDevices(db: Database): number {
  return db.prepare<[], number>('SELECT COUNT(*) FROM trusted_devices').pluck().get() ?? 0
}

/** Forgets up to `limit` trusted devices, whosever they are. */
export function forgetDevices(db: Database, limit: number): number {
  const sql = 'DELETE FROM trusted_devices WHERE id IN (SELECT id FROM trusted_devices LIMIT ?)'
  return db.prepare(sql).run(limit).changes
}

/** A row that has not been ended: whose it is and since when. Times as Autentico wrote them. */
export type LiveRow = {
  /** Absent for what a client got for itself. */
  readonly userId: string | undefined
  readonly since: string
}

export type LiveTable = 'sessions' | 'idpSessions' | 'tokens'

const live: Readonly<Record<LiveTable, string>> = {
  sessions: 'SELECT user_id, created_at AS since FROM sessions WHERE deactivated_at IS NULL',
  idpSessions: 'SELECT user_id, created_at AS since FROM idp_sessions WHERE deactivated_at IS NULL',
  tokens: 'SELECT user_id, issued_at AS since FROM tokens WHERE revoked_at IS NULL',
}

/** How many rows that have not been ended `counts` holds for. Reads them one at a time. */
export function countLive(db: Database, table: LiveTable, counts: (row: LiveRow) => boolean): number {
  type Row = { readonly user_id: string | null; readonly since: string | null }
  let count = 0
  for (const { user_id, since } of db.prepare<[], Row>(live[table]).iterate()) {
    if (counts({ userId: user_id ?? undefined, since: since ?? '' })) count += 1
  }
  return count
}

/** A kind of secret that lies readable in the database. */
export type SecretKind =
  | 'sessions'
  | 'sso-cookies'
  | 'trusted-devices'
  | 'totp-secrets'
  | 'codes'
  | 'one-time-codes'
  | 'smtp-password'
  | 'provider-secrets'
  | 'private-key'

/** How many of each kind there are that may still be of use. Tables that this schema does not have count 0. */
export function countSecrets(db: Database): Readonly<Record<SecretKind, number>> {
  const tables = tablesOf(db)
  const count = (table: string, where: string): number =>
    tables.has(table) ? (db.prepare<[], number>(`SELECT COUNT(*) FROM ${table} WHERE ${where}`).pluck().get() ?? 0) : 0
  return {
    sessions: count('sessions', 'deactivated_at IS NULL'),
    'sso-cookies': count('idp_sessions', 'deactivated_at IS NULL'),
    'trusted-devices': count('trusted_devices', '1'),
    'totp-secrets': count('users', `totp_secret <> ''`),
    codes: count('auth_codes', 'COALESCE(used, 0) = 0') + count('device_codes', '1'),
    'one-time-codes':
      count('mfa_challenges', `code <> '' AND COALESCE(used, 0) = 0`) + count('magic_link_tokens', 'used_at IS NULL'),
    'smtp-password': count('settings', `key = 'smtp_password' AND value <> ''`),
    'provider-secrets': count('federation_providers', `client_secret <> ''`),
    'private-key': count('settings', `key = 'private_key' AND value <> ''`),
  }
}
