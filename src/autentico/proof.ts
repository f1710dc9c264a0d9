import type { AutenticoDatabase } from './database.ts'
import type { Doors } from './doors.ts'
import type { LiveRow, LiveTable } from './everybody-rows.ts'
import { AutenticoUnavailable, type Failure, isFailure } from './failures.ts'
import type { Sessions } from './sessions.ts'
import { parseTime } from './times.ts'
import type { Tokens } from './tokens.ts'
import type { Users } from './users.ts'

/** One thing that should now be true, read back. `unknown` is not proven: it could not be read. */
export type Check = {
  readonly name: CheckName
  readonly proven: boolean | 'unknown'
  /** A sentence for people; holds no secret. */
  readonly detail: string
  /** It could not be read just now; the same read may work in a moment. */
  readonly again?: true
}

export type CheckName =
  | 'no-live-sessions'
  | 'no-idp-sessions'
  | 'no-live-tokens'
  | 'mfa-cleared'
  | 'no-pending-mfa'
  | 'no-totp-secret'
  | 'no-passkeys'
  | 'no-trusted-devices'
  | 'no-pending-logins'
  | 'no-federated-identities'
  | 'no-self-linking-provider'
  | 'suspended'
  | 'old-access-token-refused'
  | 'old-refresh-token-refused'
  | 'refresh-secret-changed'

/** An account that has been read before: the reads here cannot tell a deactivated account from one that never was. */
export type KnownAccount = { readonly id: string; readonly username: string }

/** Read-backs. None throws for what Autentico or the database answers, or fails to: that makes the check `unknown`. */
export type Proofs = {
  noLiveSessions(userId: string): Promise<Check>
  noIdpSessions(userId: string): Promise<Check>
  noLiveTokens(account: KnownAccount): Promise<Check>
  /** The three above: neither of the tables alone proves that nobody is signed in. */
  revoked(account: KnownAccount): Promise<readonly Check[]>
  /**
   * Of everybody: no session, SSO login or token from `before` or earlier goes on, through the database where there is one. `except`:
   * the account that was left out. Tokens that clients got for themselves belong to nobody, and end by themselves: they do not count.
   */
  everybodyRevoked(options: { readonly before: Date; readonly except?: string | undefined }): Promise<readonly Check[]>
  /** TOTP no longer counts as verified, nothing pending could enrol another, and the secret is gone. */
  mfaCleared(userId: string): Promise<readonly Check[]>
  /** No passkey, trusted device, pending code or link; with `includeFederated`, no federated identity either. */
  doorsClosed(userId: string, options: { readonly includeFederated: boolean }): Promise<readonly Check[]>
  /** Not to be read, not to be found, and where there is a database, marked there. */
  suspended(account: KnownAccount): Promise<Check>
}

export type ProofDeps = {
  readonly users: Users
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly database: AutenticoDatabase | undefined
}

export function proofsOf(deps: ProofDeps): Proofs {
  const { users, sessions, tokens, database } = deps

  const noLiveSessions = async (userId: string): Promise<Check> =>
    check('no-live-sessions', async () => {
      const all = await sessions.ofUser(userId)
      return none(all.filter((one) => one.live).length, 'live session', `all ${all.length} are deactivated`)
    })

  const noIdpSessions = async (userId: string): Promise<Check> =>
    check('no-idp-sessions', async () => none((await sessions.idpOfUser(userId)).length, 'single sign-on session'))

  const noLiveTokens = async (account: KnownAccount): Promise<Check> =>
    check('no-live-tokens', async () => {
      const all = await tokens.ofUser(account)
      const live = all.filter((one) => one.revokedAt === undefined).length
      return none(live, 'unrevoked token', `all ${all.length} are revoked`)
    })

  async function ofDoors(userId: string, names: readonly DoorCheck[]): Promise<readonly Check[]> {
    if (database === undefined) return names.map((name) => ({ name, proven: 'unknown', detail: noDatabase }))
    const doors = await attempt(async () => database.doors(userId))
    return names.map((name): Check => {
      if (doors.failure !== undefined) return { name, ...unread(doors.failure) }
      if (doors.value === undefined) return { name, proven: 'unknown', detail: 'The database has no such account.' }
      return { name, ...doorChecks[name](doors.value) }
    })
  }

  return {
    noLiveSessions,
    noIdpSessions,
    noLiveTokens,

    revoked: async (account) => [
      await noLiveSessions(account.id),
      await noIdpSessions(account.id),
      await noLiveTokens(account),
    ],

    everybodyRevoked: async (options) => everybodyRevoked(deps, options),

    async mfaCleared(userId) {
      const cleared = await check('mfa-cleared', async () => {
        const account = await users.read(userId)
        if (account === undefined) return { proven: 'unknown', detail: 'The account is deactivated or unknown.' }
        return account.totpVerified
          ? {
              proven: false,
              detail: 'TOTP still counts as verified: it was not reset, or somebody has enrolled again.',
            }
          : { proven: true, detail: 'No authenticator: TOTP no longer counts as verified.' }
      })
      return [cleared, ...(await ofDoors(userId, ['no-pending-mfa', 'no-totp-secret']))]
    },

    doorsClosed: async (userId, { includeFederated }) =>
      ofDoors(userId, [
        'no-passkeys',
        'no-trusted-devices',
        'no-pending-mfa',
        'no-pending-logins',
        ...(includeFederated ? (['no-federated-identities', 'no-self-linking-provider'] as const) : []),
      ]),

    suspended: async (account) => check('suspended', async () => suspended(deps, account)),
  }
}

async function everybodyRevoked(
  { sessions, tokens, database }: ProofDeps,
  { before, except }: { readonly before: Date; readonly except?: string | undefined },
): Promise<readonly Check[]> {
  const isOld = ({ userId, since }: LiveRow): boolean => {
    if (userId === undefined || userId === except) return false
    // Times are whole seconds: one in the second of `before` may be from before it. One that cannot be read is old.
    return (parseTime(since) ?? before) <= before
  }
  const live = async (table: LiveTable): Promise<number> => {
    if (database !== undefined) return database.everybody.liveCount(table, isOld)
    if (table === 'sessions') {
      const rows = (await sessions.all()).filter((one) => one.live)
      return rows.filter((one) => isOld({ userId: one.userId, since: one.createdAt })).length
    }
    if (table === 'idpSessions') {
      const rows = await sessions.allIdp()
      return rows.filter((one) => isOld({ userId: one.userId, since: one.createdAt })).length
    }
    const rows = (await tokens.allUntil(before)).filter((one) => one.revokedAt === undefined)
    return rows.filter((one) => isOld({ userId: one.userId, since: one.issuedAt })).length
  }
  return [
    await check('no-live-sessions', async () => none(await live('sessions'), 'live session from before')),
    await check('no-idp-sessions', async () => none(await live('idpSessions'), 'single sign-on session from before')),
    await check('no-live-tokens', async () => none(await live('tokens'), 'unrevoked token from before')),
  ]
}

type Verdict = Omit<Check, 'name'>

const noDatabase = 'Only the database shows this, and the worker has none (AUTENTICO_DB_PATH).'

type DoorCheck = Extract<
  CheckName,
  | 'no-pending-mfa'
  | 'no-totp-secret'
  | 'no-passkeys'
  | 'no-trusted-devices'
  | 'no-pending-logins'
  | 'no-federated-identities'
  | 'no-self-linking-provider'
>

const doorChecks: Readonly<Record<DoorCheck, (doors: Doors) => Verdict>> = {
  'no-pending-mfa': (doors) => none(doors.mfaChallenges, 'half-finished login'),
  'no-totp-secret': (doors) => none(doors.totpSecretPresent ? 1 : 0, 'TOTP secret'),
  'no-passkeys': (doors) => none(doors.passkeys + doors.passkeyChallenges, 'passkey'),
  'no-trusted-devices': (doors) => none(doors.trustedDevices, 'trusted device'),
  'no-pending-logins': (doors) =>
    none(
      doors.authCodes + doors.passwordResetTokens + doors.magicLinkTokens + doors.deviceCodes + doors.emailVerification,
      'pending code or link',
    ),
  'no-federated-identities': (doors) => none(doors.federatedIdentities.length, 'linked account'),
  'no-self-linking-provider': (doors) =>
    none(doors.selfLinking.length, 'provider that can link itself to the account again'),
}

function none(count: number, what: string, otherwise = 'none is left'): Verdict {
  return count === 0
    ? { proven: true, detail: `No ${what}: ${otherwise}.` }
    : { proven: false, detail: `Still there (${what}): ${count}.` }
}

async function suspended({ users, database }: ProofDeps, { id, username }: KnownAccount): Promise<Verdict> {
  if ((await users.read(id)) !== undefined)
    return { proven: false, detail: 'The account can still be read: it is active.' }
  const found = await users.find(username)
  const listed =
    found.kind === 'found' ? [found.account] : found.kind === 'ambiguous' ? found.candidates : found.nearest
  if (listed.some((one) => one.id === id))
    return { proven: false, detail: 'The account is still listed: it is active.' }
  if (database === undefined) {
    return { proven: true, detail: 'Autentico neither shows nor lists the account.' }
  }
  const stored = await database.account(id)
  if (stored === undefined)
    return { proven: false, detail: 'The database has no such account: it was never there, or is deleted.' }
  return stored.deactivatedAt === undefined
    ? { proven: false, detail: 'The database does not have the account as deactivated.' }
    : { proven: true, detail: `Deactivated at ${stored.deactivatedAt}, and Autentico no longer shows the account.` }
}

async function check(name: CheckName, read: () => Promise<Verdict>): Promise<Check> {
  const { value, failure } = await attempt(read)
  return { name, ...(value ?? unread(failure)) }
}

function unread(failure: Failure | undefined): Verdict {
  const detail = failure?.message ?? 'It could not be read.'
  return { proven: 'unknown', detail, ...(failure instanceof AutenticoUnavailable ? { again: true } : {}) }
}

type Attempt<T> = { readonly value?: T; readonly failure?: Failure }

async function attempt<T>(read: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await read() }
  } catch (error) {
    if (isFailure(error)) return { failure: error }
    throw error
  }
}
