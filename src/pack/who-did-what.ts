import type { TimelineLine } from '#/incident/line.ts'
import { actorName } from '#/incident/people.ts'
import { utc } from '#/incident/times.ts'
import { escaped } from './markup.ts'

const width = 1000
const left = 190
const right = 20
const rowHeight = 30
const top = 16

/** A lane for everybody who did something, a mark for each entry where it happened; an SVG. The mark's words are in its title. */
export function whoDidWhat(lines: readonly TimelineLine[]): string {
  const moments = lines.map(({ at }) => Date.parse(at))
  // A clock may have jumped, so the first and the last entry need not be the ends.
  const [from, to] = [Math.min(...moments), Math.max(...moments)]
  const x = (at: string): number =>
    round(left + ((Date.parse(at) - from) / Math.max(1, to - from)) * (width - left - right))
  const lanes = [...Map.groupBy(lines, ({ actor }) => actorName(actor))]
  const height = top + lanes.length * rowHeight + 40
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => new Date(from + part * (to - from)).toISOString())
  const drawn =
    lines.length === 0
      ? []
      : [
          ...ticks.map((at, index) => tick(at, { x: x(at), height, index })),
          ...lanes.map(([who, entries], index) =>
            lane(who, entries, { y: top + index * rowHeight + rowHeight / 2, x }),
          ),
        ]
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Who did what when, in UTC" xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="13">${drawn.join('')}</svg>`
}

function lane(
  who: string,
  entries: readonly TimelineLine[],
  { y, x }: { readonly y: number; readonly x: (at: string) => number },
): string {
  const marks = entries.map(({ seq, at, headline, tone }) => {
    const [first = ''] = headline.split('\n')
    return `<circle cx="${x(at)}" cy="${y}" r="5" fill="${colours[tone]}" fill-opacity="0.75"><title>${escaped(`#${seq} ${utc(at)} ${who} ${first}`)}</title></circle>`
  })
  const name = who.length > 24 ? `${who.slice(0, 23)}…` : who
  return `<line x1="${left}" y1="${y}" x2="${width - right}" y2="${y}" stroke="#d0d7de"/><text x="${left - 12}" y="${y + 4}" text-anchor="end">${escaped(name)}</text>${marks.join('')}`
}

/** A line down through the lanes, and below it the moment. */
function tick(
  at: string,
  { x, height, index }: { readonly x: number; readonly height: number; readonly index: number },
): string {
  const anchor = index === 0 ? 'start' : index === 4 ? 'end' : 'middle'
  return `<line x1="${x}" y1="${top - 8}" x2="${x}" y2="${height - 34}" stroke="#eaeef2"/><text x="${x}" y="${height - 14}" text-anchor="${anchor}" fill="#57606a" font-size="11">${escaped(utc(at))}</text>`
}

const colours: Readonly<Record<TimelineLine['tone'], string>> = {
  plain: '#57606a',
  good: '#1a7f37',
  warning: '#9a6700',
  bad: '#cf222e',
  waits: '#8c959f',
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
