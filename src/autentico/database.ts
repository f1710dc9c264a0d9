import { accessSync, constants, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import SQLite, { type Database } from 'better-sqlite3'
import {
  clearTotp,
  type Doors,
  newestSchema,
  readDoors,
  removeMfaChallenges,
  type Scrubbed,
  schemaProblem,
  schemaVersion,
  scrub,
} from './doors.ts'
import {
  type AdminRow,
  type ClientDates,
  clearTotpOf,
  countDeactivated,
  countLive,
  countSecrets,
  countTotp,
  countTrustedDevices,
  disableProvider,
  forgetDevices,
  type LiveRow,
  type LiveTable,
  readAdmins,
  readClientDates,
  readDeactivatedAfter,
  readProviderLinks,
  readSettingTime,
  type SecretKind,
} from './everybody-rows.ts'
import { AutenticoRejected, AutenticoUnavailable, DatabaseUnusable } from './failures.ts'
import { parseTime } from './times.ts'

/** An account as the database knows it, deactivated ones too. */
export type StoredAccount = {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly role: string
  /** As Autentico wrote it. */
  readonly deactivatedAt: string | undefined
}

export type DatabaseCapability =
  | { readonly usable: true; readonly schema: number; readonly newerThanKnown: boolean }
  | { readonly usable: false; readonly reason: string }

/**
 * Autentico's own SQLite file, for what the admin API cannot do. Autentico reads these rows anew on every request, so a
 * change counts from the next one; it writes no audit event about it.
 *
 * Every operation opens the file, never creates it, and throws DatabaseUnusable (missing, not ours to write, another
 * schema) or AutenticoUnavailable (locked by others for five seconds; nothing was changed). The changing ones are one
 * transaction each and may be repeated. Those that name an account touch only that, and throw AutenticoRejected 404 if there
 * is none; those in `everybody` touch a few hundred rows at a time, so that Autentico never waits long.
 */
export type AutenticoDatabase = {
  readonly path: string
  /** Whether the file can be used here and now, with the reason if not. Changes nothing. */
  capability(): Promise<DatabaseCapability>
  /** Undefined if the database has no such account. */
  doors(userId: string): Promise<Doors | undefined>
  account(userId: string): Promise<StoredAccount | undefined>
  /** Every deactivated account: the admin API never shows them, not even hidden administrators. */
  deactivatedAccounts(): Promise<readonly StoredAccount[]>
  /** Undefined if never, or if there is no such account. */
  lastLogin(userId: string): Promise<Date | undefined>
  deactivatedAt(userId: string): Promise<Date | undefined>
  /** Whether this access token was issued by the server that uses this file. A copy or another server's file has no such row. */
  knowsToken(accessToken: string): Promise<boolean>

  /** Removes MFA challenges in progress, which a TOTP reset would otherwise let enrol another authenticator. */
  removePendingMfa(userId: string): Promise<{ readonly mfaChallenges: number }>
  clearTotpSecretAndTrustedDevices(
    userId: string,
  ): Promise<{ readonly totpSecret: number; readonly trustedDevices: number }>
  /**
   * Removes everything that could open a new session. Revoke the sessions first: a live one can add a passkey again. An
   * account without a password has no way in afterwards until one is set.
   */
  closeDoors(userId: string, options: { readonly includeFederated: boolean }): Promise<Scrubbed>

  readonly everybody: Everybody
}

/** What concerns no single account. */
export type Everybody = {
  admins(): Promise<readonly AdminRow[]>
  clientDates(): Promise<ReadonlyMap<string, ClientDates>>
  /** When this setting was last written, as Autentico wrote it. */
  settingChangedAt(key: string): Promise<string | undefined>
  /** How many accounts are linked to each provider. */
  providerLinks(): Promise<ReadonlyMap<string, number>>
  /** Switches a provider off and keeps its secret. Undefined if there is none of this id. */
  disableProvider(id: string): Promise<'disabled' | 'already' | undefined>
  deactivatedAfter(id: string, limit: number): Promise<readonly StoredAccount[]>
  deactivatedCount(): Promise<number>
  /** Accounts with an authenticator or what is left of one, but for `except`. */
  totpCount(except: string): Promise<number>
  /** One batch: 0 accounts when nobody is left. */
  clearTotp(batch: {
    readonly except: string
    readonly limit: number
  }): Promise<{ readonly accounts: number; readonly mfaChallenges: number }>
  trustedDeviceCount(): Promise<number>
  /** One batch: 0 when none is left. */
  forgetDevices(limit: number): Promise<number>
  /** How many rows that have not been ended `counts` holds for. */
  liveCount(table: LiveTable, counts: (row: LiveRow) => boolean): Promise<number>
  secretsInClear(): Promise<Readonly<Record<SecretKind, number>>>
}

export type DatabaseOptions = {
  readonly path: string
  readonly now?: () => Date
  /** How long to go on when others hold the lock. Autentico itself waits this long. */
  readonly busyMs?: number
}

export function autenticoDatabase({
  path,
  now = () => new Date(),
  busyMs = 5_000,
}: DatabaseOptions): AutenticoDatabase {
  const use = async <T>(work: (db: Database) => T): Promise<T> => patiently(() => withFile(path, work))

  /** The driver waits synchronously and would stop the whole process, so it waits briefly and we wait in between. */
  async function patiently<T>(work: () => T): Promise<T> {
    const until = now().getTime() + busyMs
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error)) throw meaningOf(path, error)
        if (now().getTime() >= until) throw meaningOf(path, error)
        await wait(100)
      }
    }
  }

  const changeAny = async <T>(work: (db: Database) => T): Promise<T> =>
    use((db) => db.transaction(() => work(db)).immediate())

  const change = async <T>(userId: string, work: (db: Database) => T): Promise<T> =>
    changeAny((db) => {
      if (readAccount(db, userId) === undefined) {
        throw new AutenticoRejected('The database has no such account; nothing was changed.', {
          status: 404,
          code: 'not_found',
        })
      }
      return work(db)
    })

  return {
    path,

    async capability() {
      try {
        const schema = await use((db) => {
          // Taking the write lock and giving it back shows that writing would work.
          db.transaction(() => undefined).immediate()
          return schemaVersion(db)
        })
        return { usable: true, schema, newerThanKnown: schema > newestSchema }
      } catch (error) {
        if (error instanceof DatabaseUnusable || error instanceof AutenticoUnavailable) {
          return { usable: false, reason: error.message }
        }
        throw error
      }
    },

    doors: async (userId) => use((db) => readDoors(db, userId)),
    account: async (userId) => use((db) => readAccount(db, userId)),
    deactivatedAccounts: async () =>
      use((db) =>
        db
          .prepare<[], AccountRow>(`${accountColumns} WHERE deactivated_at IS NOT NULL ORDER BY id`)
          .all()
          .map(storedAccount),
      ),
    lastLogin: async (userId) => use((db) => readTime(db, 'last_login', userId)),
    deactivatedAt: async (userId) => use((db) => readTime(db, 'deactivated_at', userId)),
    knowsToken: async (accessToken) =>
      use((db) => db.prepare('SELECT 1 FROM tokens WHERE access_token = ? LIMIT 1').get(accessToken) !== undefined),

    removePendingMfa: async (userId) => change(userId, (db) => ({ mfaChallenges: removeMfaChallenges(db, userId) })),
    clearTotpSecretAndTrustedDevices: async (userId) => change(userId, (db) => clearTotp(db, userId)),
    closeDoors: async (userId, options) => change(userId, (db) => scrub(db, userId, options)),

    everybody: {
      admins: async () => use(readAdmins),
      clientDates: async () => use(readClientDates),
      settingChangedAt: async (key) => use((db) => readSettingTime(db, key)),
      providerLinks: async () => use(readProviderLinks),
      disableProvider: async (id) => changeAny((db) => disableProvider(db, id)),
      deactivatedAfter: async (id, limit) =>
        use((db) => readDeactivatedAfter<AccountRow>(db, accountColumns, { id, limit }).map(storedAccount)),
      deactivatedCount: async () => use(countDeactivated),
      totpCount: async (except) => use((db) => countTotp(db, except)),
      clearTotp: async (batch) => changeAny((db) => clearTotpOf(db, batch)),
      trustedDeviceCount: async () => use(countTrustedDevices),
      forgetDevices: async (limit) => changeAny((db) => forgetDevices(db, limit)),
      liveCount: async (table, counts) => use((db) => countLive(db, table, counts)),
      secretsInClear: async () => use(countSecrets),
    },
  }
}

type AccountRow = {
  readonly id: string
  readonly username: string
  readonly email: string | null
  readonly role: string
  readonly deactivated_at: string | null
}

const accountColumns = 'SELECT id, username, email, role, deactivated_at FROM users'

function readAccount(db: Database, userId: string): StoredAccount | undefined {
  const row = db.prepare<[string], AccountRow>(`${accountColumns} WHERE id = ?`).get(userId)
  return row === undefined ? undefined : storedAccount(row)
}

function storedAccount({ id, username, email, role, deactivated_at }: AccountRow): StoredAccount {
  return { id, username, email: email ?? '', role, deactivatedAt: deactivated_at ?? undefined }
}

function readTime(db: Database, column: 'last_login' | 'deactivated_at', userId: string): Date | undefined {
  const text = db.prepare<[string], string | null>(`SELECT ${column} FROM users WHERE id = ?`).pluck().get(userId)
  return typeof text === 'string' ? parseTime(text) : undefined
}

/** Opens the file for one piece of work. Opening each time means that a file replaced meanwhile is noticed. */
function withFile<T>(path: string, work: (db: Database) => T): T {
  const problem = fileProblem(path)
  if (problem !== undefined) throw unusable(path, problem)

  const db = new SQLite(path, { fileMustExist: true, timeout: 200 })
  try {
    db.pragma('foreign_keys = ON')
    const schema = schemaProblem(db)
    if (schema !== undefined) throw unusable(path, schema)
    return work(db)
  } finally {
    db.close()
  }
}

function fileProblem(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return 'it does not exist'
  if (!file.isFile()) return 'it is not a file'
  if (!mayAccess(path, constants.R_OK)) return 'it may not be read by this user'
  if (!mayAccess(path, constants.W_OK)) return 'it may not be written by this user'

  // SQLite keeps two files beside the database; made by somebody else, they could lock Autentico out of it.
  const me = process.getuid?.()
  if (me !== undefined && me !== 0 && me !== file.uid) {
    return `it belongs to user ${file.uid} and the worker runs as ${me}; run the worker as the same user as Autentico`
  }
  return undefined
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function unusable(path: string, problem: string, cause?: unknown): DatabaseUnusable {
  return new DatabaseUnusable(`The database ${path} (AUTENTICO_DB_PATH) cannot be used: ${problem}.`, { cause })
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLite.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code)
}

function meaningOf(path: string, error: unknown): unknown {
  if (isBusy(error)) {
    return new AutenticoUnavailable(`The database ${path} stayed locked by others; nothing was changed.`, {
      cause: error,
    })
  }
  if (error instanceof SQLite.SqliteError) return unusable(path, `SQLite says ${error.code}`, error)
  return error
}
