import type { Recorded } from '#/incident/events.ts'
import type { TimelineLine } from '#/incident/line.ts'
import { actorName } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { utc } from '#/incident/times.ts'
import { factsOf } from './incident-facts.ts'
import { escaped } from './markup.ts'
import { whoDidWhat } from './who-did-what.ts'

/**
 * An incident as one HTML page that loads nothing: what it is about, a picture of who did what when, and a row for each of its entries.
 * For reading and printing; the entries themselves are what counts. Everything in it that came from outside is text.
 */
export function timelinePage(incident: OpenedIncident, recorded: readonly Recorded[]): string {
  const lines = recorded.map((one) => timelineLine(one, incident))
  const title = `${incident.id}${incident.drill ? ' (drill)' : ''}: ${incident.playbook.title}`
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>${escaped(title)}</h1>`,
    '<p>Made from the entries of this incident. All times are UTC. The numbers are those of the ledger; what is between them belongs to other incidents.</p>',
    '<dl>',
    ...factsOf(incident).map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`),
    '</dl>',
    '<h2>Who did what when</h2>',
    whoDidWhat(lines),
    '<h2>Every entry</h2>',
    '<table>',
    '<thead><tr><th scope="col">#</th><th scope="col">When (UTC)</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Hash</th></tr></thead>',
    '<tbody>',
    ...lines.map(row),
    '</tbody>',
    '</table>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function row({ seq, at, actor, text, tone, hash }: TimelineLine): string {
  const cells = [
    `<td id="e${seq}">${seq}</td>`,
    `<td><time datetime="${escaped(at)}">${escaped(utc(at))}</time></td>`,
    `<td>${escaped(actorName(actor))}</td>`,
    `<td>${escaped(text)}</td>`,
    `<td><code>${escaped(hash.slice(0, 12))}</code></td>`,
  ]
  return `<tr class="${tone}">${cells.join('')}</tr>`
}

const style = `
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 2rem auto; padding: 0 1rem; max-width: 72rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: #57606a; } dd { margin: 0; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #d0d7de; }
td:nth-child(1) { text-align: right; } td:nth-child(2) { white-space: nowrap; } td:nth-child(4) { white-space: pre-wrap; overflow-wrap: anywhere; }
tr.good td:first-child { border-left: 4px solid #1a7f37; } tr.warning td:first-child { border-left: 4px solid #9a6700; }
tr.bad td:first-child { border-left: 4px solid #cf222e; } tr.plain td:first-child, tr.waits td:first-child { border-left: 4px solid transparent; }
@media print { @page { size: A4 landscape; margin: 12mm; } body { margin: 0; font-size: 9pt; max-width: none; } tr, svg { break-inside: avoid; } thead { display: table-header-group; } }
`
