import type Database from 'better-sqlite3'
import { isPassword } from '../../autentico/passwords.ts'
import { readTime } from '../../autentico/time.ts'
import type { Account } from '../wire.ts'
import { watchDatabase } from './database-watch.ts'
import { momentWords, type PasswordHeld, readHoldings } from './holdings.ts'

/** Whose account is looked at, and what is known of its password besides what the database says. */
export type AccountTarget = {
  /** Autentico's id. */
  readonly id: string
  /** What the attacker took for the password. It is compared, and never shown. */
  readonly stolenPassword?: string
  /** What the ledger says became of the password, and when (ISO 8601); absent while nothing has. */
  readonly password?: { readonly is: 'known to nobody' | 'temporary'; readonly since: string }
}

export type AccountOptions = {
  /** Autentico's own SQLite file. It is only read, so that nobody ever waits for the page. */
  readonly databaseFile: string
  /** Asked before each look. */
  readonly target: () => AccountTarget
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  readonly now?: () => Date
  /** Milliseconds between two glances at whether the file has changed. */
  readonly glanceMs?: number
}

/** What Autentico holds now for the target. A stopped Autentico does not hinder: its file is read, not its doors. */
export type AccountWatch = Disposable & {
  /** Null until the file could be read once. */
  readonly account: () => Account | null
  /** Looks at once, as when the target or what is known of its password has changed. */
  readonly look: () => void
}

/** Watches one account. */
export function watchAccount({ target, ...options }: AccountOptions): AccountWatch {
  const ever = new Map<string, Map<string, number>>()
  const password = passwordJudge()
  const watch = watchDatabase<Account>({
    ...options,
    read: (db, now) => readAccount(db, { target: target(), now, ever, password }),
  })
  return { account: watch.seen, look: watch.look, [Symbol.dispose]: () => watch[Symbol.dispose]() }
}

type UserRow = {
  readonly username: string
  readonly email: string | null
  readonly password: string | null
  readonly password_last_changed: string | null
  readonly deactivated_at: string | null
  readonly locked_until: string | null
}

type Reading = {
  readonly target: AccountTarget
  readonly now: Date
  readonly ever: Map<string, Map<string, number>>
  readonly password: ReturnType<typeof passwordJudge>
}

/** Undefined when the file has no such account. */
function readAccount(db: Database.Database, { target, now, ever, password }: Reading): Account | undefined {
  const user = db
    .prepare<[string], UserRow>(
      'SELECT username, email, password, password_last_changed, deactivated_at, locked_until FROM users WHERE id = ?',
    )
    .get(target.id)
  if (user === undefined) return undefined
  const held = readHoldings(db, { userId: target.id, now, password: password(target, user, now) })
  const most = ever.get(target.id) ?? new Map<string, number>()
  ever.set(target.id, most)
  for (const { kind, live } of held) most.set(kind, Math.max(live, most.get(kind) ?? 0))
  return {
    username: user.username,
    email: user.email ?? '',
    state: stateOf(user, now),
    holdings: held.map((one) => ({ ...one, ever: most.get(one.kind) ?? one.live })),
  }
}

function stateOf({ deactivated_at, locked_until }: UserRow, now: Date): Account['state'] {
  if (deactivated_at !== null) return 'suspended'
  const until = locked_until === null ? undefined : readTime(locked_until)
  return until !== undefined && until > now ? 'locked' : 'active'
}

/**
 * Says what can be said of a password from its hash: whether it is still the stolen one, and whether it is still the one that the
 * ledger speaks of. Comparing costs, so each hash is compared once.
 */
function passwordJudge(): (target: AccountTarget, user: UserRow, now: Date) => PasswordHeld {
  const compared = new Map<string, boolean>()
  /** The hash that was there when the ledger first told of a change at that time. */
  const told = new Map<string, string>()

  const isStolen = ({ stolenPassword }: AccountTarget, hash: string): boolean => {
    if (stolenPassword === undefined) return false
    const known = compared.get(hash) ?? isPassword(stolenPassword, hash)
    compared.set(hash, known)
    return known
  }

  return (target, { password: hash, password_last_changed }, now) => {
    if (hash === null) return { opens: false, words: 'none' }
    const last = password_last_changed === null ? undefined : readTime(password_last_changed)
    const changed = last === undefined ? '' : ` · last changed ${momentWords(last, now)}`
    if (isStolen(target, hash)) return { opens: true, words: `the stolen one${changed}` }
    const { password, stolenPassword } = target
    if (password === undefined)
      return { opens: true, words: `${stolenPassword === undefined ? 'set' : 'not the stolen one'}${changed}` }
    const key = `${target.id} ${password.since}`
    if (!told.has(key)) told.set(key, hash)
    if (told.get(key) !== hash) return { opens: true, words: 'set by somebody else since' }
    return password.is === 'temporary'
      ? { opens: true, words: `temporary: a responder hands it over${changed}` }
      : { opens: false, words: `random, known to nobody${changed}` }
  }
}
