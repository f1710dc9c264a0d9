import {
  AutenticoRejected,
  AutenticoUnavailable,
  DatabaseUnusable,
  EnvironmentUnusable,
  isFailure,
  OutcomeUnknown,
  WrongCredentials,
} from '#/autentico/failures.ts'
import { CannotBeDone, NotYet } from './actions/action.ts'
import { HandBack, TryAgain } from './consumer.ts'
import { QueueAway } from './queue.ts'

/** What a failure in the middle of an order means for the order. */
export type Meaning =
  /** It may work later. `why` is for people and is reported once; `soonMs` and `until` say when, where that is known. */
  | { readonly kind: 'wait'; readonly why: string; readonly soonMs?: number; readonly until?: Date }
  | { readonly kind: 'fail'; readonly sentence: string; readonly retry: boolean; readonly instructions?: string }
  /** Not about the order at all: somebody else goes on with it. */
  | { readonly kind: 'leave'; readonly error: TryAgain | HandBack }
  /** A fault of our own. */
  | { readonly kind: 'bug' }

/** Reads a failure. No sentence carries a secret: those of the Autentico room do not, and a bug's text is not passed on. */
export function meaningOf(error: unknown): Meaning {
  if (error instanceof TryAgain || error instanceof HandBack) return { kind: 'leave', error }
  if (error instanceof NotYet) return { kind: 'wait', why: error.message, until: error.until }
  if (error instanceof CannotBeDone) {
    const { message: sentence, retry, instructions } = error
    return { kind: 'fail', sentence, retry, ...(instructions === undefined ? {} : { instructions }) }
  }
  if (error instanceof AutenticoUnavailable) {
    const { retryAfterMs } = error
    return { kind: 'wait', why: error.message, ...(retryAfterMs === undefined ? {} : { soonMs: retryAfterMs }) }
  }
  if (error instanceof OutcomeUnknown) {
    return { kind: 'wait', why: `${error.message} What is true is read before anything is done again.` }
  }
  if (error instanceof WrongCredentials) return { kind: 'fail', sentence: error.message, retry: true }
  if (error instanceof AutenticoRejected) {
    // The bot's rights can be put right by a person; an account that is gone cannot.
    return { kind: 'fail', sentence: error.message, retry: error.status === 403 }
  }
  if (error instanceof DatabaseUnusable || error instanceof EnvironmentUnusable) {
    return { kind: 'fail', sentence: error.message, retry: true }
  }
  if (isFailure(error)) return { kind: 'fail', sentence: error.message, retry: false }
  if (isRedisFailure(error)) return { kind: 'leave', error: new TryAgain(1_000, 'Redis could not be reached.') }
  return { kind: 'bug' }
}

function isRedisFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof QueueAway || error.name === 'MaxRetriesPerRequestError' || error.name === 'ReplyError')
    return true
  return /^Stream isn't writeable|^Connection is closed|^Command timed out/.test(error.message)
}
