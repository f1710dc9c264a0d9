import { describe, expect, test } from 'vitest'
import { fullDate, slackDate } from './dates.ts'

/** 2026-11-23 03:18:02 UTC, a Monday. */
const monday = Date.UTC(2026, 10, 23, 3, 18, 2) / 1000
const reader = { now: new Date(Date.UTC(2026, 10, 25, 12)), hour12: true, zone: 'UTC' }

describe('every token', () => {
  test.each([
    ['{date_num}', '2026-11-23'],
    ['{date_slash}', '23/11/2026'],
    ['{date}', 'November 23rd, 2026'],
    ['{date_short}', 'Nov 23, 2026'],
    ['{date_long}', 'Monday, November 23rd, 2026'],
    ['{date_long_full}', 'November 23, 2026'],
    ['{date_pretty}', 'November 23rd, 2026'],
    ['{date_short_pretty}', 'Nov 23, 2026'],
    ['{date_long_pretty}', 'Monday, November 23rd, 2026'],
    ['{day_divider_pretty}', 'Monday, November 23rd'],
    ['{time}', '3:18 AM'],
    ['{time_secs}', '3:18:02 AM'],
    ['{ago}', '2 days ago'],
    ['at {time}, {date_num}', 'at 3:18 AM, 2026-11-23'],
  ])('%s', (format, words) => {
    expect(slackDate(monday, format, reader)).toBe(words)
  })
})

test('yesterday, today and tomorrow are those of the reader, and begin a sentence with a capital', () => {
  const on = (day: number, format: string) =>
    slackDate(monday, format, { ...reader, now: new Date(Date.UTC(2026, 10, day, 23)) })
  expect(on(24, '{date_pretty}')).toBe('Yesterday')
  expect(on(23, 'until {date_short_pretty}')).toBe('until today')
  expect(on(22, '{date_long_pretty} at {time}')).toBe('Tomorrow at 3:18 AM')
})

test('the reader sees their own zone and clock', () => {
  const auckland = { ...reader, zone: 'Pacific/Auckland', hour12: false }
  expect(slackDate(monday, '{date_num} {time}', auckland)).toBe('2026-11-23 16:18')
  const honolulu = { ...reader, zone: 'Pacific/Honolulu' }
  expect(slackDate(monday, '{date_num} {time}', honolulu)).toBe('2026-11-22 5:18 PM')
  expect(fullDate(monday, honolulu)).toBe('Sunday, November 22nd, 2026 at 5:18:02 PM')
})

test('noon and midnight are twelve', () => {
  const at = (hour: number) => slackDate(Date.UTC(2026, 0, 1, hour) / 1000, '{time}', reader)
  expect([at(0), at(12), at(13)]).toEqual(['12:00 AM', '12:00 PM', '1:00 PM'])
})

test('a moment or a format that cannot be shown is left to the fallback', () => {
  expect(slackDate(Number.NaN, '{time}', reader)).toBeUndefined()
  expect(slackDate(1e15, '{time}', reader)).toBeUndefined()
  expect(slackDate(monday, 'no token', reader)).toBeUndefined()
  expect(slackDate(monday, '{time} {constructor}', reader)).toBeUndefined()
})
