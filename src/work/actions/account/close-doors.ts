import type { Scrubbed } from '#/autentico/doors.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { Done } from '../action.ts'
import { list, present } from '../words.ts'
import type { Seen } from './account-facts.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'close-doors'

/**
 * Removes everything that opens a new session. Sessions go first, because a live one can add a passkey, and once more
 * afterwards, because one may have been opened meanwhile.
 */
export const closeDoors = changing({
  name,
  again: async (ctx) => proofs(ctx, name).doorsClosed(),
  effect: (seen) => {
    const { facts } = seen
    const { username } = facts.account
    return {
      sentence: sentenceFor(seen),
      question: facts.database
        ? `Delete the passkeys of ${username} and everything else that opens a new session? This cannot be undone.`
        : `Revoke every session of ${username} once more? The passkeys cannot be reached from this worker.`,
      verb: facts.database ? 'Delete them' : 'Revoke them',
      warnings: warningsFor(seen),
      basis: { passkeys: facts.counts.passkeys, linkedAccounts: facts.counts.linkedAccounts },
    }
  },
  async execute(ctx, { facts }) {
    const { database } = ctx.autentico
    const proof = proofs(ctx, name)
    const prove: Done['prove'] = async () => [...(await proof.doorsClosed()), ...(await proof.revoked())]
    await revoke(ctx)
    if (database === undefined || !facts.database) {
      return {
        did: ['Revoked every session once more; nothing else can be reached without the database.'],
        prove,
        notes: [`Suspend ${facts.account.username}, or delete the passkeys by hand.`],
      }
    }
    await ctx.progress.fence()
    const scrubbed = await database.closeDoors(ctx.order.target.id, { includeFederated: true })
    await revoke(ctx)
    return {
      did: [removed(scrubbed), 'Revoked every session once more.'],
      prove,
      notes:
        scrubbed.selfLinking === 0
          ? []
          : [
              `The e-mail address of ${facts.account.username} counts as unverified now, so that no provider links itself again. Look at the account at the provider before the address is verified again.`,
            ],
    }
  },
})

function sentenceFor({ facts, doors }: Seen): string {
  if (doors === undefined) {
    return `revoke every session of ${facts.account.username} once more. Passkeys, trusted devices, codes, links and linked accounts stay: this worker cannot reach the database.`
  }
  const { username } = facts.account
  const { passkeys, trustedDevices, pendingLogins, codesAndLinks, linkedAccounts } = facts.counts
  const providers = [...new Set(doors.federatedIdentities.map((one) => one.provider))]
  const from = providers.length === 0 ? '' : ` (${list(providers)})`
  const there = present(
    [passkeys ?? 0, 'passkey'],
    [trustedDevices ?? 0, 'trusted device'],
    [pendingLogins ?? 0, 'half-finished login'],
    [codesAndLinks ?? 0, 'unused code or link', 'unused codes and links'],
    [linkedAccounts ?? 0, `linked account${from}`, `linked accounts${from}`],
  )
  return there === ''
    ? `delete whatever is added meanwhile (${username} has no passkey, trusted device, code, link or linked account now), and revoke every session once more.`
    : `delete ${there} of ${username}, and revoke every session once more.`
}

function warningsFor({ facts, doors }: Seen): readonly string[] {
  if (doors === undefined) {
    return ['The passkeys cannot be read on this worker (no `AUTENTICO_DB_PATH`), so this will not count as proven.']
  }
  const { username } = facts.account
  return [
    ...((facts.counts.linkedAccounts ?? 0) > 0
      ? [`${username} has to link the accounts at other providers again afterwards.`]
      : []),
    ...(doors.selfLinking.length > 0
      ? [
          `The e-mail address of ${username} will count as unverified: otherwise ${list(doors.selfLinking)} would link itself again to whoever has that address there.`,
        ]
      : []),
  ]
}

function removed(scrubbed: Scrubbed): string {
  const codes =
    scrubbed.authCodes +
    scrubbed.passwordResetTokens +
    scrubbed.magicLinkTokens +
    scrubbed.deviceCodes +
    scrubbed.emailVerification
  const gone = present(
    [scrubbed.passkeys, 'passkey'],
    [scrubbed.trustedDevices, 'trusted device'],
    [scrubbed.mfaChallenges + scrubbed.passkeyChallenges, 'half-finished login'],
    [codes, 'unused code or link', 'unused codes and links'],
    [scrubbed.federatedIdentities, 'linked account'],
  )
  return gone === '' ? 'There was nothing left to delete.' : `Deleted ${gone}.`
}
