import type { Logger } from 'pino'
import { TryLater } from '#/followers/poster.ts'
import { cappedBackoff, type FollowFailure, type FollowOptions, follow } from '#/ledger/follow.ts'

/** Follows the ledger until it is closed; what keeps it from going on is said in the log. */
export function followLedger({
  log,
  ...options
}: Omit<FollowOptions, 'onFailure'> & { readonly log: Logger }): AsyncDisposable {
  return follow({ ...options, onFailure: saidIn(log) })
}

/** While Slack limits one channel, the others, and what may be edited, are looked after this often. */
const besidesLimitMs = 100

/** Everything with a person waiting behind it is tried again soon. */
export function soon(attempt: number, error: unknown): number {
  if (error instanceof TryLater && error.afterMs !== undefined) return Math.min(besidesLimitMs, error.afterMs)
  return Math.min(2_000, cappedBackoff(attempt) / 4)
}

function saidIn(log: Logger): (failure: FollowFailure) => void {
  return ({ name, seq, attempt, retryInMs, error }) => {
    // It was said when Slack said it.
    if (error instanceof TryLater && error.again) return
    const why = error instanceof Error ? error.message : String(error)
    // The first tries are ordinary: Redis or Slack is away for a moment, and it goes on by itself.
    log[attempt > 3 ? 'error' : 'warn'](
      { follower: name, seq, attempt, retryInMs, why },
      'a follower waits and tries again',
    )
  }
}
