import type { Clock } from './clock.ts'

/** Slack's special limit on posting: one message a second in each channel. */
export class Rates {
  readonly #clock: Clock
  readonly #last = new Map<string, number>()
  on: boolean

  constructor(clock: Clock, on: boolean) {
    this.#clock = clock
    this.on = on
  }

  /** Counts a post in the channel. The seconds to wait when it came too early, as `Retry-After` says them; otherwise 0. */
  take(channel: string): number {
    if (!this.on) return 0
    const now = this.#clock.now()
    const since = now - (this.#last.get(channel) ?? Number.NEGATIVE_INFINITY)
    if (since >= 0 && since < 1000) return 1
    this.#last.set(channel, now)
    return 0
  }
}
