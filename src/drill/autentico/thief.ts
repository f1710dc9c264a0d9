/** Somebody with stolen goods, and the doors that these may open. */
export type Thief = {
  /** In an order in which none spoils another. */
  readonly doors: readonly string[]
  /** Those that can be tried again and again: they use nothing up. */
  readonly repeatable: readonly string[]
  /** Throws for a door that is none of these. */
  readonly attempt: (door: string) => Promise<Tried>
}

export type Tried = {
  /** `in` means that a token worked or a new credential was accepted, not that a page looked friendly. */
  readonly got: 'in' | 'out'
  readonly detail: string
}

/** A way in. Resolves to why it was refused, or to undefined when it worked. */
export type WayIn = {
  readonly door: string
  readonly enter: () => Promise<string | undefined>
  /** Trying it uses up what was stolen. */
  readonly once?: true
}

export function thiefWith(ways: readonly WayIn[]): Thief {
  return {
    doors: ways.map(({ door }) => door),
    repeatable: ways.filter(({ once }) => once !== true).map(({ door }) => door),
    async attempt(door) {
      const way = ways.find((one) => one.door === door)
      if (way === undefined) throw new Error(`there is no door ${door}`)
      return triedOf(await way.enter())
    },
  }
}

/** What a refusal, or none, means. */
export function triedOf(refusal: string | undefined): Tried {
  return { got: refusal === undefined ? 'in' : 'out', detail: refusal ?? 'in' }
}
