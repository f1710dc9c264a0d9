import type { Effect } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { type Again, acting } from '../acting.ts'
import { type Action, type ActionContext, CannotBeDone, type Done } from '../action.ts'
import { fit, signedIn } from '../words.ts'
import { lookAt, type Seen } from './account-facts.ts'

/** An effect as an action words it; what is the same for all actions is added here. */
export type Draft = Pick<Effect, 'sentence' | 'question' | 'verb'> & {
  readonly warnings?: readonly string[]
  /** What the approval rests on besides who the account is. */
  readonly basis?: Effect['basis']
}

/**
 * An action that changes an account: it refuses the bot's own, and says of the last administrator that it is the last.
 */
export function changing({
  name,
  suspendedToo = true,
  mayGrow = [],
  effect,
  execute,
  again,
}: {
  readonly name: ActionName
  readonly mayGrow?: readonly string[]
  /** False: Autentico refuses this for a suspended account. */
  readonly suspendedToo?: boolean
  readonly effect: (seen: Seen) => Draft
  readonly execute: (ctx: ActionContext, seen: Seen) => Promise<Done>
  readonly again?: Again
}): Action {
  return acting<Seen>({
    name,
    mayGrow,
    async look(ctx) {
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
    },
    effect: (seen) => complete(effect(seen), seen),
    about: ({ facts }) => facts.account.username,
    found: ({ facts }) => ({ found: signedIn(facts) }),
    execute,
    ...(again === undefined ? {} : { again }),
  })
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

/** Ends every session of the account, once more where it was done before. */
export async function revoke({ autentico, order, progress }: ActionContext): Promise<void> {
  await progress.fence()
  await autentico.users.revokeSessions(order.target.id)
}
