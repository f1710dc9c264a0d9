import type { KeyObject } from 'node:crypto'
import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { readKey, type Sealed, seal } from '../seal.ts'
import type { Action, ActionContext, Done, Proof, Report } from './action.ts'
import { confirmed } from './confirmed.ts'
import { differences } from './words.ts'

/** What tells one action that changes something from another. `S`: what it sees when it looks. */
export type Acting<S> = {
  readonly name: ActionName
  /** Reads what there is. Throws {@link CannotBeDone} where the action has no business. */
  readonly look: (ctx: ActionContext) => Promise<S>
  /** What running it now would do; its basis is what the approval is bound to. */
  readonly effect: (seen: S, ctx: ActionContext) => Effect
  /** Whom or what a sentence about a difference speaks of. */
  readonly about: (seen: S) => string
  /** What was there before the first change, for the words of whoever has to go on with it. */
  readonly found?: (seen: S) => Readonly<Record<string, string>>
  /**
   * Counts that an attacker can raise at will, and that the action brings to nothing whatever they are. A higher one voids
   * an approval once; after that it no longer does, or whoever goes on signing in could hold the action off for ever.
   */
  readonly mayGrow?: readonly string[]
  readonly execute: (ctx: ActionContext, seen: S) => Promise<Done>
  readonly again?: Action['again']
}

/**
 * An action that changes something: it looks, says what it would do, and when it is run looks again. It runs only if what it
 * finds is what was approved; once it has begun it goes on whatever it finds, because then it is itself what changed.
 */
export function acting<S>({
  name,
  look,
  effect,
  about,
  found = () => ({}),
  mayGrow = [],
  execute,
  again,
}: Acting<S>): Action {
  return {
    changes: true,

    async prepare(ctx) {
      return { kind: 'prepared', effect: effect(await look(ctx), ctx) }
    },

    async run(ctx) {
      const seen = await look(ctx)
      if (ctx.progress.begunAt === undefined) {
        const now = effect(seen, ctx)
        const approved =
          ctx.order.params?.['changedBefore'] === undefined
            ? ctx.order.basis
            : grown(ctx.order.basis, now.basis, mayGrow)
        const changed = differences(about(seen), approved ?? {}, now.basis)
        if (changed.length > 0) return { result: { kind: 'changed', effect: now, differences: changed } }
        await ctx.progress.begin(found(seen))
      }
      return carriedOut(ctx, name, await execute(ctx, seen))
    },

    ...(again === undefined ? {} : { again }),
  }
}

/** What an action that changed something reports, once what it made true has been read back. */
export async function carriedOut(ctx: ActionContext, name: ActionName, done: Done): Promise<Report> {
  return reportOf(ctx, done, await confirmed(ctx, name, done.prove))
}

/** What was approved, with the counts that may grow as they are now, where they have grown. */
function grown(approved: Effect['basis'] = {}, now: Effect['basis'], mayGrow: readonly string[]): Effect['basis'] {
  const raised = Object.entries(now).filter(([name, value]) => {
    const before = approved[name]
    return mayGrow.includes(name) && typeof value === 'number' && typeof before === 'number' && value > before
  })
  return { ...approved, ...Object.fromEntries(raised) }
}

function reportOf(
  { order, requestIds, now, times, sealTo }: ActionContext,
  done: Done,
  checks: readonly StepCheck[],
): Report {
  const { did, notes = [], secret, evidence = [], files, known } = done
  const result: WorkResult = {
    kind: 'done',
    did,
    checks,
    evidence: evidence.map(({ name, digest }) => ({ name, digest })),
    requestIds: requestIds(),
    notes,
    ...(done.accessTokensEndAt === undefined ? {} : { accessTokensEndAt: done.accessTokensEndAt }),
    ...(files === undefined ? {} : { files }),
    ...(known === undefined ? {} : { known }),
  }
  if (secret === undefined) return { result, evidence }
  const expiresAt = new Date(now().getTime() + times.secretTtlMs).toISOString()
  return {
    result: { ...result, sealed: { expiresAt } },
    evidence,
    sealed: sealedOnce(secret, order.sealTo === undefined ? sealTo : readKey(order.sealTo), order.id),
  }
}

/** The copy that was made to be sealed does not stay in memory. */
function sealedOnce(secret: string, recipient: KeyObject, order: string): Sealed {
  const bytes = Buffer.from(secret, 'utf8')
  const sealed = seal(bytes, recipient, order)
  bytes.fill(0)
  return sealed
}

/** Proofs that are read once more in a sweep, by the same reading as at the end of the action. */
export type Again = (ctx: ActionContext) => Promise<readonly Proof[]>
