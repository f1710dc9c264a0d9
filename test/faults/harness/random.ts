/** Random numbers that come again with the same seed. */
export type Random = {
  /** From 0 up to, not including, 1. */
  readonly fraction: () => number
  /** A whole number from `least` to `most`, both included. */
  readonly between: (least: number, most: number) => number
  /** One of them. Throws when there is none. */
  readonly pick: <T>(from: readonly T[]) => T
  readonly shuffled: <T>(of: readonly T[]) => readonly T[]
  /** So many bytes. */
  readonly bytes: (count: number) => Buffer
}

/** The generator is Mulberry32: a seed of 32 bits, and the same numbers on every machine. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1))
  return {
    fraction,
    between,
    pick(from) {
      const found = from[between(0, from.length - 1)]
      if (found === undefined) throw new Error('there is nothing to pick from')
      return found
    },
    shuffled: (of) =>
      of
        .map((one) => ({ one, at: fraction() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ one }) => one),
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => between(0, 255))),
  }
}

/** A seed made of words and a number, so that each run of each fault has its own. */
export function seedOf(base: number, ...words: readonly string[]): number {
  let hash = (0x811c9dc5 ^ base) >>> 0
  for (const char of words.join('\n')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0
  return hash
}
