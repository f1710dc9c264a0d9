/** How the reader has dates shown. Without a zone it is the one of this machine. */
export type Reader = { readonly now: Date; readonly hour12: boolean; readonly zone?: string }

/**
 * A moment in Slack's date format: `{date_num}`, `{date_short_pretty}`, `{time}` and their like are replaced, everything else
 * in the format stays. Undefined when the moment or the format cannot be shown; then Slack shows the fallback.
 */
export function slackDate(seconds: number, format: string, reader: Reader): string | undefined {
  const when = new Date(seconds * 1000)
  if (Number.isNaN(when.getTime()) || !/\{\w+\}/.test(format)) return undefined
  const moment = { ...partsOf(when, reader.zone), days: daysFrom(reader, when), seconds, reader }
  const unknown = [...format.matchAll(/\{(\w+)\}/g)].some(([, token = '']) => !tokens.has(token))
  if (unknown) return undefined
  return format.replaceAll(/\{(\w+)\}/g, (_whole, token: string, place: number) => {
    const words = tokens.get(token)?.(moment) ?? ''
    // A sentence that begins with "today" begins with a capital.
    return place === 0 ? words.slice(0, 1).toUpperCase() + words.slice(1) : words
  })
}

/** The whole moment, for the tip that appears at a date: "Monday, November 23rd, 2026 at 3:18:02 AM". */
export function fullDate(seconds: number, reader: Reader): string {
  return slackDate(seconds, '{date_long} at {time_secs}', reader) ?? ''
}

/** Whether people here read the clock with 12 hours. */
export function readsTwelveHours(): boolean {
  return new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions().hour12 ?? false
}

type Parts = {
  readonly year: number
  /** 0 to 11. */
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}
type Moment = Parts & { readonly days: number; readonly seconds: number; readonly reader: Reader }

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const date = (at: Moment) => `${months[at.month]} ${ordinal(at.day)}, ${at.year}`
const dateShort = (at: Moment) => `${months[at.month]?.slice(0, 3)} ${at.day}, ${at.year}`
const dateLong = (at: Moment) => `${weekdays[at.weekday]}, ${date(at)}`
const pretty = (write: (at: Moment) => string) => (at: Moment) =>
  new Map([
    [-1, 'yesterday'],
    [0, 'today'],
    [1, 'tomorrow'],
  ]).get(at.days) ?? write(at)
const ofThisYear = (at: Moment) =>
  at.year === partsOf(at.reader.now, at.reader.zone).year
    ? `${weekdays[at.weekday]}, ${months[at.month]} ${ordinal(at.day)}`
    : dateLong(at)

const tokens: ReadonlyMap<string, (at: Moment) => string> = new Map([
  ['date_num', (at: Moment) => `${at.year}-${two(at.month + 1)}-${two(at.day)}`],
  ['date_slash', (at: Moment) => `${two(at.day)}/${two(at.month + 1)}/${at.year}`],
  ['date', date],
  ['date_short', dateShort],
  ['date_long', dateLong],
  ['date_long_full', (at: Moment) => `${months[at.month]} ${at.day}, ${at.year}`],
  ['date_pretty', pretty(date)],
  ['date_short_pretty', pretty(dateShort)],
  ['date_long_pretty', pretty(dateLong)],
  ['day_divider_pretty', pretty(ofThisYear)],
  ['time', (at: Moment) => clock(at, '')],
  ['time_secs', (at: Moment) => clock(at, `:${two(at.second)}`)],
  ['ago', (at: Moment) => ago(at.reader.now.getTime() / 1000 - at.seconds)],
])

function clock({ hour, minute, reader }: Moment, seconds: string): string {
  if (!reader.hour12) return `${two(hour)}:${two(minute)}${seconds}`
  return `${hour % 12 === 0 ? 12 : hour % 12}:${two(minute)}${seconds} ${hour < 12 ? 'AM' : 'PM'}`
}

function ago(seconds: number): string {
  const past = Math.abs(seconds)
  const [amount, unit] =
    past < 60
      ? [Math.floor(past), 'second']
      : past < 3600
        ? [Math.floor(past / 60), 'minute']
        : past < 86_400
          ? [Math.floor(past / 3600), 'hour']
          : [Math.floor(past / 86_400), 'day']
  const words = `${amount} ${unit}${amount === 1 ? '' : 's'}`
  return seconds < 0 ? `in ${words}` : `${words} ago`
}

function partsOf(when: Date, zone: string | undefined): Parts {
  if (zone === undefined) {
    return {
      year: when.getFullYear(),
      month: when.getMonth(),
      day: when.getDate(),
      weekday: when.getDay(),
      hour: when.getHours(),
      minute: when.getMinutes(),
      second: when.getSeconds(),
    }
  }
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const read = new Map(format.formatToParts(when).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => read.get(type) ?? 0
  const day = { year: of('year'), month: of('month') - 1, day: of('day') }
  const weekday = new Date(Date.UTC(day.year, day.month, day.day)).getUTCDay()
  return { ...day, weekday, hour: of('hour'), minute: of('minute'), second: of('second') }
}

/** How many days the moment's day lies after today, in the reader's calendar. */
function daysFrom({ now, zone }: Reader, when: Date): number {
  const day = (at: Date) => {
    const { year, month, day: ofMonth } = partsOf(at, zone)
    return Date.UTC(year, month, ofMonth) / 86_400_000
  }
  return day(when) - day(now)
}

function ordinal(day: number): string {
  const teen = day % 100 > 10 && day % 100 < 14
  return `${day}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')}`
}

function two(amount: number): string {
  return String(amount).padStart(2, '0')
}
