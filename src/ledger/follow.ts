import { setTimeout as pause } from 'node:timers/promises'
import type { Entry } from './chain.ts'
import type { Ledger } from './ledger.ts'

/** A batch that could not be finished. It will be given again, from `seq` on, after `retryInMs`. */
export type FollowFailure = {
  readonly name: string
  readonly seq: number
  /** How often in a row it has failed, from 1. */
  readonly attempt: number
  readonly retryInMs: number
  readonly error: unknown
}

/** A running follower. Disposing it waits for the batch under way and then stops; what is left waits for the next start. */
export type Follower = AsyncDisposable & {
  /** How many entries it still has to finish. */
  lag(): number
}

export type FollowOptions = {
  readonly ledger: Pick<Ledger, 'head' | 'read' | 'cursor' | 'moveCursor' | 'onAppend'>
  /** Names the cursor: one follower a name, and the name stays the same over restarts. */
  readonly name: string
  /**
   * Does what follows from the entries. They come in order and may come again after a crash or a failure, so doing it
   * twice must be harmless. It resolves with the last `seq` it has finished, or with nothing when that is all of them; it
   * may finish fewer (at least one) and will get the rest again. A rejection means: none of them, try again later.
   */
  readonly handle: (entries: readonly Entry[]) => Promise<number | void>
  /** Told of every failure. It must not throw. */
  readonly onFailure: (failure: FollowFailure) => void
  /** How long to wait after the `attempt`th failure in a row, in ms. The error may know better, as Slack's Retry-After does. */
  readonly retryIn?: (attempt: number, error: unknown) => number
  /** Most entries handed over at once. */
  readonly batch?: number
}

/**
 * Reads the ledger in order from the follower's cursor, for ever: at least once, one batch at a time, woken by appends.
 * The cursor moves only after `handle` has resolved, so `kill -9` at any point loses nothing.
 */
export function follow(options: FollowOptions): Follower {
  const { ledger, name } = options
  const stopping = new AbortController()
  const bell = createBell()
  const unsubscribe = ledger.onAppend(bell.ring)
  stopping.signal.addEventListener('abort', bell.ring)
  const running = run(options, { stopping: stopping.signal, heard: bell.heard })

  return {
    lag: () => (ledger.head()?.seq ?? 0) - ledger.cursor(name),
    async [Symbol.asyncDispose]() {
      unsubscribe()
      stopping.abort()
      await running
    },
  }
}

/** Doubles from half a second to half a minute. */
export function cappedBackoff(attempt: number): number {
  return Math.min(30_000, 500 * 2 ** Math.min(attempt - 1, 10))
}

type Control = { readonly stopping: AbortSignal; readonly heard: () => Promise<void> }

async function run(options: FollowOptions, { stopping, heard }: Control): Promise<void> {
  const { ledger, name, handle, onFailure, retryIn = cappedBackoff, batch = 100 } = options
  let after = ledger.cursor(name)
  let attempt = 0
  while (!stopping.aborted) {
    try {
      const entries = ledger.read({ after, limit: batch })
      if (entries.length === 0) {
        await heard()
        continue
      }
      const finished = finishedUpTo(entries, await handle(entries))
      ledger.moveCursor(name, finished)
      after = finished
      attempt = 0
    } catch (error) {
      attempt += 1
      const retryInMs = retryIn(attempt, error)
      onFailure({ name, seq: after + 1, attempt, retryInMs, error })
      // The only thing that ends the pause early is being stopped, and the loop looks at that itself.
      await pause(retryInMs, undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}

function finishedUpTo(entries: readonly Entry[], answer: number | void): number {
  const [first, last] = [entries.at(0), entries.at(-1)]
  if (first === undefined || last === undefined) throw new Error('a batch is never empty')
  if (typeof answer !== 'number') return last.seq
  if (Number.isInteger(answer) && answer >= first.seq && answer <= last.seq) return answer
  throw new Error(`the handler was given entries ${first.seq} to ${last.seq} and says it finished ${answer}`)
}

/** Remembers one ring until it is heard, so that an append between looking and waiting is not slept through. */
function createBell(): { readonly ring: () => void; readonly heard: () => Promise<void> } {
  let next = Promise.withResolvers<void>()
  return {
    ring: () => next.resolve(),
    async heard() {
      await next.promise
      next = Promise.withResolvers<void>()
    },
  }
}
