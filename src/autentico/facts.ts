import type { Audit } from './audit.ts'
import type { AutenticoDatabase } from './database.ts'
import type { Doors } from './doors.ts'
import type { Sessions } from './sessions.ts'
import type { Settings } from './settings.ts'
import { daysAfter } from './times.ts'
import { latestExpiry, type Tokens } from './tokens.ts'
import type { Account, Users } from './users.ts'

/** What responders should know about an account before they decide. Plain JSON; times in RFC 3339. */
export type Facts = {
  readonly account: {
    readonly id: string
    readonly username: string
    readonly email: string
    readonly role: string
  }
  /** Deactivated. Only a database shows such an account at all. */
  readonly suspended: boolean
  /** The bot signs in with this account: never act upon it. */
  readonly isBot: boolean
  /** Nobody else who is not deactivated is an administrator. */
  readonly isLastAdmin: boolean
  readonly liveSessions: number
  readonly idpSessions: number
  readonly unrevokedTokens: number
  /** Undefined without a database. */
  readonly doors: Doors | undefined
  /** `unknown` for a suspended account. */
  readonly totpVerified: boolean | 'unknown'
  /** Whether this Autentico requires MFA of everybody. If not, resetting MFA leaves the account with none. */
  readonly requireMfa: boolean
  /** Undefined where it never happened or no database tells. */
  readonly lastLogin: string | undefined
  /** Within the last seven days. `unknown` where auditing is off, because then zero would mean nothing. */
  readonly recentAuditEvents: number | 'unknown'
  /** Until then a service that checks only signature and expiry may accept a token already issued, revoked or not. */
  readonly accessTokenExpiresLatest: string | undefined
}

export type FactsDeps = {
  readonly users: Users
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly audit: Audit
  readonly settings: Settings
  readonly database: AutenticoDatabase | undefined
  readonly botId: () => Promise<string>
  readonly now: () => Date
}

const recentDays = 7

/** The fact sheet, or undefined if nobody has this id (without a database: or the account is deactivated). */
export async function readFacts(deps: FactsDeps, userId: string): Promise<Facts | undefined> {
  const account = await deps.users.read(userId)
  const known = account ?? (await deps.database?.account(userId))
  if (known === undefined) return undefined

  const { id, username, email, role } = known
  const now = deps.now()
  const window = { since: daysAfter(now, -recentDays), until: now }
  const [bot, sessions, idp, tokens, events, auditing, settings, lastLogin, doors, lastAdmin] = await Promise.all([
    deps.botId(),
    deps.sessions.ofUser(id),
    deps.sessions.idpOfUser(id),
    deps.tokens.ofUser(known),
    deps.audit.ofAccount(known, window),
    deps.audit.auditing(),
    deps.settings.read(),
    deps.database?.lastLogin(id),
    deps.database?.doors(id),
    isLastAdmin(deps.users, account),
  ])
  return {
    account: { id, username, email, role },
    suspended: account === undefined,
    isBot: bot === id,
    isLastAdmin: lastAdmin,
    liveSessions: sessions.filter((one) => one.live).length,
    idpSessions: idp.length,
    unrevokedTokens: tokens.filter((one) => one.revokedAt === undefined).length,
    doors,
    totpVerified: account?.totpVerified ?? 'unknown',
    requireMfa: settings.get('require_mfa') === 'true',
    lastLogin: lastLogin?.toISOString(),
    recentAuditEvents: auditing.on === true ? events.length : 'unknown',
    accessTokenExpiresLatest: latestExpiry(tokens, now)?.toISOString(),
  }
}

async function isLastAdmin(users: Users, account: Account | undefined): Promise<boolean> {
  if (account?.role !== 'admin') return false
  const admins = await users.list({ role: 'admin' })
  return !admins.some((one) => one.id !== account.id)
}
