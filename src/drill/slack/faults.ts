import type { Json } from './json.ts'

/**
 * What goes wrong with the next calls of a method.
 *
 * - `answer`: the status, headers and body given, nothing done. The default.
 * - `reset`: the connection is cut before anything is done.
 * - `reset-after`: it is done, then the connection is cut without an answer.
 * - `cut`: it is done, and the connection is cut in the middle of the answer's body.
 * - `timeout`: nothing is done and no answer ever comes.
 * - `timeout-after`: it is done, and no answer ever comes.
 */
export type Fault = {
  readonly how?: 'answer' | 'reset' | 'reset-after' | 'cut' | 'timeout' | 'timeout-after'
  /** How many calls fail; 1 when left out. */
  readonly times?: number
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, or text sent as it is. */
  readonly body?: Json
  /** Only calls that name this channel. */
  readonly channel?: string
}

/** Faults waiting to happen, by method; `upload` stands for the bytes of a file, `*` for everything. */
export class Faults {
  readonly #waiting = new Map<string, Fault[]>()

  add(method: string, fault: Fault): void {
    const times = fault.times ?? 1
    this.#waiting.set(method, [...(this.#waiting.get(method) ?? []), ...Array.from({ length: times }, () => fault)])
  }

  /** The fault of this call, used up. */
  take(method: string, channel?: string): Fault | undefined {
    for (const name of [method, '*']) {
      const waiting = this.#waiting.get(name) ?? []
      const at = waiting.findIndex((fault) => fault.channel === undefined || fault.channel === channel)
      if (at >= 0) return waiting.splice(at, 1)[0]
    }
    return undefined
  }

  clear(): void {
    this.#waiting.clear()
  }
}
