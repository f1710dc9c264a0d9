import { expect, test } from 'vitest'
import { type Figure, measure, median } from './bench/figure.ts'

const figureOf = (log: string[], target: Figure['target']): Figure => ({
  name: 'counting',
  unit: 'rows/s',
  target,
  pairs: 3,
  prepare: async () => ({
    ours: async () => log.push('ours') && 8,
    floor: async () => log.push('floor') && 10,
    [Symbol.asyncDispose]: async () => void log.push('disposed'),
  }),
})

test('measures both sides in turn, changes the order, and takes down what it built', async () => {
  const log: string[] = []
  const row = await measure(figureOf(log, { atLeast: 0.8 }))
  expect(row).toMatchObject({ ours: 8, floor: 10, ratio: 0.8, met: true, target: 'ratio ≥ 0.8', spread: [0.8, 0.8] })
  expect(log.join(' ')).toBe('ours floor ours floor floor ours ours floor disposed')
})

test('shows a miss as a miss, of the ratio and of the figure itself', async () => {
  expect(await measure(figureOf([], { atLeast: 0.85 }))).toMatchObject({ met: false })
  expect(await measure(figureOf([], { atMost: 7, of: 'ours' }))).toMatchObject({ met: false, target: 'ours ≤ 7' })
})

test('there is no median of nothing', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(() => median([])).toThrow(RangeError)
})
