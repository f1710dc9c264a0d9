/**
 * The workspace's clock and its counters. Message stamps never repeat and never go back, also when the time given does.
 * Ids of people, channels and the app are fixed; ids of what happens carry the time, so that two runs of the local Slack
 * do not reuse the ids a bot may have remembered.
 */
export class Clock {
  readonly now: () => number
  #second = 0
  #within = 0
  #counter = 0

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.now = now
  }

  seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  /** A message time stamp, `1700000000.000100`: seconds, and six digits that make it unique in the workspace. */
  stamp(): string {
    const second = this.seconds()
    this.#within = second > this.#second ? 1 : this.#within + 1
    this.#second = Math.max(this.#second, second)
    return `${this.#second}.${String(this.#within * 100).padStart(6, '0')}`
  }

  /** An id such as `V0MBCK3F01`: the prefix, the time, and a counter. */
  id(prefix: string): string {
    this.#counter += 1
    const part = (value: number, width: number) => value.toString(36).toUpperCase().padStart(width, '0')
    return `${prefix}0${part(this.now(), 8)}${part(this.#counter, 3)}`
  }
}
