import type { AutenticoDatabase } from './database.ts'
import type { Doors } from './doors.ts'
import type { Sessions } from './sessions.ts'
import type { Settings } from './settings.ts'
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
  /** Until then a service that checks only signature and expiry may accept a token already issued, revoked or not. */
  readonly accessTokenExpiresLatest: string | undefined
}

export type FactsDeps = {
  readonly users: Users
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly settings: Settings
  readonly database: AutenticoDatabase | undefined
  readonly botId: () => Promise<string>
  readonly now: () => Date
}

/** The fact sheet, or undefined if nobody has this id (without a database: or the account is deactivated). */
export async function readFacts(deps: FactsDeps, userId: string): Promise<Facts | undefined> {
  // Asked for all at once: this stands between an approval and what it approves.
  const reading = Promise.all([
    deps.botId(),
    deps.sessions.ofUser(userId),
    deps.sessions.idpOfUser(userId),
    deps.settings.read(),
    deps.database?.doors(userId),
  ])
  // Of an account that is not there nothing else matters.
  reading.catch(() => undefined)
  const account = await deps.users.read(userId)
  const known = account ?? (await deps.database?.account(userId))
  if (known === undefined) return undefined

  const { id, username, email, role } = known
  const now = deps.now()
  const [[bot, sessions, idp, settings, doors], tokens, lastAdmin] = await Promise.all([
    reading,
    deps.tokens.ofUser(known),
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
    accessTokenExpiresLatest: latestExpiry(tokens, now)?.toISOString(),
  }
}

async function isLastAdmin(users: Users, account: Account | undefined): Promise<boolean> {
  if (account?.role !== 'admin') return false
  const admins = await users.list({ role: 'admin' })
  return !admins.some((one) => one.id !== account.id)
}
