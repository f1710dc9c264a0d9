import type { ActionName } from '#/playbook/playbook.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'suspend-account'

/** Suspends the account: no way of signing in works while it lasts. What was not deleted works again when it is lifted. */
export const suspendAccount = changing({
  name,
  again: async (ctx) => [await proofs(ctx, name).suspended(), ...(await proofs(ctx, name).revoked())],
  effect: ({ facts }) => {
    const { username } = facts.account
    return {
      sentence: facts.suspended
        ? `revoke every session once more: ${username} is suspended already.`
        : `suspend ${username}: no way of signing in works, and every session ends.`,
      question: `Suspend ${username}? Nobody can sign in as ${username} until access is restored.`,
      verb: 'Suspend',
      warnings: ['Passkeys and links that are not deleted work again when the account is restored.'],
    }
  },
  async execute(ctx, { facts }) {
    await ctx.progress.fence()
    // Autentico may stop half-way, suspended but not revoked; the revocation below makes that good in every case.
    if (!facts.suspended) await ctx.autentico.users.deactivate(ctx.order.target.id)
    await revoke(ctx)
    const proof = proofs(ctx, name)
    return {
      did: [
        facts.suspended ? 'The account was suspended already.' : 'Suspended the account.',
        'Revoked every session.',
      ],
      prove: async () => [await proof.suspended(), ...(await proof.revoked())],
    }
  },
})
