import { type AccountId, isInstance } from '#/incident/account.ts'
import type { Effect } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { type Acting, acting } from './acting.ts'
import { type Action, type ActionContext, CannotBeDone } from './action.ts'
import { fit } from './words.ts'

/** The effect of an action on Autentico as a whole, as the action words it. */
export type WholeDraft = Pick<Effect, 'sentence' | 'question' | 'verb' | 'basis'> & {
  readonly warnings?: readonly string[]
  readonly confirmByTyping?: string
}

/** An action on Autentico as a whole, that refuses every order about an account. */
export function actingOnWhole<S>({
  effect,
  look,
  ...rest
}: Omit<Acting<S>, 'effect' | 'about'> & {
  readonly name: ActionName
  readonly effect: (seen: S, ctx: ActionContext) => WholeDraft
}): Action {
  return acting<S>({
    ...rest,
    about: () => 'Autentico',
    async look(ctx) {
      if (!isInstance(ctx.order.target)) throw new Error(`${ctx.order.action} is not about an account`)
      return look(ctx)
    },
    effect(seen, ctx) {
      const { question, verb, warnings = [], ...draft } = effect(seen, ctx)
      return { ...draft, warnings, question: fit(question, 300), verb: fit(verb, 30) }
    },
  })
}

/** The id of the account that the bot signs in with. */
export async function botId({ autentico }: Pick<ActionContext, 'autentico'>): Promise<AccountId> {
  return (await autentico.whoami()).userId as AccountId
}

/** Something is not to be reached from this worker: people do it themselves, as the instructions say, and ask again. */
export function byHand(sentence: string, instructions: string): CannotBeDone {
  return new CannotBeDone(sentence, { retry: true, instructions })
}
