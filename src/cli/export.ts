import { fold, recordedOf } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { rowOf } from '#/ledger/chain.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import { timelineMarkdown } from '#/pack/timeline-markdown.ts'

/** How an incident is written out: its timeline for people, or its entries as they stand in the ledger, one JSON a line. */
export type ExportFormat = 'markdown' | 'jsonl'

/** One incident as text. Undefined when the ledger knows no such incident. */
export function exportIncident(ledger: LedgerReader, id: IncidentId, format: ExportFormat): string | undefined {
  const incident = fold(ledger, id)
  if (incident === undefined) return undefined
  const entries = ledger.stream(id)
  if (format === 'jsonl') return entries.map((entry) => `${JSON.stringify(rowOf(entry))}\n`).join('')
  return timelineMarkdown(incident, entries.map(recordedOf))
}
