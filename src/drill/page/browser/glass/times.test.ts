import { describe, expect, test } from 'vitest'
import { age, clockTime, fullTime } from './times.ts'

const now = new Date('2026-11-23T03:20:00Z')

describe('an age', () => {
  test.each([
    ['2026-11-23T03:19:48Z', '12 s'],
    ['2026-11-23T03:19:01Z', '59 s'],
    ['2026-11-23T03:19:00Z', '1 min'],
    ['2026-11-23T02:20:01Z', '59 min'],
    ['2026-11-23T00:20:00Z', '3 h'],
  ])('of %s is %s', (since, words) => {
    expect(age(since, now)).toBe(words)
  })

  test('of what is to come by a clock that goes ahead is none', () => {
    expect(age('2026-11-23T03:20:05Z', now)).toBe('now')
  })

  test('of what is no time is none', () => {
    expect(age('yesterday', now)).toBe('now')
  })
})

test('a time is told in UTC, whatever zone it came in', () => {
  expect(clockTime('2026-11-23T04:20:07.123+01:00')).toBe('03:20:07')
  expect(fullTime('2026-11-23T04:20:07.123+01:00')).toBe('2026-11-23 03:20:07 UTC')
})

test('what is no time is shown as it came', () => {
  expect(clockTime('soon')).toBe('soon')
  expect(fullTime('soon')).toBe('soon')
})
