import type { Grown } from './growth.ts'

type Series = {
  readonly title: string
  readonly unit: string
  readonly of: (row: Grown) => number
  readonly digits: number
}

const series: readonly Series[] = [
  { title: 'start to ready', unit: 'ms', of: ({ startMs }) => startMs, digits: 0 },
  { title: 'memory', unit: 'MiB', of: ({ memory }) => memory, digits: 0 },
  { title: 'a click', unit: 'ms', of: ({ clickMs }) => clickMs, digits: 1 },
  { title: 'verify', unit: 's', of: ({ verifyMs }) => verifyMs / 1000, digits: 2 },
]

const width = 200
const height = 120
const gap = 40

/** One small picture for each thing that was measured, bars from zero, as SVG for light and dark pages. */
export function plotOf(rows: readonly Grown[]): string {
  const panels = series.map((one, index) => panel(one, rows, gap + index * (width + gap)))
  const whole = gap + series.length * (width + gap)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole} ${height + 90}" role="img" aria-label="How start, memory, a click and verify grow with the number of incidents">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.small { font-size: 10px }
rect { fill: #0969da }
line { stroke: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } rect { fill: #58a6ff } }
</style>
${panels.join('\n')}
</svg>
`
}

function panel({ title, unit, of, digits }: Series, rows: readonly Grown[], left: number): string {
  const most = Math.max(...rows.map(of))
  const room = width / rows.length
  const bars = rows.map((row, index) => {
    const tall = most === 0 ? 0 : (of(row) / most) * height
    const x = left + index * room
    const middle = x + room / 2
    return `<rect x="${(x + 6).toFixed(1)}" y="${(32 + height - tall).toFixed(1)}" width="${(room - 12).toFixed(1)}" height="${tall.toFixed(1)}"/>
<text class="small" text-anchor="middle" x="${middle.toFixed(1)}" y="${(26 + height - tall).toFixed(1)}">${of(row).toFixed(digits)}</text>
<text class="small" text-anchor="middle" x="${middle.toFixed(1)}" y="${height + 46}">${words(row.label)[0]}</text>
<text class="small" text-anchor="middle" x="${middle.toFixed(1)}" y="${height + 58}">${words(row.label)[1]}</text>`
  })
  return `<text x="${left}" y="10">${title}, ${unit}</text>
<line x1="${left}" y1="${height + 32}" x2="${left + width}" y2="${height + 32}"/>
${bars.join('\n')}`
}

/** `100000 closed` as `100k` and `closed`. */
function words(label: string): readonly [string, string] {
  const [count = '', state = ''] = label.split(' ')
  return [count.replace(/000$/, 'k'), state]
}
