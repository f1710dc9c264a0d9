import { expect, test } from 'vitest'
import { ago, clockIn, dayName, dayOf, fullTime, timeOfDay } from './times.ts'

const berlin = clockIn({ zone: 'Europe/Berlin', hour12: false })
const newYork = clockIn({ zone: 'America/New_York', hour12: true })
const utc = clockIn({ zone: 'UTC', hour12: false })
// 2026-11-23 23:30:05 UTC
const ts = String(Date.UTC(2026, 10, 23, 23, 30, 5) / 1000)
const now = Date.UTC(2026, 10, 24, 12)

test('the time stands as the reader counts hours', () => {
  expect(timeOfDay(ts, berlin)).toBe('00:30')
  expect(timeOfDay(ts, newYork)).toMatch(/^6:30\sPM$/)
})

test('both clocks stand in full, with the own date where it is another day there', () => {
  expect(fullTime(ts, berlin)).toBe('2026-11-23 23:30:05 UTC · 2026-11-24 00:30:05 in Europe/Berlin')
  expect(fullTime(ts, newYork)).toBe('2026-11-23 23:30:05 UTC · 18:30:05 in America/New_York')
  expect(fullTime(ts, utc)).toBe('2026-11-23 23:30:05 UTC')
})

test('a day is the reader’s own', () => {
  expect([dayOf(ts, utc), dayOf(ts, berlin)]).toEqual(['2026-11-23', '2026-11-24'])
  expect([dayName(ts, now, utc), dayName(ts, now, berlin)]).toEqual(['Yesterday', 'Today'])
})

test.each([
  [1, 'Sunday, November 1st'],
  [2, 'Monday, November 2nd'],
  [3, 'Tuesday, November 3rd'],
  [11, 'Wednesday, November 11th'],
  [22, 'Sunday, November 22nd'],
])('an older day has its name: %i', (day, name) => {
  expect(dayName(String(Date.UTC(2026, 10, day, 12) / 1000), now, utc)).toBe(name)
})

test.each([
  [20, 'just now'],
  [-5, 'just now'],
  [60, '1 minute ago'],
  [59 * 60, '59 minutes ago'],
  [3600, '1 hour ago'],
  [5 * 3600, '5 hours ago'],
  [26 * 3600, 'Yesterday'],
])('%i seconds ago', (seconds, words) => {
  expect(ago(String(now / 1000 - seconds), now, utc)).toBe(words)
})
