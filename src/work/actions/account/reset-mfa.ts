import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Done, NotYet, type Proof } from '../action.ts'
import { count, list, present, utc } from '../words.ts'
import type { Seen } from './account-facts.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'reset-mfa'

/**
 * Clears the authenticator. Half-finished logins go first: judged after the reset, one of them could enrol an authenticator of
 * its own. Where the database cannot be reached, they are waited out instead.
 */
export const resetMfa = changing({
  name,
  again: async (ctx) => proofs(ctx, name).mfaCleared(),
  effect: (seen) => {
    const { facts } = seen
    const { username } = facts.account
    return {
      sentence: sentenceFor(seen),
      question: facts.mfa.enrolled
        ? `Clear ${username}'s authenticator? This cannot be undone: ${username} has to enrol a new one.`
        : `Clear what is left of ${username}'s MFA? This cannot be undone.`,
      verb: 'Clear it',
      warnings: warningsFor(seen),
      basis: {
        mfaEnrolled: facts.mfa.enrolled,
        mfaRequired: facts.mfa.required,
        trustedDevices: facts.counts.trustedDevices,
      },
    }
  },
  execute: async (ctx, seen) => (seen.facts.database ? throughDatabase(ctx, seen) : throughApi(ctx, seen)),
})

function sentenceFor({ facts }: Seen): string {
  const { username } = facts.account
  const cleared = facts.mfa.enrolled
    ? `clear the authenticator of ${username}`
    : `clear what is left of an authenticator (${username} has none in use)`
  if (!facts.database)
    return `${cleared} once every half-finished login has run out, and revoke every session once more.`
  const { trustedDevices, pendingLogins } = facts.counts
  const ended = present([pendingLogins ?? 0, 'half-finished login'])
  const forgotten = present([trustedDevices ?? 0, 'trusted device'])
  const parts = [
    facts.mfa.enrolled ? `${cleared} and its secret` : cleared,
    ...(forgotten === '' ? [] : [`forget ${forgotten}`]),
    ...(ended === '' ? [] : [`end ${ended}`]),
    'revoke every session once more',
  ]
  return `${list(parts)}.`
}

function warningsFor({ facts }: Seen): readonly string[] {
  return [
    ...(facts.mfa.required ? [] : [withoutMfa(facts.account.username)]),
    ...(facts.database
      ? []
      : ['Without the database the secret and the trusted devices stay, so this will not count as proven.']),
  ]
}

function withoutMfa(username: string): string {
  return `This Autentico does not require MFA. After this, ${username} signs in with the password alone until MFA is required.`
}

async function throughDatabase(ctx: ActionContext, { facts }: Seen): Promise<Done> {
  const { autentico, order, progress } = ctx
  const { database } = autentico
  const { id } = order.target
  if (database === undefined) throw new CannotBeDone('The database cannot be reached any more.', { retry: true })

  await progress.fence()
  const first = await database.removePendingMfa(id)
  // A suspended account cannot be changed through the API; the database holds the same flag.
  if (!facts.suspended) await autentico.users.clearMfa(id)
  const cleared = await database.clearTotpSecretAndTrustedDevices(id)
  await revoke(ctx)
  const second = await database.removePendingMfa(id)

  return {
    did: [
      facts.mfa.enrolled ? 'Cleared the authenticator and its secret.' : notEnrolled(facts.account.username),
      ...forgotten(cleared.trustedDevices, first.mfaChallenges + second.mfaChallenges),
      'Revoked every session once more.',
    ],
    prove: async () => proofs(ctx, name).mfaCleared(),
    notes: facts.mfa.required ? [] : [withoutMfa(facts.account.username)],
  }
}

function forgotten(devices: number, logins: number): readonly string[] {
  const parts = [
    ...(devices === 0 ? [] : [`forgot ${count(devices, 'trusted device')}`]),
    ...(logins === 0 ? [] : [`ended ${count(logins, 'half-finished login')}`]),
  ]
  const said = list(parts)
  return said === '' ? [] : [`${said.slice(0, 1).toUpperCase()}${said.slice(1)}.`]
}

async function throughApi(ctx: ActionContext, { facts }: Seen): Promise<Done> {
  const { autentico, order, progress } = ctx
  const { username } = facts.account
  if (facts.suspended && progress.note('since') === undefined) {
    throw new CannotBeDone(
      `${username} is suspended, and without the database nothing about a suspended account can be changed. Nobody can sign in with it meanwhile.`,
      { retry: false },
    )
  }
  await waitOutLogins(ctx)
  await progress.fence()
  await autentico.users.clearMfa(order.target.id)
  await revoke(ctx)
  return {
    did: [
      facts.mfa.enrolled ? 'Cleared the authenticator.' : notEnrolled(username),
      'Revoked every session once more.',
    ],
    prove: async () => waitedOut(await proofs(ctx, name).mfaCleared(), ctx),
    notes: facts.mfa.required ? [] : [withoutMfa(username)],
  }
}

/** A login that got as far as the code prompt with the old password can be finished for a while (Autentico: 10 minutes). */
async function waitOutLogins({ order, progress, times, now }: ActionContext): Promise<void> {
  const known = order.params?.['passwordResetAt'] ?? progress.note('since')
  const since = known ?? now().toISOString()
  if (known === undefined) await progress.remember('since', since)
  const until = new Date(Date.parse(since) + times.pendingLoginMs)
  if (now() < until) {
    throw new NotYet(
      until,
      `Half-finished logins cannot be removed without the database, so they are waited out until ${utc(until.toISOString())}.`,
    )
  }
}

/** What could not be read is known all the same, if the password was changed before the wait. */
function waitedOut(checks: readonly Proof[], { order }: ActionContext): readonly Proof[] {
  const since = order.params?.['passwordResetAt']
  if (since === undefined) return checks
  const detail = `Every login begun with the old password has run out: it was replaced at ${utc(since)}.`
  return checks.map((check) =>
    check.name === 'no-pending-mfa' && check.proven === 'unknown' ? { ...check, proven: true, detail } : check,
  )
}

function notEnrolled(username: string): string {
  return `${username} had no authenticator in use; what was left of one is cleared.`
}
