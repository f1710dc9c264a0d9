import { z } from 'zod'
import { processMark, sameProcess } from '#/autentico/process-mark.ts'
import type { Entry } from '#/ledger/chain.ts'

/** One line of Autentico's own audit log, and how it came into the pack. */
export type AuditRow = z.infer<typeof auditRow> & { readonly source: string }

const auditRow = z.object({
  id: z.string(),
  event: z.string(),
  actorId: z.string().optional(),
  actorUsername: z.string(),
  targetType: z.string(),
  targetId: z.string(),
  detail: z.record(z.string(), z.string()),
  ipAddress: z.string(),
  createdAt: z.string(),
})

/** The lines of an audit log that a piece of evidence holds, wherever in it they stand; none where it is of another kind. */
export function auditRowsIn(bytes: Uint8Array, source: string): readonly AuditRow[] {
  try {
    return found(JSON.parse(Buffer.from(bytes).toString('utf8')), 4).map((row) => ({ ...row, source }))
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function found(value: unknown, depth: number): readonly z.infer<typeof auditRow>[] {
  if (typeof value !== 'object' || value === null || depth === 0) return []
  if (Array.isArray(value))
    return value.flatMap((one) => {
      const row = auditRow.safeParse(one)
      return row.success ? [row.data] : []
    })
  return Object.values(value).flatMap((one) => found(one, depth - 1))
}

type Asked = { readonly seq: number; readonly requestId: string }

/** What the bot asked of Autentico, by the ids that Autentico gave each request. */
export function requestsIn(entries: readonly Entry[]): readonly Asked[] {
  return entries.flatMap(({ seq, body }) => {
    const ids = typeof body === 'object' && body !== null && 'requestIds' in body ? body['requestIds'] : []
    return (Array.isArray(ids) ? ids : []).flatMap((requestId) =>
      typeof requestId === 'string' ? [{ seq, requestId }] : [],
    )
  })
}

/**
 * Autentico's audit log beside the requests of the ledger, as CSV. Autentico does not write the id of a request into its audit log, but
 * gives both ids from one counter: a line belongs to the last request of ours whose id the same process gave shortly before. Lines of
 * others stand there without a request, requests that left no line without one.
 */
export function auditTable(entries: readonly Entry[], rows: readonly AuditRow[]): string {
  const requests = requestsIn(entries)
  const unique = [...new Map(rows.map((row) => [row.id, row])).values()].toSorted(byTime)
  const joined = unique.map((row) => ({ row, request: requestOf(row, requests) }))
  const matched = new Set(joined.map(({ request }) => request?.requestId))
  return [
    'entry,request_id,audit_id,event,actor,target_type,target,ip_address,detail,at,source',
    ...joined.map(({ row, request }) =>
      csv([
        request === undefined ? '' : String(request.seq),
        request?.requestId ?? '',
        row.id,
        row.event,
        row.actorUsername,
        row.targetType,
        row.targetId,
        row.ipAddress,
        Object.keys(row.detail).length === 0 ? '' : JSON.stringify(row.detail),
        row.createdAt,
        row.source,
      ]),
    ),
    ...requests
      .filter(({ requestId }) => !matched.has(requestId))
      .map(({ seq, requestId }) => csv([String(seq), requestId, '', '', '', '', '', '', '', '', ''])),
    '',
  ].join('\n')
}

/** A request that is answered takes a few ids; more than that lies between two requests that have nothing to do with each other. */
const nearest = 50

function requestOf(row: AuditRow, requests: readonly Asked[]): Asked | undefined {
  const mark = processMark(row.id)
  if (mark === undefined) return undefined
  let best: { readonly asked: Asked; readonly distance: number } | undefined
  for (const asked of requests) {
    const before = processMark(asked.requestId)
    if (before === undefined || !sameProcess(before, mark)) continue
    const distance = (mark.counter - before.counter + 0x1000000) % 0x1000000
    if (distance <= nearest && (best === undefined || distance < best.distance)) best = { asked, distance }
  }
  return best?.asked
}

function byTime(one: AuditRow, other: AuditRow): number {
  return one.createdAt.localeCompare(other.createdAt, 'en') || one.id.localeCompare(other.id, 'en')
}

/** What a spreadsheet would take for a formula is kept from being one. */
function csv(cells: readonly string[]): string {
  return cells
    .map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')
}
