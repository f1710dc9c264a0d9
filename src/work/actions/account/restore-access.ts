import type { ActionName } from '#/playbook/playbook.ts'
import { count } from '../words.ts'
import type { Seen } from './account-facts.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'
import { readablePassword, setPassword } from './passwords.ts'

const name: ActionName = 'restore-access'

/**
 * Gives the account back with a temporary password, which only the bot can open. Cut off and run again, it makes a new
 * password: only the last one works, and only that one is reported.
 */
export const restoreAccess = changing({
  name,
  effect: (seen) => {
    const { facts } = seen
    const { username } = facts.account
    const lifts = facts.suspended ? 'lift the suspension of' : 'restore access for'
    return {
      sentence: `${lifts} ${username} with a temporary password, shown once to the person who asked for this.`,
      question: `Give ${username} access again? The temporary password is shown once, to the person who asked for it.`,
      verb: 'Restore access',
      warnings: warningsFor(seen),
      basis: { passkeys: facts.counts.passkeys, linkedAccounts: facts.counts.linkedAccounts },
    }
  },
  async execute(ctx, { facts }) {
    const { autentico, order, progress } = ctx
    const password = readablePassword(ctx.randomBytes)
    await progress.fence()
    // Autentico changes nothing about a suspended account, so the password can only follow; it follows at once.
    const lifted = facts.suspended ? await autentico.users.reactivate(order.target.id) : 'already'
    const passwordSet = await setPassword(ctx, name, password)
    await revoke(ctx)
    const proof = proofs(ctx, name)
    return {
      did: [
        ...(lifted === 'reactivated' ? ['Lifted the suspension.'] : []),
        'Set a temporary password, sealed for the person who asked.',
        'Revoked what may have been opened meanwhile.',
      ],
      prove: async () => [await passwordSet(), await proof.active(), ...(await proof.revoked())],
      notes: [
        `${facts.account.username} has to change the temporary password after signing in: Autentico cannot force that.`,
      ],
      secret: password,
    }
  },
})

function warningsFor({ facts }: Seen): readonly string[] {
  const { username } = facts.account
  const { passkeys, linkedAccounts } = facts.counts
  return [
    `${username} has to change the temporary password after signing in: Autentico cannot force that.`,
    ...(passkeys === null
      ? [
          `The passkeys of ${username} cannot be read on this worker (no \`AUTENTICO_DB_PATH\`): any that exist still work.`,
        ]
      : []),
    ...(passkeys !== null && passkeys > 0
      ? [`${count(passkeys, 'passkey')} of ${username} still ${passkeys === 1 ? 'works' : 'work'}.`]
      : []),
    ...(linkedAccounts !== null && linkedAccounts > 0
      ? [
          `${count(linkedAccounts, 'linked account')} at other providers still ${linkedAccounts === 1 ? 'signs' : 'sign'} in as ${username}.`,
        ]
      : []),
    ...(facts.mfa.required || facts.mfa.enrolled
      ? []
      : [`This Autentico does not require MFA: ${username} signs in with the password alone until MFA is required.`]),
  ]
}
