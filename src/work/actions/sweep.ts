import { isInstance } from '#/incident/account.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { lookAt } from './account/account-facts.ts'
import type { Action, Proof } from './action.ts'
import { readWhole } from './confirmed.ts'

/**
 * Repeats the proof of everything that was proven, each marked with the step whose promise it tests. Reads only: what no longer
 * holds is for people to decide about.
 */
export function sweepOver(proofOf: (action: ActionName) => Action['again']): Action {
  return {
    changes: false,
    async run(ctx) {
      const { order } = ctx
      // An account that is gone has nothing left to be proven of.
      if (!isInstance(order.target)) await lookAt(ctx)
      const checks = await readWhole(ctx, async () => {
        const read: Proof[] = []
        for (const { step, action, ...about } of order.again ?? []) {
          const proofs = (await proofOf(action)?.({ ...ctx, order: { ...order, ...about, action } })) ?? nothingToRepeat
          read.push(...proofs.map((proof) => ({ ...proof, action, step })))
        }
        return read
      })
      return {
        result: {
          kind: 'done',
          did: ['Read everything back once more.'],
          checks,
          evidence: [],
          requestIds: ctx.requestIds(),
          notes: [],
        },
      }
    },
  }
}

/** A step without any check would count as one that was not looked at. */
const nothingToRepeat = [
  { name: 'nothing-to-repeat', proven: true, detail: 'What was done once, and cannot come undone, is not read again.' },
] as const
