import type { Call } from './wire.ts'

/** What a list endpoint lets a caller sort, search and filter by. */
export type ListRules = {
  /** First one is the default. */
  readonly sort: readonly string[]
  readonly search: readonly string[]
  readonly filters: readonly string[]
  readonly order: 'asc' | 'desc'
  /** Query prefix (`created_at`) to column, for `_from` and `_to`. */
  readonly dates: ReadonlyMap<string, string>
  /** Prefix of the sort column, with its dot. */
  readonly table: string
}

export type ListQuery = {
  readonly where: string
  readonly args: readonly string[]
  /** ORDER BY, LIMIT and OFFSET. */
  readonly tail: string
}

const maxLimit = 100
const maxSearchBytes = 200

/**
 * Reads list parameters as forgivingly as Autentico does: an unknown sort column, order or filter is ignored, a limit
 * that is missing, zero or above 100 becomes 100. Only a date that cannot be read is an error, returned as its message.
 */
export function readListQuery(call: Call, rules: ListRules): ListQuery | string {
  const dates = readDates(call.query, rules.dates)
  if (typeof dates === 'string') return dates

  const conditions = [...dates.conditions]
  const args = [...dates.args]
  const search = Buffer.from((call.query.get('search') ?? '').trim())
    .subarray(0, maxSearchBytes)
    .toString('utf8')
  if (search !== '' && rules.search.length > 0) {
    conditions.push(`(${rules.search.map((column) => `${column} LIKE ?`).join(' OR ')})`)
    args.push(...rules.search.map(() => `%${search}%`))
  }
  for (const column of rules.filters) {
    const wanted = call.query.get(column) ?? ''
    if (wanted === '') continue
    conditions.push(`${rules.table}${column} = ?`)
    args.push(wanted)
  }
  return {
    where: conditions.map((condition) => ` AND ${condition}`).join(''),
    args,
    tail: orderAndPage(call.query, rules),
  }
}

function orderAndPage(query: URLSearchParams, rules: ListRules): string {
  const asked = query.get('sort') ?? ''
  const column = rules.sort.includes(asked) ? asked : (rules.sort[0] ?? 'id')
  const order = (query.get('order') ?? '') === '' ? rules.order : query.get('order')
  const limit = integer(query.get('limit'))
  return [
    ` ORDER BY ${rules.table}${column} ${order?.toLowerCase() === 'desc' ? 'DESC' : 'ASC'}`,
    `LIMIT ${limit <= 0 || limit > maxLimit ? maxLimit : limit} OFFSET ${Math.max(0, integer(query.get('offset')))}`,
  ].join(' ')
}

function integer(value: string | null): number {
  return value !== null && /^[+-]?\d+$/.test(value) ? Number(value) : 0
}

type Dates = { readonly conditions: readonly string[]; readonly args: readonly string[] }

/** The text that was sent is compared with the stored text, so only the day of it counts. */
function readDates(query: URLSearchParams, columns: ReadonlyMap<string, string>): Dates | string {
  const conditions: string[] = []
  const args: string[] = []
  for (const [name, column] of columns) {
    const from = query.get(`${name}_from`) ?? ''
    const to = query.get(`${name}_to`) ?? ''
    const bounds = [
      [`${name}_from`, from, '>='],
      [`${name}_to`, to, '<='],
    ] as const
    for (const [parameter, value, comparison] of bounds) {
      if (value === '') continue
      if (readDate(value) === undefined) return `invalid ${parameter}: ${dateFormat}`
      conditions.push(`${column} ${comparison} ?`)
      args.push(value)
    }
    if (from !== '' && to !== '' && Number(readDate(from)) > Number(readDate(to))) {
      return `invalid date range: ${name}_from (${from}) is after ${name}_to (${to})`
    }
  }
  return { conditions, args }
}

const dateFormat = 'invalid date format: expected ISO 8601 (e.g. 2006-01-02 or 2006-01-02T15:04:05Z)'

function readDate(value: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}((\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?$/.test(value)) return undefined
  const at = new Date(/^[^T]*T[^Z+-]*$/.test(value) ? `${value}Z` : value)
  if (Number.isNaN(at.getTime())) return undefined
  // JavaScript takes 30 February for 2 March.
  const day = value.slice(0, 10)
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? at : undefined
}
