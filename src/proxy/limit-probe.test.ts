import { expect, test } from 'vitest'
import { verdictOn } from './limit-probe.ts'
import type { Limits } from './limits.ts'

const limits: Limits = { rate: { requests: 10, per: 'second' }, burst: 20, allowed: [] }
const well = { limits, passed: 45, refused: 12, seconds: 2.5, refill: { seconds: 0.5, passed: 5 } }

test.each([
  ['the burst and what the rate gives', well, 'proven'],
  ['the burst alone, with no time to give anything', { ...well, passed: 20, seconds: 0.02 }, 'proven'],
  ['more than burst and rate can give', { ...well, passed: 60 }, 'disproved'],
  ['nothing was refused', { ...well, refused: 0 }, 'unknown'],
  ['less than the burst', { ...well, passed: 12 }, 'unknown'],
  ['nothing was given back', { ...well, refill: { seconds: 0.5, passed: 0 } }, 'unknown'],
  ['given back is no more than the burst', { ...well, refill: { seconds: 60, passed: 20 } }, 'proven'],
  ['nobody waited for anything to be given back', { ...well, refill: undefined }, 'proven'],
] as const)('%s', (_what, count, kind) => {
  expect(verdictOn(count)).toMatchObject({ kind, sentence: expect.stringMatching(/\.$/) as string })
})

test('a limit by the minute is judged by the second that was measured', () => {
  const slow: Limits = { ...limits, rate: { requests: 60, per: 'minute' } }

  expect(verdictOn({ ...well, limits: slow, passed: 23 }).kind).toBe('proven')
  expect(verdictOn({ ...well, limits: slow, passed: 45 })).toMatchObject({
    kind: 'disproved',
    sentence:
      'The limit is wider than a burst of 20 and 60 a minute: 45 requests passed in 2.5 seconds, 12 were refused.',
  })
})
