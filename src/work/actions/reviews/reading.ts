import type { WorkResult } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { Action, ActionContext, Proof, Report } from '../action.ts'

/** What an action that only reads has to say. */
export type Read = Pick<Extract<WorkResult, { kind: 'done' }>, 'did'> &
  Partial<Pick<Extract<WorkResult, { kind: 'done' }>, 'notes' | 'findings' | 'files' | 'known'>> & {
    readonly evidence?: Report['evidence']
    /** What speaks against it being complete. None: everything there is to see was seen. */
    readonly gaps?: readonly string[]
  }

/** An action that only reads: it counts as proven when nothing of what it had to look at was hidden from it. */
export function reading(name: ActionName, read: (ctx: ActionContext) => Promise<Read>): Action {
  return {
    changes: false,
    async run(ctx) {
      const { did, notes = [], evidence = [], gaps = [], ...more } = await read(ctx)
      const checks = gaps.length === 0 ? [whole(name)] : gaps.map((detail) => gap(name, detail))
      return {
        evidence,
        result: {
          kind: 'done',
          did,
          notes,
          checks: checks.map(({ again: _now, ...check }) => check),
          evidence: evidence.map(({ name: file, digest }) => ({ name: file, digest })),
          requestIds: ctx.requestIds(),
          ...more,
        },
      }
    },
  }
}

function whole(action: ActionName): Proof {
  return { action, name: 'seen-whole', proven: true, detail: 'Everything that there is to look at was looked at.' }
}

function gap(action: ActionName, detail: string): Proof {
  return { action, name: 'not-seen', proven: 'unknown', detail }
}
