import { msOf } from './grouping.ts'

/** The zone a reader is in, and whether they count hours to 12; with what writes times that way, for making it takes longer than using it. */
export type Clock = {
  readonly zone: string
  readonly time: Intl.DateTimeFormat
  readonly stamp: Intl.DateTimeFormat
  readonly utcStamp: Intl.DateTimeFormat
  readonly day: Intl.DateTimeFormat
}

export function clockIn({ zone, hour12 }: { readonly zone: string; readonly hour12: boolean }): Clock {
  const hours = hour12 ? { hour: 'numeric', hour12 } : { hour: '2-digit', hourCycle: 'h23' }
  // Swedish dates are those of ISO 8601.
  const stampIn = (timeZone: string) =>
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return {
    zone,
    time: new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      minute: '2-digit',
      ...hours,
    } as Intl.DateTimeFormatOptions),
    stamp: stampIn(zone),
    utcStamp: stampIn('UTC'),
    day: new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'long', month: 'long' }),
  }
}

/** As this browser is set. */
export function readersOwn(): Clock {
  const { timeZone, hour12 } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions()
  return clockIn({ zone: timeZone, hour12: hour12 ?? false })
}

/** `3:14 PM` or `15:14`, as the reader counts. */
export function timeOfDay(ts: string, { time }: Clock): string {
  return time.format(msOf(ts))
}

/** Both clocks in full: `2026-11-23 14:14:02 UTC · 15:14:02 in Europe/Berlin`, with the reader's own date where it is another. */
export function fullTime(ts: string, { zone, stamp, utcStamp }: Clock): string {
  const utc = utcStamp.format(msOf(ts))
  const own = stamp.format(msOf(ts))
  if (own === utc) return `${utc} UTC`
  const sameDay = own.slice(0, 10) === utc.slice(0, 10)
  return `${utc} UTC · ${sameDay ? own.slice(11) : own} in ${zone}`
}

/** The reader's date of a message, `2026-11-23`: what days are told apart by. */
export function dayOf(ts: string, { stamp }: Clock): string {
  return stamp.format(msOf(ts)).slice(0, 10)
}

/** What stands over a day: "Today", "Yesterday", or "Monday, November 23rd". */
export function dayName(ts: string, now: number, clock: Clock): string {
  const day = dayOf(ts, clock)
  if (day === dayOf(String(now / 1000), clock)) return 'Today'
  if (day === dayOf(String(now / 1000 - 86_400), clock)) return 'Yesterday'
  const part = (type: 'weekday' | 'month') =>
    clock.day.formatToParts(msOf(ts)).find((each) => each.type === type)?.value ?? ''
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

function ordinal(day: number): string {
  const teens = day % 100 >= 11 && day % 100 <= 13
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')
  return `${day}${ending}`
}
