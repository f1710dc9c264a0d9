import { expect, test } from 'vitest'
import { parseGoDuration, parseTime } from './times.ts'

test.each([
  ['2026-06-18T10:00:00Z', '2026-06-18T10:00:00.000Z'],
  ['2026-06-18T10:00:00.123456789+02:00', '2026-06-18T08:00:00.123Z'],
  ['2026-06-18 10:00:00', '2026-06-18T10:00:00.000Z'],
  ['2026-06-18 10:00:00.5 +0000 UTC', '2026-06-18T10:00:00.500Z'],
  ['2026-06-18 10:00:00.123456789 -0330 NST m=+12.5', '2026-06-18T13:30:00.123Z'],
  ['2026-06-18 10:00:00.1 +0530 +0530', '2026-06-18T04:30:00.100Z'],
])('%s is understood', (text, iso) => {
  expect(parseTime(text)?.toISOString()).toBe(iso)
})

test.each([[''], ['yesterday'], ['2026-06-18'], ['2026-99-18 10:00:00'], ['2026-06-18T10:00:00Z; DROP TABLE users']])(
  '%j is not a time',
  (text) => {
    expect(parseTime(text)).toBeUndefined()
  },
)

test.each([
  ['720h', 2_592_000_000],
  ['1h30m', 5_400_000],
  ['15m0s', 900_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['0', undefined],
  ['-1', undefined],
  ['', undefined],
  ['5 m', undefined],
])('the duration %j is %j milliseconds', (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms)
})
