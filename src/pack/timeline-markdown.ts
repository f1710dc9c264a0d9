import type { Recorded } from '#/incident/events.ts'
import { actorName } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { utc } from '#/incident/times.ts'
import { factsOf } from './incident-facts.ts'

/** An incident as Markdown: what it is about, and a row for each of its entries. */
export function timelineMarkdown(incident: OpenedIncident, recorded: readonly Recorded[]): string {
  const rows = recorded.map((one) => {
    const { seq, at, actor, text, hash } = timelineLine(one, incident)
    return `| ${seq} | ${utc(at)} | ${cell(actorName(actor))} | ${cell(text)} | \`${hash.slice(0, 12)}\` |`
  })
  return [
    `# ${incident.id}${incident.drill ? ' (drill)' : ''}`,
    '',
    ...factsOf(incident).map(([name, value]) => `- **${name}:** ${cell(value)}`),
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
