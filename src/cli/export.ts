import type { IncidentId, Recorded } from '#/incident/events.ts'
import { actorName } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { timelineLine, utc } from '#/incident/timeline.ts'
import { rowOf } from '#/ledger/chain.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import { fold, recordedOf } from '../handle.ts'

/** How an incident is written out: its timeline for people, or its entries as they stand in the ledger, one JSON a line. */
export type ExportFormat = 'markdown' | 'jsonl'

/** One incident as text. Undefined when the ledger knows no such incident. */
export function exportIncident(ledger: LedgerReader, id: IncidentId, format: ExportFormat): string | undefined {
  const incident = fold(ledger, id)
  if (incident === undefined) return undefined
  const entries = ledger.stream(id)
  if (format === 'jsonl') return entries.map((entry) => `${JSON.stringify(rowOf(entry))}\n`).join('')
  return markdown(incident, entries.map(recordedOf))
}

function markdown(incident: OpenedIncident, recorded: readonly Recorded[]): string {
  const { id, playbook, target, openedAt, openedBy, closed, containedAt, lastSeq, lastHash } = incident
  const facts: readonly (readonly [string, string])[] = [
    ['Playbook', playbook.title],
    ['Target', `${target.username}${target.email === '' ? '' : ` (${target.email})`}, id ${target.id}`],
    ['Opened', `${utc(openedAt)} by ${actorName(openedBy)}`],
    ['Contained', containedAt === undefined ? 'not proven' : utc(containedAt)],
    ['Closed', closed === undefined ? 'open' : `${utc(closed.at)} by ${actorName(closed.by)}`],
    ['Last entry', `#${lastSeq}, ${lastHash}`],
  ]
  const rows = recorded.map((one) => {
    const { seq, at, actor, text, hash } = timelineLine(one, incident)
    return `| ${seq} | ${utc(at)} | ${cell(actorName(actor))} | ${cell(text)} | \`${hash.slice(0, 12)}\` |`
  })
  return [
    `# ${id}${incident.drill ? ' (drill)' : ''}`,
    '',
    ...facts.map(([name, value]) => `- **${name}:** ${cell(value)}`),
    '',
    '| # | When (UTC) | Who | What | Hash |',
    '|---:|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** Text from outside in a Markdown table: one line, nothing interpreted. */
function cell(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ⏎ ').replaceAll(/[\\`*_{}[\]<>#|!~]/g, String.raw`\$&`)
}
