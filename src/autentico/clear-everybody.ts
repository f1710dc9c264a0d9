import type { AutenticoDatabase } from './database.ts'
import type { EveryUser } from './every-user.ts'
import { AutenticoRejected } from './failures.ts'
import type { Users } from './users.ts'

/** How far it is; the last one is the result. */
export type TotpProgress = {
  /** Accounts looked at, of so many. */
  readonly looked: number
  readonly of: number
  /** Accounts whose authenticator is cleared. */
  readonly cleared: number
  readonly endedLogins: number
  /**
   * The secrets are still in the database, and so are half-finished logins and the authenticators of deactivated accounts: the
   * API reaches none of them.
   */
  readonly secretsStay: boolean
}

/** Accounts whose sessions are revoked, of so many; `last` is where to go on after a stop. */
export type RevokeProgress = { readonly revoked: number; readonly of: number; readonly last: string }

export type DeviceProgress = { readonly forgotten: number; readonly of: number }

/**
 * Clears what concerns everybody, a batch at a time, so that the caller can look between two whether it still may, and tell how
 * far it is. Stopped anywhere, it goes on where it was when it is begun anew.
 */
export type ClearEverybody = {
  /**
   * Revokes the sessions of everybody who is not deactivated (the others have none) and, at the very end, the bot's own, which then
   * signs in anew; with a ready bearer it could not, so then its own stay. Tells how far it is after each page of people.
   *
   * @param after The `last` of an earlier run.
   */
  sessions(options?: { readonly after?: string | undefined }): AsyncGenerator<RevokeProgress, void, undefined>
  /** The bot's own authenticator stays, or the bot might never sign in again: a person has to enrol it anew. */
  totp(): AsyncGenerator<TotpProgress, void, undefined>
  /** Undefined without a database: nothing else reaches them. */
  trustedDevices: (() => AsyncGenerator<DeviceProgress, void, undefined>) | undefined
  /** What is left of both, the bot's authenticator not counted. Undefined without a database. */
  left(): Promise<{ readonly totp: number; readonly trustedDevices: number } | undefined>
}

export type ClearEverybodyDeps = {
  readonly users: Users
  readonly everyUser: EveryUser
  readonly database: AutenticoDatabase | undefined
  readonly botId: () => Promise<string>
  /** Whether the bot can sign in again by itself. */
  readonly canSignIn: boolean
}

/** Autentico cannot write meanwhile, so only so many rows at a time: a few milliseconds. */
const batch = 500

export function clearEverybodyOf(deps: ClearEverybodyDeps): ClearEverybody {
  const { database, botId } = deps
  return {
    sessions: (options) => revokeAll(deps, options?.after),

    async *totp() {
      const bot = await botId()
      yield* database === undefined ? throughApi(deps, bot) : throughDatabase(database, bot)
    },

    trustedDevices: database === undefined ? undefined : () => forgetDevices(database),

    async left() {
      if (database === undefined) return undefined
      const { everybody } = database
      return { totp: await everybody.totpCount(await botId()), trustedDevices: await everybody.trustedDeviceCount() }
    },
  }
}

async function* revokeAll(
  { users, everyUser, botId, canSignIn }: ClearEverybodyDeps,
  after: string | undefined,
): AsyncGenerator<RevokeProgress, void, undefined> {
  const bot = await botId()
  const { active: of } = await everyUser.count()
  let revoked = 0
  let last = after ?? ''
  for await (const { id } of everyUser.active({ after })) {
    if (id !== bot) {
      await users.revokeSessions(id)
      revoked += 1
    }
    last = id
    if (revoked % 100 === 0 && revoked > 0) yield { revoked, of, last }
  }
  if (canSignIn) {
    await users.revokeSessions(bot)
    revoked += 1
  }
  yield { revoked, of: Math.max(of, revoked), last }
}

async function* throughDatabase(
  { everybody }: AutenticoDatabase,
  bot: string,
): AsyncGenerator<TotpProgress, void, undefined> {
  const of = await everybody.totpCount(bot)
  let [cleared, endedLogins] = [0, 0]
  for (;;) {
    const { accounts, mfaChallenges } = await everybody.clearTotp({ except: bot, limit: batch })
    cleared += accounts
    endedLogins += mfaChallenges
    yield { looked: cleared, of: Math.max(of, cleared), cleared, endedLogins, secretsStay: false }
    if (accounts < batch) return
  }
}

async function* throughApi(
  { users, everyUser }: ClearEverybodyDeps,
  bot: string,
): AsyncGenerator<TotpProgress, void, undefined> {
  const { active: of } = await everyUser.count()
  let [looked, cleared] = [0, 0]
  for await (const { id, totpVerified } of everyUser.active()) {
    looked += 1
    if (totpVerified && id !== bot && (await clearOne(users, id))) cleared += 1
    if (looked % 100 === 0) yield progress()
  }
  yield progress()

  function progress(): TotpProgress {
    return { looked, of: Math.max(of, looked), cleared, endedLogins: 0, secretsStay: true }
  }
}

async function clearOne(users: Users, id: string): Promise<boolean> {
  try {
    await users.clearMfa(id)
    return true
  } catch (error) {
    // Deactivated since it was listed.
    if (error instanceof AutenticoRejected && error.status === 404) return false
    throw error
  }
}

async function* forgetDevices({ everybody }: AutenticoDatabase): AsyncGenerator<DeviceProgress, void, undefined> {
  const of = await everybody.trustedDeviceCount()
  let forgotten = 0
  for (;;) {
    const removed = await everybody.forgetDevices(batch)
    forgotten += removed
    yield { forgotten, of: Math.max(of, forgotten) }
    if (removed < batch) return
  }
}
