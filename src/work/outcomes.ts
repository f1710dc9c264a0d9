import type { KeyObject } from 'node:crypto'
import { type Consumer, GiveUp, startConsumer } from './consumer.ts'
import { type Journal } from './journal.ts'
import { type ForgeryNotice, type Outcome, verifyNotice, verifyOutcome } from './outcome.ts'
import { openQueue, type RedisPlace } from './queue.ts'

/** Something in Redis that nobody we know had signed: for the ledger's `ForgeryRefused`. */
export type Forgery = Pick<ForgeryNotice, 'what' | 'why' | 'digest'>

export type OutcomeConsumerOptions = RedisPlace & {
  readonly workerKeys: readonly KeyObject[]
  /**
   * Called for each outcome, one after the other; the same one may come twice, and one for an order that has ended may come.
   * When it throws, the outcome comes again after a while.
   */
  readonly onOutcome: (outcome: Outcome) => Promise<void> | void
  /** Called for each forged order that a worker met, and each forged outcome met here. */
  readonly onForgery: (forgery: Forgery) => Promise<void> | void
  readonly canaryMs?: number
}

/** The bot's side: takes the outcomes out of the queue and believes only those that a known worker signed. */
export function consumeOutcomes(options: OutcomeConsumerOptions): Consumer {
  const { workerKeys, onOutcome, onForgery } = options
  return startConsumer({
    ...options,
    queue: 'outcomes',
    // In the order in which they were said.
    concurrency: 1,
    async take({ kind, content }) {
      if (kind === 'notice') {
        const seen = verifyNotice(content, workerKeys)
        if (seen.kind === 'genuine')
          return onForgery({ what: seen.value.what, why: seen.value.why, digest: seen.value.digest })
        return refuse(seen.why, seen.digest)
      }
      const seen = verifyOutcome(content, workerKeys)
      return seen.kind === 'genuine' ? onOutcome(seen.value) : refuse(seen.why, seen.digest)
    },
  })

  async function refuse(why: string, digest: string): Promise<never> {
    await onForgery({ what: 'outcome', why, digest })
    throw new GiveUp(why)
  }
}

/** The worker's side: what the journal holds goes out, in order, and again until Redis has taken it. */
export type OutcomeSender = AsyncDisposable & {
  /** Sends everything that is due. Throws when Redis does not take it; it will be tried again by itself. */
  flush(): Promise<void>
}

export function openOutcomeSender(
  options: RedisPlace & { readonly journal: Journal; readonly everyMs?: number },
): OutcomeSender {
  const { journal, log, everyMs = 2_000 } = options
  const queue = openQueue('outcomes', options)
  let last: Promise<void> = Promise.resolve()

  async function sendAll(): Promise<void> {
    for (;;) {
      const due = journal.undelivered()
      if (due.length === 0) return
      for (const { n, id, kind, envelope } of due) {
        await queue.put({ id, kind, envelope })
        journal.delivered(n)
      }
    }
  }

  // One after the other, or two would send the same twice and out of order.
  const flush = async (): Promise<void> => {
    const next = last.then(sendAll, sendAll)
    last = next.catch(() => undefined)
    return next
  }
  const timer = setInterval(() => {
    if (journal.undelivered().length > 0) void flush().catch(() => log.warn({}, 'outcomes wait for redis'))
  }, everyMs)

  return {
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush().catch(() => undefined)
      await queue[Symbol.asyncDispose]()
    },
  }
}
