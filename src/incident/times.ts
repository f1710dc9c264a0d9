import { amount } from './amount.ts'

/** `2026-11-23 03:18:02 UTC` */
export function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}

/** "at 2026-11-23 03:19:01 UTC, 4 seconds ago"; of another day, the moment alone. */
export function atAndAgo(at: string, now: string): string {
  const seconds = secondOfDay(now) - secondOfDay(at)
  const known = at.slice(0, 10) === now.slice(0, 10) && seconds >= 0
  return known ? `at ${utc(at)}, ${ago(seconds)}` : `at ${utc(at)}`
}

function ago(seconds: number): string {
  if (seconds < 1) return 'just now'
  if (seconds < 60) return `${amount(seconds, 'second')} ago`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${amount(minutes, 'minute')} ago` : `${amount(Math.floor(minutes / 60), 'hour')} ago`
}

function secondOfDay(at: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = at.slice(11, 19).split(':').map(Number)
  return (hours * 60 + minutes) * 60 + seconds
}
