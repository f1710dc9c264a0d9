import { z } from 'zod'
import type { AdminClient } from './client.ts'
import { AutenticoUnavailable } from './failures.ts'
import type { Path, Query } from './paths.ts'

/** Autentico gives at most this many rows, and exactly this many for anything larger, without saying so. */
const pageSize = 100

/** A list may change while it is read; after so many passes over it we give up instead of reporting half of it. */
const passes = 3

export type ListSpec<T extends { readonly id: string }> = {
  readonly list: Path
  /** Filters, and a `sort` by which no row comes before one that is already there. */
  readonly query: Query
  readonly item: z.ZodType<T>
}

/**
 * A whole list, page by page, each row once.
 *
 * @throws AutenticoUnavailable if rows kept coming and going so that it was never read whole: half a list proves nothing.
 */
export async function readAll<T extends { readonly id: string }>(
  client: AdminClient,
  spec: ListSpec<T>,
): Promise<readonly T[]> {
  const rows = new Map<string, T>()
  for (let pass = 0; pass < passes; pass++) {
    const totals = await readPass(client, spec, rows)
    // A total that fell means that rows may have slipped to a page already read. One that rose does not: new rows come at the
    // end, and under an attack they come all the time.
    const isSteady = totals.every((total, index) => total >= (totals[index - 1] ?? 0))
    if (isSteady && rows.size >= (totals.at(-1) ?? 0)) return [...rows.values()]
  }
  throw new AutenticoUnavailable(
    `GET ${spec.list.label} kept changing while it was read; nothing was concluded from it.`,
  )
}

/** Adds what one pass finds to `rows` and returns the totals it was told, page by page. */
async function readPass<T extends { readonly id: string }>(
  client: AdminClient,
  spec: ListSpec<T>,
  rows: Map<string, T>,
): Promise<readonly number[]> {
  const totals: number[] = []
  let offset = 0
  for (;;) {
    const page = await readPage(client, spec, { limit: pageSize, offset })
    totals.push(page.total)
    for (const row of page.items) rows.set(row.id, row)
    offset += page.items.length
    if (page.items.length === 0 || offset >= page.total) return totals
  }
}

/** One page of at most 100 rows. */
export async function readPage<T>(
  client: AdminClient,
  spec: { readonly list: Path; readonly query: Query; readonly item: z.ZodType<T> },
  window: { readonly limit: number; readonly offset: number },
): Promise<{ readonly items: readonly T[]; readonly total: number }> {
  const { data } = await client.call({
    method: 'GET',
    to: spec.list,
    query: { ...spec.query, ...window },
    expect: 200,
    answer: z.object({ data: z.object({ items: z.array(spec.item), total: z.number().int().nonnegative() }) }),
  })
  return data
}
