/**
 * Knows what was delivered before. The same delivery again, in parallel or minutes later, gets the same acknowledgement
 * and has no second effect.
 */
export class Repeats {
  readonly #monotonic: () => number
  readonly #keptMs: number
  readonly #first = new Map<string, { readonly until: number; readonly acked: Promise<unknown> }>()

  constructor(options: { readonly monotonic: () => number; readonly keptMs: number }) {
    this.#monotonic = options.monotonic
    this.#keptMs = options.keptMs
  }

  /**
   * The acknowledgement of the first delivery that had one of these keys; undefined when this is the first. `acked` is what
   * later ones are told.
   */
  earlier(keys: readonly string[], acked: Promise<unknown>): Promise<unknown> | undefined {
    const now = this.#monotonic()
    for (const [key, { until }] of this.#first) {
      if (until > now) break
      this.#first.delete(key)
    }
    const known = keys.map((key) => this.#first.get(key)).find((first) => first !== undefined)
    if (known !== undefined) return known.acked
    for (const key of keys) this.#first.set(key, { until: now + this.#keptMs, acked })
    return undefined
  }
}
