import type { Audit, AuditEvent, Auditing } from './audit.ts'
import type { Doors } from './doors.ts'
import type { FactsDeps } from './facts.ts'
import type { IdpSession, Session } from './sessions.ts'
import { daysAfter } from './times.ts'
import type { IssuedToken } from './tokens.ts'

/**
 * The state of an account as evidence, taken before anything is changed: Autentico forgets sessions, challenges and codes
 * a day after they expire. Plain JSON without secrets: no cookie, no password, no TOTP secret, no token string. Lists are
 * in a fixed order, so that the same state gives the same bytes but for `takenAt`.
 */
export type Snapshot = {
  readonly takenAt: string
  readonly userId: string
  /** The row as the API gives it; null for an account that is deactivated or unknown. */
  readonly user: { readonly [key: string]: unknown } | null
  readonly sessions: readonly Session[]
  readonly idpSessions: readonly IdpSession[]
  readonly tokens: readonly IssuedToken[]
  readonly audit: {
    readonly auditing: Auditing
    readonly since: string
    readonly events: readonly AuditEvent[]
  }
  /** Null without a database. */
  readonly doors: Doors | null
}

/** Takes the evidence for an account, with the audit events of the last `auditDays` days. */
export async function takeSnapshot(
  deps: FactsDeps & { readonly audit: Audit },
  userId: string,
  { auditDays = 30 }: { readonly auditDays?: number } = {},
): Promise<Snapshot> {
  const { users, sessions, tokens, audit, database, now } = deps
  const at = now()
  const since = daysAfter(at, -auditDays)
  const user = await users.row(userId)
  const username = typeof user?.['username'] === 'string' ? user['username'] : undefined
  const account = { id: userId, username: username ?? (await database?.account(userId))?.username }

  const snapshot: Snapshot = {
    takenAt: at.toISOString(),
    userId,
    user: user ?? null,
    sessions: byKey(await sessions.ofUser(userId), (one) => one.id),
    idpSessions: byKey(await sessions.idpOfUser(userId), (one) => one.digest),
    tokens: byKey(await tokens.ofUser(account), (one) => one.id),
    audit: {
      auditing: await audit.auditing(),
      since: since.toISOString(),
      events: await audit.ofAccount(account, { since, until: at }),
    },
    doors: (await database?.doors(userId)) ?? null,
  }
  return snapshot
}

function byKey<T>(rows: readonly T[], key: (row: T) => string): readonly T[] {
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}
