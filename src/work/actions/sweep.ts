import { isInstance } from '#/incident/account.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { SealedEvidence } from '../outcome.ts'
import { lookAt } from './account/account-facts.ts'
import type { Action, ActionContext, Proof } from './action.ts'
import { readWhole } from './confirmed.ts'
import { jsonEvidence } from './evidence.ts'

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
      const kept = await auditLog(ctx)
      return {
        evidence: kept,
        result: {
          kind: 'done',
          did: ['Read everything back once more.'],
          checks,
          evidence: kept.map(({ name, digest }) => ({ name, digest })),
          requestIds: ctx.requestIds(),
          notes: [],
        },
      }
    },
  }
}

/**
 * What Autentico's own audit log says of the account by now, our requests included: the record of the other side. No proof hangs on
 * it, so where it cannot be read the sweep goes on without.
 */
async function auditLog(ctx: ActionContext): Promise<readonly SealedEvidence[]> {
  const { autentico, order, now } = ctx
  if (isInstance(order.target)) return []
  const until = now()
  const since = new Date(until.getTime() - auditDays * 86_400_000)
  try {
    const events = await autentico.audit.ofAccount(order.target, { since, until })
    return [
      jsonEvidence(ctx, 'audit-afterwards.json', { since: since.toISOString(), until: until.toISOString(), events }),
    ]
  } catch {
    return []
  }
}

/** Longer than containing an account takes; what was before is in the snapshot. */
const auditDays = 7

/** A step without any check would count as one that was not looked at. */
const nothingToRepeat = [
  { name: 'nothing-to-repeat', proven: true, detail: 'What was done once, and cannot come undone, is not read again.' },
] as const
