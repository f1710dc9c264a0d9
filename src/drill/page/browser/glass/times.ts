/** How long ago that was, in the largest fitting unit: "now", "12 s", "3 min", "2 h". Clocks that disagree give "now". */
export function age(since: string, now: Date): string {
  const seconds = Math.floor((now.getTime() - new Date(since).getTime()) / 1000)
  if (!(seconds > 0)) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  return `${Math.floor(seconds / 3600)} h`
}

/** `14:03:22` of an ISO 8601 time, in UTC as the ledger has it; the words as they came when it is no time. */
export function clockTime(at: string): string {
  return utc(at)?.slice(11, 19) ?? at
}

/** `2026-11-23 14:03:22 UTC`; the words as they came when it is no time. */
export function fullTime(at: string): string {
  const text = utc(at)
  return text === undefined ? at : `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`
}

function utc(at: string): string | undefined {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
