import type { Doors } from '#/autentico/doors.ts'
import type { Facts } from '#/autentico/facts.ts'
import { latestExpiry } from '#/autentico/tokens.ts'
import { type AccountCounts, type AccountFacts, type AccountId, isInstance } from '#/incident/account.ts'
import { type ActionContext, CannotBeDone } from '../action.ts'

/** What a worker knows of an account; `doors` is what only the database shows. */
export type Seen = {
  readonly facts: AccountFacts
  readonly doors: Doors | undefined
  /** False: Autentico does not show the account, and no database says why. It is suspended, or gone. */
  readonly visible: boolean
}

/**
 * Reads the account of an order by its exact id.
 *
 * @throws CannotBeDone for the bot's own account, always, and for an account that the database does not have.
 */
export async function lookAt({ order, autentico, now }: ActionContext): Promise<Seen> {
  const { target } = order
  if (isInstance(target)) throw new Error(`${order.action} needs an account`)
  const bot = await autentico.whoami()
  if (bot.userId === target.id) {
    throw new CannotBeDone(
      'That is the account this bot signs in with. Nothing is ever done to it: the bot would lock itself out.',
      { retry: false },
    )
  }
  const found = await autentico.facts(target.id)
  if (found !== undefined) {
    const isLastAdmin =
      found.account.role === 'admin' && !found.suspended && (await isLast(autentico, [target.id, bot.userId]))
    return { facts: { ...factsOf(found, now()), isLastAdmin }, doors: found.doors, visible: true }
  }
  if (autentico.database !== undefined) {
    throw new CannotBeDone(
      `${target.username} is not in Autentico any more: the account with the id ${target.id} was deleted.`,
      {
        retry: false,
      },
    )
  }
  return { facts: await unseenFacts(order.target, autentico, now()), doors: undefined, visible: false }
}

/** Whether there is no other administrator. The bot is one, but no person can sign in as the bot. */
async function isLast({ users }: ActionContext['autentico'], apart: readonly string[]): Promise<boolean> {
  const admins = await users.list({ role: 'admin' })
  return admins.every(({ id }) => apart.includes(id))
}

function factsOf(found: Facts, now: Date): AccountFacts {
  const { account, doors } = found
  return {
    readAt: now.toISOString(),
    account: { id: account.id as AccountId, username: account.username, email: account.email },
    role: account.role,
    isBot: found.isBot,
    isLastAdmin: found.isLastAdmin,
    suspended: found.suspended,
    counts: countsOf(found),
    mfa: {
      enrolled: found.totpVerified === 'unknown' ? (doors?.totpVerified ?? false) : found.totpVerified,
      required: found.requireMfa,
    },
    database: doors !== undefined,
    accessTokensEndAt: found.accessTokenExpiresLatest ?? null,
  }
}

function countsOf({ liveSessions, idpSessions, unrevokedTokens, doors }: Facts): AccountCounts {
  return {
    sessions: liveSessions,
    ssoSessions: idpSessions,
    tokens: unrevokedTokens,
    passkeys: doors?.passkeys ?? null,
    trustedDevices: doors?.trustedDevices ?? null,
    pendingLogins: doors === undefined ? null : doors.mfaChallenges + doors.passkeyChallenges,
    codesAndLinks: doors === undefined ? null : codesAndLinks(doors),
    linkedAccounts: doors?.federatedIdentities.length ?? null,
  }
}

/** Unused codes and links that open a new session. */
export function codesAndLinks(doors: Doors): number {
  return (
    doors.authCodes + doors.passwordResetTokens + doors.magicLinkTokens + doors.deviceCodes + doors.emailVerification
  )
}

/** The lists by user id answer for accounts that are not shown as well. */
async function unseenFacts(
  account: AccountFacts['account'],
  { sessions, tokens, settings }: ActionContext['autentico'],
  now: Date,
): Promise<AccountFacts> {
  const [all, sso, issued, set] = await Promise.all([
    sessions.ofUser(account.id),
    sessions.idpOfUser(account.id),
    tokens.ofUser(account),
    settings.read(),
  ])
  return {
    readAt: now.toISOString(),
    account,
    role: 'unknown',
    isBot: false,
    isLastAdmin: false,
    suspended: true,
    counts: {
      sessions: all.filter((one) => one.live).length,
      ssoSessions: sso.length,
      tokens: issued.filter((one) => one.revokedAt === undefined).length,
      passkeys: null,
      trustedDevices: null,
      pendingLogins: null,
      codesAndLinks: null,
      linkedAccounts: null,
    },
    mfa: { enrolled: false, required: set.get('require_mfa') === 'true' },
    database: false,
    accessTokensEndAt: latestExpiry(issued, now)?.toISOString() ?? null,
  }
}
