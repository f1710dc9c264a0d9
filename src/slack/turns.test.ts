import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('no more than so many are at work at once, the others come in order, and one that fails makes room like any other', async () => {
  const turns = new Turns(2)
  const begun: number[] = []
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const all = ends.map(async ({ promise }, index) =>
    turns.take(async () => {
      begun.push(index)
      return promise
    }),
  )
  const settled = Promise.allSettled(all)
  await Promise.resolve()
  expect(begun).toEqual([0, 1])
  ends[1]?.reject(new Error('the line is cut'))
  await expect(all[1]).rejects.toThrow('the line is cut')
  await Promise.resolve()
  expect(begun).toEqual([0, 1, 2])
  for (const [index, end] of ends.entries()) end.resolve(index)
  await settled
  expect(begun).toEqual([0, 1, 2, 3])
  expect(await turns.take(async () => 4)).toBe(4)
})
