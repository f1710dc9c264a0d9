/**
 * Reads the forms in which Autentico writes a moment: RFC 3339 with any number of decimals and any offset, SQLite's
 * `YYYY-MM-DD HH:MM:SS` (UTC), and Go's `2026-06-18 20:15:04.123456789 +0000 UTC m=+0.1`.
 *
 * @returns the moment to the millisecond, or undefined for anything else.
 */
export function parseTime(text: string): Date | undefined {
  const parts = form.exec(text.trim())
  if (parts === null) return undefined

  const [, day, clock, decimals = '', sign, hours, minutes] = parts
  const milliseconds = decimals.slice(0, 3).padEnd(3, '0')
  const offset = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`
  const time = new Date(`${day}T${clock}.${milliseconds}${offset}`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

const form =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?: ?(?:Z|([+-])(\d\d):?(\d\d)))?(?: [A-Z+-][A-Za-z0-9+-]*)?(?: m=\S+)?$/

/** The calendar day in UTC, as the date filters of the admin API want it: `YYYY-MM-DD`. */
export function utcDay(time: Date): string {
  return time.toISOString().slice(0, 10)
}

export function daysAfter(time: Date, days: number): Date {
  return new Date(time.getTime() + days * 86_400_000)
}

/** A duration as Go writes it (`720h`, `1h30m`, `15m0s`) in milliseconds, undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (goUnits.get(unit ?? '') ?? 0), 0)
}

const goUnits: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
])

/** Autentico writes whole seconds: what was issued within the same one counts as later. */
export function isBefore(text: string, at: Date): boolean {
  const time = parseTime(text)
  return time !== undefined && time.getTime() < Math.floor(at.getTime() / 1_000) * 1_000
}

/** `2026-11-23 03:31 UTC`, for people. */
export function utcMinute(at: Date): string {
  return at.toISOString().replace(/T(\d\d:\d\d).*/, ' $1 UTC')
}
