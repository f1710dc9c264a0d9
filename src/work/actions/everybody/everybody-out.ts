import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'
import { botId } from '../whole.ts'
import { count } from '../words.ts'
import type { Missed } from './revoke-all.ts'

/**
 * Reads back that nobody but the bot holds a session, a single sign-on session or a token that was issued before a moment. What
 * people sign in with afterwards is theirs.
 */
export async function nobodySince(
  { autentico }: Pick<ActionContext, 'autentico'>,
  { action, at, missed = [] }: { readonly action: ActionName; readonly at: Date; readonly missed?: readonly Missed[] },
): Promise<readonly Proof[]> {
  const forgotten: readonly Proof[] =
    missed.length === 0
      ? []
      : [
          {
            action,
            name: 'nobody-missed',
            proven: false,
            detail: `${count(missed.length, 'user')} could not be done: ${missed
              .slice(0, 5)
              .map(({ username, why }) => `${username} (${why})`)
              .join(', ')}${missed.length > 5 ? ' and more, in the file' : ''}.`,
          },
        ]
  const except = await botId({ autentico })
  const read = await autentico.proofs.everybodyRevoked({ before: at, except })
  return [...read.map((check) => ({ ...check, action })), ...forgotten]
}
