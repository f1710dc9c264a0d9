/** What `ours / floor` has to be, or `ours` itself where `of` says so. */
export type Target = { readonly atLeast?: number; readonly atMost?: number; readonly of?: 'ratio' | 'ours' }

/** Both sides of one figure, ready to be measured again and again. Each call returns one measurement in the figure's unit. */
export type Sides = { readonly ours: () => Promise<number>; readonly floor: () => Promise<number> }

export type Figure = {
  readonly name: string
  readonly unit: string
  readonly target: Target
  /** Builds what both sides need; disposing takes it away again. */
  readonly prepare: () => Promise<AsyncDisposable & Sides>
  /** How often both sides are measured, one straight after the other: 9 unless told. */
  readonly pairs?: number
  /** About how long it takes where that is longer than anybody waits for without having asked: it is measured only when named. */
  readonly minutes?: number
}

/** `spread` is the lowest and the highest ratio of a pair; `ratio` is the median of all of them. */
export type Row = {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly floor: number
  readonly ratio: number
  readonly target: string
  readonly met: boolean
  readonly spread: readonly [number, number]
  readonly pairs: number
}

/**
 * Measures both sides in turn, the order changing with every pair, so that whatever slows the machine down slows both.
 * A first pair warms up and is not counted. Throws what a side throws.
 */
export async function measure({ name, unit, target, prepare, pairs = 9 }: Figure): Promise<Row> {
  await using sides = await prepare()
  await sides.ours()
  await sides.floor()
  const measured: { readonly ours: number; readonly floor: number }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await sides.ours() : undefined
    const floor = await sides.floor()
    measured.push({ ours: first ?? (await sides.ours()), floor })
  }
  const ratios = measured.map(({ ours, floor }) => ours / floor)
  const ours = median(measured.map((pair) => pair.ours))
  const ratio = median(ratios)
  const judged = target.of === 'ours' ? ours : ratio
  return {
    name,
    unit,
    ours,
    floor: median(measured.map((pair) => pair.floor)),
    ratio,
    target: wordsOf(target),
    met: judged >= (target.atLeast ?? -Infinity) && judged <= (target.atMost ?? Infinity),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    pairs,
  }
}

function wordsOf({ atLeast, atMost, of = 'ratio' }: Target): string {
  if (atLeast !== undefined && atMost !== undefined) return `${of} ${atLeast}–${atMost}`
  return `${of} ${atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`}`
}

/** The middle value; of an even number of them the higher of the middle two. Throws a RangeError for none. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  if (middle === undefined) throw new RangeError('there is no median of nothing')
  return middle
}
