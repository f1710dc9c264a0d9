/** Acknowledgements by the keys of their deliveries, kept where they outlast this process. */
export type KeptAnswers = {
  /** Those that are still to be kept. */
  all(): readonly KeptAnswer[]
  add(answer: KeptAnswer): void
}

/** `until`: milliseconds since 1970. `answer`: JSON; undefined for an empty acknowledgement. */
export type KeptAnswer = { readonly key: string; readonly until: number; readonly answer: unknown }

/**
 * Knows what was delivered before. The same delivery again, in parallel, minutes later or after a restart, gets the same acknowledgement
 * and has no second effect.
 */
export class Repeats {
  readonly #monotonic: () => number
  readonly #now: () => number
  readonly #keptMs: number
  readonly #kept: KeptAnswers | undefined
  readonly #first = new Map<string, { readonly until: number; readonly acked: Promise<unknown> }>()

  constructor(options: {
    /** Milliseconds of a clock that never goes back. */
    readonly monotonic: () => number
    /** Milliseconds since 1970. */
    readonly now: () => number
    readonly keptMs: number
    readonly kept?: KeptAnswers | undefined
  }) {
    this.#monotonic = options.monotonic
    this.#now = options.now
    this.#keptMs = options.keptMs
    this.#kept = options.kept
    for (const { key, until, answer } of options.kept?.all() ?? []) {
      // A clock that was set meanwhile must not make it last.
      const left = Math.min(until - options.now(), options.keptMs)
      this.#first.set(key, { until: options.monotonic() + left, acked: Promise.resolve(answer) })
    }
  }

  /**
   * The acknowledgement of the first delivery that had one of these keys; undefined when this is the first. `acked` is what
   * later ones are told, unless `isOpen` says of it that the same may come again and be meant.
   */
  earlier(
    keys: readonly string[],
    acked: Promise<unknown>,
    isOpen: (answer: unknown) => boolean = () => false,
  ): Promise<unknown> | undefined {
    const now = this.#monotonic()
    for (const [key, { until }] of this.#first) {
      if (until > now) break
      this.#first.delete(key)
    }
    const known = keys.map((key) => this.#first.get(key)).find((first) => first !== undefined)
    if (known !== undefined) return known.acked
    for (const key of keys) this.#first.set(key, { until: now + this.#keptMs, acked })
    void acked.then((answer) => this.#answered(keys, answer, isOpen(answer)))
    return undefined
  }

  #answered(keys: readonly string[], answer: unknown, open: boolean): void {
    if (open) for (const key of keys) this.#first.delete(key)
    else for (const key of keys) this.#kept?.add({ key, until: this.#now() + this.#keptMs, answer })
  }
}
