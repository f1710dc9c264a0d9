// How the program behaves as the record grows: npm run growth -- [--sizes 10,1000,100000] [--open 1000] [--out docs/pictures/growth.svg]
//
// For each size a ledger with so many closed incidents is made through the ledger's own door, the real program is started over it, and
// start, memory, a click and verify are measured. The last line of the table has the incidents open instead of closed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { startProgram } from '#/drill/program.ts'
import type { Recorded } from '#/incident/events.ts'
import type { Draft, Json } from '#/ledger/chain.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { verifyLedger } from '#/ledger/verify.ts'
import { play } from '../support/given.ts'
import { type Act, approves, asks, closes, opens, shownRequest, start, steps, underWay } from '../support/stories.ts'
import { median } from './figure.ts'
import { plotOf } from './plot.ts'
import { command, press } from './whole/deliveries.ts'
import { openScene } from './whole/scene.ts'

/** What was measured over one ledger. Milliseconds, and MiB of resident memory. */
export type Grown = {
  readonly label: string
  readonly incidents: number
  readonly entries: number
  readonly startMs: number
  readonly memory: number
  readonly clickMs: number
  readonly listMs: number
  readonly verifyMs: number
}

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,1000,100000' },
    open: { type: 'string', default: '1000' },
    out: { type: 'string', default: 'docs/pictures/growth.svg' },
  },
})

const thread: Act = { type: 'StartThread', channel: incidentChannel.id, ts: '1763866800.000100' }
const skipRest: Act = { ...asks(steps.sessions), kind: 'skip-rest', reason: 'The account is a test account.' }
/** Opened, read, skipped with approval, closed: the fewest entries that a closed incident has. */
const closed = play(opens(), thread, ...underWay.slice(1), skipRest, approves(), closes()).recorded
const open = play(opens(), thread, ...underWay.slice(1), ...shownRequest(steps.sessions)).recorded

/** The entries of a story as another incident would have them, about an account of its own, behind `base` entries. */
function draftsOf(story: readonly Recorded[], number: number, base: number): readonly Draft[] {
  const own = JSON.stringify(story.map(({ actor, event: { type, ...body } }) => ({ type, actor, body })))
    .replaceAll(/INC-1-(\d+)/g, (_, seq: string) => `INC-${number}-${base + Number(seq)}`)
    .replaceAll('INC-1"', `INC-${number}"`)
    .replaceAll('cv3kalice', `account-${number}`)
  return JSON.parse(own) as readonly (Draft & { readonly body: Json })[]
}

function fill(
  ledger: Ledger,
  { count, story, from = 1 }: { readonly count: number; readonly story: readonly Recorded[]; readonly from?: number },
): void {
  for (let number = from; number < from + count; number += 1)
    ledger.append({ incident: `INC-${number}`, expected: 0, at: start, drafts: draftsOf(story, number, ledger.size()) })
}

async function grown(label: string, closedOnes: number, openOnes: number): Promise<Grown> {
  await using scene = await openScene({ crowd: 0, idle: true })
  const file = join(scene.env['DATA_DIR'] ?? '', 'ledger.sqlite')
  let entries: number
  {
    using ledger = openLedger({ file })
    fill(ledger, { count: closedOnes, story: closed })
    fill(ledger, { count: openOnes, story: open, from: closedOnes + 1 })
    entries = ledger.size()
    // What is long past is no news for Slack.
    for (const name of ['poster', 'dispatcher', 'notary', 'vault']) ledger.moveCursor(name, entries)
  }
  const verifying = performance.now()
  const report = await verifyLedger({ file })
  const verifyMs = performance.now() - verifying
  if (report.problems.length > 0) throw new Error('the ledger that was made does not hold')
  const begun = performance.now()
  await using program = await startProgram(scene.env)
  const startMs = performance.now() - begun
  const memory = residentOf(program.pid ?? 0)
  const target = `INC-${closedOnes + 1}`
  const people = [cast.ana.user, cast.bao.user, cast.chi.user]
  const clickMs = await middle(60, async (n) => scene.ours.post(press(people[n % 3] ?? '', 'take_command', target)))
  const listMs = await middle(20, async () => scene.ours.post(command('list')))
  return { label, incidents: closedOnes + openOnes, entries, startMs, memory, clickMs, listMs, verifyMs }
}

async function middle(count: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < count; n += 1) {
    const begun = performance.now()
    await work(n)
    took.push(performance.now() - begun)
  }
  return median(took.slice(5))
}

function residentOf(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}

const rows: Grown[] = []
const tell = (row: Grown): void => {
  rows.push(row)
  const { label, entries, startMs, memory, clickMs, listMs, verifyMs } = row
  process.stdout.write(
    `${label.padEnd(16)} ${String(entries).padStart(9)} entries  start ${startMs.toFixed(0)} ms  memory ${memory.toFixed(0)} MiB  click ${clickMs.toFixed(1)} ms  list ${listMs.toFixed(1)} ms  verify ${(verifyMs / 1000).toFixed(2)} s\n`,
  )
}
for (const size of options.sizes.split(',').map(Number)) tell(await grown(`${size} closed`, size, 1))
if (Number(options.open) > 0) tell(await grown(`${options.open} open`, 0, Number(options.open)))
writeFileSync(options.out, plotOf(rows))
