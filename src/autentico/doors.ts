import type { Database } from 'better-sqlite3'

/** A link to an account elsewhere that signs in without password or MFA. Listed for a person to decide about. */
export type FederatedIdentity = {
  readonly provider: string
  readonly issuer: string
  /** The address at the provider, masked. */
  readonly email: string
}

/**
 * What could open a new session for an account after its sessions are revoked. Rows count whether or not they have
 * expired: Autentico writes their times in more than one form, so the database cannot compare them.
 */
export type Doors = {
  readonly passkeys: number
  readonly passkeyChallenges: number
  readonly trustedDevices: number
  readonly mfaChallenges: number
  readonly authCodes: number
  readonly passwordResetTokens: number
  readonly magicLinkTokens: number
  readonly deviceCodes: number
  /** 1 where an unanswered e-mail verification link exists; it signs in without password or MFA. */
  readonly emailVerification: number
  readonly totpSecretPresent: boolean
  readonly totpVerified: boolean
  readonly federatedIdentities: readonly FederatedIdentity[]
  /**
   * The providers that may link themselves to the account without being asked: enabled ones, while the account's own
   * address counts as verified (contract §6). Removing a link is no use as long as its provider can make it again.
   */
  readonly selfLinking: readonly string[]
  /** Applications the account has agreed to. They open nothing by themselves. */
  readonly consents: number
}

/** How many rows of each kind a scrub removed. Federated identities are 0 unless they were included. */
export type Scrubbed = Readonly<Record<DoorTable, number>> & {
  readonly emailVerification: number
  readonly totpSecret: number
  readonly federatedIdentities: number
  /** 1 where the address counted as verified, so that a provider could have linked itself again. */
  readonly selfLinking: number
}

type DoorTable =
  | 'passkeys'
  | 'passkeyChallenges'
  | 'trustedDevices'
  | 'mfaChallenges'
  | 'authCodes'
  | 'passwordResetTokens'
  | 'magicLinkTokens'
  | 'deviceCodes'

/** In the order of removal. `since` is the schema version (`PRAGMA user_version`) that brought the table. */
const doorTables: readonly { readonly door: DoorTable; readonly table: string; readonly since: number }[] = [
  { door: 'passkeys', table: 'passkey_credentials', since: 0 },
  { door: 'passkeyChallenges', table: 'passkey_challenges', since: 0 },
  { door: 'trustedDevices', table: 'trusted_devices', since: 0 },
  { door: 'mfaChallenges', table: 'mfa_challenges', since: 0 },
  { door: 'authCodes', table: 'auth_codes', since: 0 },
  { door: 'passwordResetTokens', table: 'password_reset_tokens', since: 2 },
  { door: 'magicLinkTokens', table: 'magic_link_tokens', since: 9 },
  { door: 'deviceCodes', table: 'device_codes', since: 8 },
]

const userColumns = [
  'id',
  'username',
  'email',
  'is_email_verified',
  'role',
  'two_factor_enabled',
  'totp_secret',
  'totp_verified',
  'last_login',
  'email_verification_token',
  'email_verification_expires_at',
  'deactivated_at',
]

/** The oldest schema understood (2.0.0-beta.1) and the newest known (2.1.2). */
const oldestSchema = 6
export const newestSchema = 10

/** Says what a database lacks for being used here, or undefined if it lacks nothing. */
export function schemaProblem(db: Database): string | undefined {
  const version = schemaVersion(db)
  if (version < oldestSchema) {
    return `its schema version is ${version}; ${oldestSchema} (Autentico 2.0.0) is the oldest understood`
  }
  const tables = tablesOf(db)
  const missing = [
    'users',
    'tokens',
    'sessions',
    ...doorTables.filter((one) => one.since <= version).map((one) => one.table),
  ]
    .filter((table) => !tables.has(table))
    .concat(tables.has('users') ? missingColumns(db) : [])
  return missing.length === 0 ? undefined : `it lacks ${missing.join(', ')}; is this an Autentico database?`
}

export function schemaVersion(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }))
}

function missingColumns(db: Database): readonly string[] {
  const present = new Set(db.prepare<[], string>("SELECT name FROM pragma_table_info('users')").pluck().all())
  return userColumns.filter((column) => !present.has(column)).map((column) => `users.${column}`)
}

export function tablesOf(db: Database): ReadonlySet<string> {
  return new Set(db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all())
}

type UserRow = {
  readonly totp_secret: string
  readonly totp_verified: number | null
  readonly pending: number
  readonly email_verified: number
}

/** The doors of one account, or undefined if the database has no such account. */
export function readDoors(db: Database, userId: string): Doors | undefined {
  const user = db
    .prepare<[string], UserRow>(
      `SELECT totp_secret, totp_verified, COALESCE(email_verification_token, '') <> '' AS pending,
              COALESCE(email, '') <> '' AND COALESCE(is_email_verified, 0) <> 0 AS email_verified
       FROM users WHERE id = ?`,
    )
    .get(userId)
  if (user === undefined) return undefined

  const tables = tablesOf(db)
  const count = (table: string): number =>
    tables.has(table)
      ? (db.prepare<[string], number>(`SELECT COUNT(*) FROM ${table} WHERE user_id = ?`).pluck().get(userId) ?? 0)
      : 0
  return {
    ...byDoor(({ table }) => count(table)),
    emailVerification: user.pending,
    totpSecretPresent: user.totp_secret !== '',
    totpVerified: user.totp_verified === 1,
    federatedIdentities: tables.has('federated_identities') ? readFederated(db, userId) : [],
    selfLinking: user.email_verified === 1 && tables.has('federation_providers') ? enabledProviders(db) : [],
    consents: count('user_consents'),
  }
}

function byDoor(countOf: (one: (typeof doorTables)[number]) => number): Readonly<Record<DoorTable, number>> {
  const counts = { ...none }
  for (const one of doorTables) counts[one.door] = countOf(one)
  return counts
}

const none: Readonly<Record<DoorTable, number>> = {
  passkeys: 0,
  passkeyChallenges: 0,
  trustedDevices: 0,
  mfaChallenges: 0,
  authCodes: 0,
  passwordResetTokens: 0,
  magicLinkTokens: 0,
  deviceCodes: 0,
}

function readFederated(db: Database, userId: string): readonly FederatedIdentity[] {
  return db
    .prepare<[string], { readonly name: string | null; readonly issuer: string | null; readonly email: string | null }>(
      `SELECT p.name, p.issuer, f.email FROM federated_identities f
       LEFT JOIN federation_providers p ON p.id = f.provider_id WHERE f.user_id = ? ORDER BY f.id`,
    )
    .all(userId)
    .map(({ name, issuer, email }) => ({
      provider: name ?? 'unknown',
      issuer: issuer ?? '',
      email: masked(email ?? ''),
    }))
}

function enabledProviders(db: Database): readonly string[] {
  return db.prepare<[], string>('SELECT name FROM federation_providers WHERE enabled <> 0 ORDER BY name').pluck().all()
}

/** `alice@acme.test` becomes `a…@acme.test`. */
function masked(email: string): string {
  const at = email.lastIndexOf('@')
  return at < 1 ? '' : `${email.slice(0, 1)}…${email.slice(at)}`
}

/** Removes the account's pending MFA challenges. */
export function removeMfaChallenges(db: Database, userId: string): number {
  return db.prepare('DELETE FROM mfa_challenges WHERE user_id = ?').run(userId).changes
}

/** Removes the TOTP secret, so that it cannot be armed again, and the devices that skip MFA. */
export function clearTotp(
  db: Database,
  userId: string,
): { readonly totpSecret: number; readonly trustedDevices: number } {
  const totpSecret = db
    .prepare(
      `UPDATE users SET totp_secret = '', totp_verified = 0, two_factor_enabled = 0
       WHERE id = ? AND (totp_secret <> '' OR totp_verified <> 0 OR two_factor_enabled <> 0)`,
    )
    .run(userId).changes
  const trustedDevices = db.prepare('DELETE FROM trusted_devices WHERE user_id = ?').run(userId).changes
  return { totpSecret, trustedDevices }
}

/** Closes every door of one account. Tables that this schema does not have count 0. Run it in a transaction. */
export function scrub(db: Database, userId: string, options: { readonly includeFederated: boolean }): Scrubbed {
  const tables = tablesOf(db)
  const remove = (table: string): number =>
    tables.has(table) ? db.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(userId).changes : 0

  const removed = byDoor(({ table }) => remove(table))
  const linkable = options.includeFederated && tables.has('federation_providers') && enabledProviders(db).length > 0
  const selfLinking = linkable
    ? db.prepare('UPDATE users SET is_email_verified = 0 WHERE id = ? AND is_email_verified <> 0').run(userId).changes
    : 0
  const emailVerification = db
    .prepare(
      `UPDATE users SET email_verification_token = NULL, email_verification_expires_at = NULL
       WHERE id = ? AND COALESCE(email_verification_token, '') <> ''`,
    )
    .run(userId).changes
  return {
    ...removed,
    emailVerification,
    totpSecret: clearTotp(db, userId).totpSecret,
    federatedIdentities: options.includeFederated ? remove('federated_identities') : 0,
    selfLinking,
  }
}
