import { NotRecorded } from '../door.ts'
import type { Log } from '../log.ts'

/** One delivery at the counter: how to acknowledge it, and what its sender is told when something here breaks. */
export type Delivery<T> = {
  /** For the log: which button, form or command. Never what was typed. */
  readonly what: string
  readonly repeated: (acked: Promise<unknown>) => Promise<unknown> | undefined
  readonly ack: (answer: T | undefined) => Promise<void>
  /** What Slack is told when the answer takes longer than it waits. */
  readonly whenLate: () => T | undefined
  readonly work: (reply: (answer?: T) => Promise<boolean>) => Promise<void>
  readonly sorry: (sentence: string) => Promise<void>
}

export type CounterDeps = {
  readonly log: Log
  /** Slack waits three seconds. */
  readonly ackWithinMs: number
  /** A short name for one mishap, that the person can pass on and the operator can find in the log. */
  readonly reference: () => string
  /** Told of every delivery, before anything is done about it. */
  readonly delivered?: (() => void) | undefined
}

/**
 * Where every delivery passes: it is acknowledged in time and once, done once however often it comes, and when something
 * breaks its sender hears of it.
 */
export class Counter {
  readonly #deps: CounterDeps
  readonly #underWay = new Set<Promise<void>>()
  #closing = false

  constructor(deps: CounterDeps) {
    this.#deps = deps
  }

  /** Never throws. */
  async take<T>(delivery: Delivery<T>): Promise<void> {
    // Not acknowledged: Slack tells the person that it did not work, and nothing was begun.
    if (this.#closing) return
    this.#deps.delivered?.()
    const done = this.#take(delivery)
    this.#underWay.add(done)
    await done
    this.#underWay.delete(done)
  }

  /** Takes nothing more, and waits for what is under way, at most `graceMs`. False when something still is. */
  async close(graceMs: number): Promise<boolean> {
    this.#closing = true
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), graceMs)
    const ended = await Promise.race([Promise.allSettled(this.#underWay), late.promise])
    clearTimeout(timer)
    return ended !== 'late'
  }

  async #take<T>({ what, repeated, ack, whenLate, work, sorry }: Delivery<T>): Promise<void> {
    const acked = Promise.withResolvers<T | undefined>()
    const earlier = repeated(acked.promise)
    let answered = false
    const reply = async (answer?: T): Promise<boolean> => {
      if (answered) return false
      answered = true
      acked.resolve(answer)
      // Whoever keeps it has it before Slack hears it, however this process ends then.
      await acked.promise
      // A broken connection takes the acknowledgement with it; what was recorded stays recorded.
      await ack(answer).catch((error: unknown) =>
        this.#deps.log.warn({ what, why: messageOf(error) }, 'an acknowledgement did not reach Slack'),
      )
      return true
    }
    if (earlier !== undefined) {
      await reply((await earlier) as T | undefined)
      return
    }
    const timer = setTimeout(() => void reply(whenLate()), this.#deps.ackWithinMs)
    try {
      await work(reply)
    } catch (error) {
      if (error instanceof NotRecorded) {
        this.#deps.log.error({ what, why: error.message }, 'what somebody asked for could not be recorded')
        await sorry(error.message).catch(() => undefined)
        return
      }
      const reference = this.#deps.reference()
      this.#deps.log.error(
        { what, reference, why: messageOf(error), ...(error instanceof Error ? { stack: error.stack } : {}) },
        'something broke while answering a person',
      )
      await sorry(
        `Something went wrong here (ref ${reference}). If the thread does not show it, it was not recorded and nothing was changed. Try once more; if it happens again, give the reference to an operator.`,
      ).catch(() => undefined)
    } finally {
      clearTimeout(timer)
      await reply()
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
