/**
 * The two ways in which Autentico writes a time into its database, and the ways in which it reads them back. Columns
 * filled by SQL hold `YYYY-MM-DD HH:MM:SS`; columns filled by the program hold a longer form with a fraction and a zone.
 * Both are UTC here.
 */
const stored = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(?: ?(Z|[+-]\d{2}:?\d{2}))?/

/** The form that SQL's CURRENT_TIMESTAMP has. */
export function sqlTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ')
}

/** The form that the program itself writes: a fraction without trailing zeros, and the zone twice. */
export function programTime(at: Date): string {
  const fraction = at.toISOString().slice(19, 23).replace(/0+$/, '')
  return `${sqlTime(at)}${fraction === '.' ? '' : fraction} +0000 UTC`
}

/** Reads either form; undefined when the text is no time. A missing zone means UTC. */
export function readTime(text: string): Date | undefined {
  const parts = stored.exec(text)
  if (parts === null) return undefined
  const [, day, clock, fraction = '', zone = 'Z'] = parts
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const at = new Date(`${day}T${clock}${fraction.slice(0, 4)}${offset}`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** RFC 3339 with whole seconds, as most list entries have it. */
export function jsonSeconds(text: string): string {
  const at = readTime(text)
  return at === undefined ? '0001-01-01T00:00:00Z' : `${at.toISOString().slice(0, 19)}Z`
}

/** RFC 3339 with as much fraction as was stored, as users and sessions have it. */
export function jsonExact(text: string): string {
  const fraction = (stored.exec(text)?.[3] ?? '').replace(/0+$/, '')
  return jsonSeconds(text).replace('Z', `${fraction === '.' ? '' : fraction}Z`)
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Milliseconds of a duration such as `15m` or `1h30m`; undefined when it is none. There is no unit for days. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs.get(unit ?? '') ?? 0)
  }
  return text.startsWith('-') ? -total : total
}
