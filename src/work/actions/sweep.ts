import { lookAt } from './account-facts.ts'
import type { Action } from './action.ts'
import { proofs } from './checks.ts'
import { readWhole } from './confirmed.ts'

/**
 * Repeats the proofs of all containment steps, each marked with the action whose promise it tests. Reads only: what no longer
 * holds is for people to decide about.
 */
export const sweep: Action = {
  changes: false,
  async run(ctx) {
    await lookAt(ctx)
    const checks = await readWhole(ctx, async () => [
      ...(await proofs(ctx, 'revoke-sessions').revoked()),
      ...(await proofs(ctx, 'reset-password').revoked()).slice(0, 1),
      ...(await proofs(ctx, 'reset-mfa').mfaCleared()),
      ...(await proofs(ctx, 'close-doors').doorsClosed()),
    ])
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
