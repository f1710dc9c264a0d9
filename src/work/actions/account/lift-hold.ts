import type { ActionName } from '#/playbook/playbook.ts'
import { carriedOut } from '../acting.ts'
import { type Action, type ActionContext, CannotBeDone } from '../action.ts'
import { lookAt } from './account-facts.ts'
import { proofs } from './checks.ts'
import { wasActive } from './hold-account.ts'

const name: ActionName = 'lift-hold'

/**
 * Makes an account active again that a hold suspended, and changes nothing else about it. What was suspended before the hold is not
 * touched. Sessions that the hold ended stay ended.
 */
export const liftHold: Action = {
  changes: true,
  async run(ctx) {
    const { facts } = await lookAt(ctx)
    const { username } = facts.account
    const active = { did: [`${username} was active already.`], prove: async () => [await proofs(ctx, name).active()] }
    if (!facts.suspended) return carriedOut(ctx, name, active)

    const found = await foundActive(ctx)
    if (found === undefined) {
      throw new CannotBeDone(
        `It is not known whether ${username} was suspended before the hold, so the account stays as it is. Two people give it back with “restore access”.`,
        { retry: false },
      )
    }
    if (!found) {
      const proof = proofs(ctx, name)
      return carriedOut(ctx, name, {
        did: [`${username} was suspended before the hold, and stays so.`],
        prove: async () => [await proof.suspended()],
      })
    }
    if (ctx.progress.begunAt === undefined) await ctx.progress.begin({})
    await ctx.progress.fence()
    const lifted = await ctx.autentico.users.reactivate(ctx.order.target.id)
    return carriedOut(ctx, name, {
      did: [
        lifted === 'already'
          ? `${username} was active already.`
          : `Made ${username} active again. The password and everything else is as it was; sessions that were ended stay ended.`,
      ],
      prove: active.prove,
    })
  },
}

/** Whether the hold found the account active, by the ledger, or else by what the worker that placed it has kept. Undefined: nobody knows. */
async function foundActive({ order, progress }: ActionContext): Promise<boolean | undefined> {
  if (order.hold?.wasActive !== undefined) return order.hold.wasActive
  const noted = order.hold === undefined ? undefined : await progress.noteOf(order.hold.placedBy, wasActive)
  return noted === undefined ? undefined : noted === 'yes'
}
