import { msOf } from './grouping.ts'

/** The zone a reader is in, and whether they count hours to 12. */
export type Clock = { readonly zone: string; readonly hour12: boolean }

/** As this browser is set. */
export function readersOwn(): Clock {
  const { timeZone, hour12 } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions()
  return { zone: timeZone, hour12: hour12 ?? false }
}

/** `3:14 PM` or `15:14`, as the reader counts. */
export function timeOfDay(ts: string, { zone, hour12 }: Clock): string {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hour: 'numeric',
    minute: '2-digit',
    ...(hour12 ? { hour12 } : { hour: '2-digit', hourCycle: 'h23' as const }),
  }).format(msOf(ts))
}

/** Both clocks in full: `2026-11-23 14:14:02 UTC · 15:14:02 in Europe/Berlin`, with the reader's own date where it is another. */
export function fullTime(ts: string, { zone }: Clock): string {
  const utc = stamp(msOf(ts), 'UTC')
  const own = stamp(msOf(ts), zone)
  if (own === utc) return `${utc} UTC`
  const sameDay = own.slice(0, 10) === utc.slice(0, 10)
  return `${utc} UTC · ${sameDay ? own.slice(11) : own} in ${zone}`
}

/** The reader's date of a message, `2026-11-23`: what days are told apart by. */
export function dayOf(ts: string, { zone }: Clock): string {
  return stamp(msOf(ts), zone).slice(0, 10)
}

/** What stands over a day: "Today", "Yesterday", or "Monday, November 23rd". */
export function dayName(ts: string, now: number, clock: Clock): string {
  const day = dayOf(ts, clock)
  if (day === dayOf(String(now / 1000), clock)) return 'Today'
  if (day === dayOf(String(now / 1000 - 86_400), clock)) return 'Yesterday'
  const form = new Intl.DateTimeFormat('en-US', { timeZone: clock.zone, weekday: 'long', month: 'long' })
  const part = (type: 'weekday' | 'month') =>
    form.formatToParts(msOf(ts)).find((each) => each.type === type)?.value ?? ''
  return `${part('weekday')}, ${part('month')} ${ordinal(Number(day.slice(8)))}`
}

/** How long ago a reply came: "just now", "3 minutes ago", "2 hours ago", then its day. */
export function ago(ts: string, now: number, clock: Clock): string {
  const minutes = Math.floor((now - msOf(ts)) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} ${hours === 1 ? 'hour' : 'hours'} ago`
  return dayName(ts, now, clock)
}

/** `2026-11-23 14:14:02` in a zone. */
function stamp(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(ms)
}

function ordinal(day: number): string {
  const teens = day % 100 >= 11 && day % 100 <= 13
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')
  return `${day}${ending}`
}
