import type { ActionName } from '#/playbook/playbook.ts'
import { carriedOut } from '../acting.ts'
import { type Action, CannotBeDone } from '../action.ts'
import { utc } from '../words.ts'
import { lookAt } from './account-facts.ts'
import { revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'hold-account'

/** The name under which it is remembered whether the hold found the account active: only then may its end make it active again. */
export const wasActive = 'wasActive'

/**
 * Suspends the account on one responder's word, for a while. The last administrator is never held: nobody would be left to lift it by
 * hand. An account that is suspended already is left as it is, but for its sessions.
 */
export const holdAccount: Action = {
  changes: true,
  async run(ctx) {
    const { facts } = await lookAt(ctx)
    const { username } = facts.account
    if (facts.isLastAdmin) {
      throw new CannotBeDone(
        `${username} is the last administrator besides the bot. A hold would leave nobody to administer Autentico, so it takes two people to suspend the account.`,
        { retry: false },
      )
    }
    // Taken up again, it is the hold itself that suspended the account.
    if (ctx.progress.begunAt === undefined) await ctx.progress.begin({ [wasActive]: facts.suspended ? 'no' : 'yes' })
    const found = ctx.progress.note(wasActive) === 'yes'
    if (found) {
      await ctx.progress.fence()
      // Autentico may stop half-way, suspended but not revoked; the revocation below makes that good in every case.
      if (!facts.suspended) await ctx.autentico.users.deactivate(ctx.order.target.id)
    }
    await revoke(ctx)
    const proof = proofs(ctx, name)
    const until = ctx.order.hold?.until
    return carriedOut(ctx, name, {
      did: [
        found
          ? `Suspended ${username}${until === undefined ? '' : ` until ${utc(until)}`}.`
          : `${username} was suspended already, and stays so when the hold ends.`,
        'Revoked every session.',
      ],
      prove: async () => [await proof.suspended(), ...(await proof.revoked())],
      accessTokensEndAt: facts.accessTokensEndAt,
      known: { [wasActive]: found ? 'yes' : 'no' },
    })
  },
}
