import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { seal } from '../seal.ts'
import { lookAt, type Seen } from './account-facts.ts'
import { type Action, type ActionContext, CannotBeDone, type Done, type Report } from './action.ts'
import { confirmed } from './confirmed.ts'
import { differences, fit, signedIn } from './words.ts'

/** An effect as an action words it; what is the same for all actions is added here. */
export type Draft = Pick<Effect, 'sentence' | 'question' | 'verb'> & {
  readonly warnings?: readonly string[]
  /** What the approval rests on besides who the account is. */
  readonly basis?: Effect['basis']
}

/**
 * An action that changes an account: it looks, says what it would do, and when it is run looks again. It runs only if what it
 * finds is what was approved; once it has begun it goes on whatever it finds, because then it is itself what changed.
 */
export function changing({
  name,
  suspendedToo = true,
  mayGrow = [],
  effect,
  execute,
}: {
  readonly name: ActionName
  /**
   * Counts that an attacker can raise at will, and that the action brings to nothing whatever they are. A higher one voids
   * an approval once; after that it no longer does, or whoever goes on signing in could hold the action off for ever.
   */
  readonly mayGrow?: readonly string[]
  /** False: Autentico refuses this for a suspended account. */
  readonly suspendedToo?: boolean
  readonly effect: (seen: Seen) => Draft
  readonly execute: (ctx: ActionContext, seen: Seen) => Promise<Done>
}): Action {
  async function look(ctx: ActionContext): Promise<Seen> {
    const seen = await lookAt(ctx)
    if (seen.facts.suspended && !suspendedToo && ctx.progress.begunAt === undefined) {
      const { username } = seen.facts.account
      throw new CannotBeDone(
        seen.visible
          ? `${username} is suspended, and Autentico changes nothing about a suspended account. Nobody can sign in with it meanwhile; this can be done when it is restored.`
          : `Autentico no longer shows ${username}: the account is suspended or gone, so this cannot be done.`,
        { retry: false },
      )
    }
    return seen
  }

  return {
    changes: true,

    async prepare(ctx) {
      const seen = await look(ctx)
      return { kind: 'prepared', facts: seen.facts, effect: complete(effect(seen), seen) }
    },

    async run(ctx) {
      const seen = await look(ctx)
      const { facts } = seen
      if (ctx.progress.begunAt === undefined) {
        const now = complete(effect(seen), seen)
        const approved =
          ctx.order.params?.['changedBefore'] === undefined
            ? ctx.order.basis
            : grown(ctx.order.basis, now.basis, mayGrow)
        const changed = differences(facts.account.username, approved ?? {}, now.basis)
        if (changed.length > 0) return { result: { kind: 'changed', facts, effect: now, differences: changed } }
        await ctx.progress.begin({ found: signedIn(facts) })
      }
      const done = await execute(ctx, seen)
      return reportOf(ctx, done, await confirmed(ctx, name, done.prove))
    },
  }
}

/** What was approved, with the counts that may grow as they are now, where they have grown. */
function grown(approved: Effect['basis'] = {}, now: Effect['basis'], mayGrow: readonly string[]): Effect['basis'] {
  const raised = Object.entries(now).filter(([name, value]) => {
    const before = approved[name]
    return mayGrow.includes(name) && typeof value === 'number' && typeof before === 'number' && value > before
  })
  return { ...approved, ...Object.fromEntries(raised) }
}

function complete({ sentence, question, verb, warnings = [], basis = {} }: Draft, { facts, visible }: Seen): Effect {
  const { account, role, isLastAdmin, suspended, database } = facts
  const unseen = visible
    ? []
    : [
        `Autentico no longer shows ${account.username}: the account is suspended, or gone. Without the database the two cannot be told apart.`,
      ]
  const last = isLastAdmin
    ? [
        `${account.username} is the last administrator besides the bot: afterwards nobody else may be able to administer Autentico.`,
      ]
    : []
  return {
    sentence,
    question: fit(question, 300),
    verb: fit(verb, 30),
    warnings: [...last, ...unseen, ...warnings],
    ...(isLastAdmin ? { confirmByTyping: account.username } : {}),
    basis: {
      id: account.id,
      username: account.username,
      email: account.email,
      role,
      lastAdmin: isLastAdmin,
      suspended,
      database,
      ...basis,
    },
  }
}

function reportOf(
  { order, requestIds, now, times, sealTo }: ActionContext,
  done: Done,
  checks: readonly StepCheck[],
): Report {
  const { did, notes = [], secret } = done
  const result: WorkResult = {
    kind: 'done',
    did,
    checks,
    evidence: [],
    requestIds: requestIds(),
    notes,
    ...(done.accessTokensEndAt === undefined ? {} : { accessTokensEndAt: done.accessTokensEndAt }),
  }
  if (secret === undefined) return { result }
  const expiresAt = new Date(now().getTime() + times.secretTtlMs).toISOString()
  return { result: { ...result, sealed: { expiresAt } }, sealed: seal(Buffer.from(secret, 'utf8'), sealTo, order.id) }
}

/** Ends every session of the account, once more where it was done before. */
export async function revoke({ autentico, order, progress }: ActionContext): Promise<void> {
  await progress.fence()
  await autentico.users.revokeSessions(order.target.id)
}
