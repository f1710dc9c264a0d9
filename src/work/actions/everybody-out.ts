import { isFailure } from '#/autentico/failures.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from './action.ts'
import type { Missed } from './revoke-all.ts'
import { count, present, utc } from './words.ts'

/**
 * Reads back that nobody but the bot holds a session, a single sign-on session or a token that was issued before a moment. What
 * people sign in with afterwards is theirs.
 */
export async function nobodySince(
  { autentico }: Pick<ActionContext, 'autentico'>,
  { action, at, missed = [] }: { readonly action: ActionName; readonly at: Date; readonly missed?: readonly Missed[] },
): Promise<readonly Proof[]> {
  const base = { action, name: 'nobody-signed-in' }
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
  try {
    const left = await autentico.signedInBefore(at)
    const there = present(
      [left.sessions, 'session'],
      [left.ssoSessions, 'single sign-on session'],
      [left.tokens, 'token'],
    )
    const when = utc(at.toISOString())
    const detail =
      there === ''
        ? `No session: nobody but the bot holds anything that was issued before ${when}.`
        : `${there} from before ${when} still ${left.sessions + left.ssoSessions + left.tokens === 1 ? 'lives' : 'live'}.`
    return [{ ...base, proven: there === '', detail }, ...forgotten]
  } catch (error) {
    if (!isFailure(error)) throw error
    return [{ ...base, proven: 'unknown', detail: error.message, again: true }, ...forgotten]
  }
}
