// Measures what the parts cost beside their floors:
//
//   npm run bench -- [--json] [--list] [--only <part of a name>] [--strict]
//
// What takes longer than ten minutes is measured only when it is named.
// Exit code 0 when everything was measured, a missed target included; with --strict 1 when a target was missed.
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type Figure, measure, type Row } from './figure.ts'
import { figures as autentico } from './parts/autentico.ts'
import { figures as ledger } from './parts/ledger.ts'
import { figures as policy } from './parts/policy.ts'
import { figures as queue } from './parts/queue.ts'
import { figures as acks } from './whole/acks.ts'
import { figures as actions } from './whole/actions.ts'
import { figures as bulkMemory } from './whole/bulk-memory.ts'
import { figures as bulkRevoke } from './whole/bulk-revoke.ts'
import { figures as lifetimes } from './whole/lifetimes.ts'
import { figures as memory } from './whole/memory.ts'
import { figures as thread } from './whole/thread.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const chosen: readonly Figure[] = [
  ...ledger,
  ...policy,
  ...autentico,
  ...queue,
  ...acks,
  ...actions,
  ...bulkRevoke,
  ...bulkMemory,
  ...lifetimes,
  ...thread,
  ...memory,
].filter(({ name }) => name.includes(options.only))

if (options.list) {
  for (const { name } of chosen) process.stdout.write(`${name}\n`)
} else {
  // The header goes to the other stream, so that --json stays one object a line.
  const load = loadavg()[0] ?? 0
  const cpus = availableParallelism()
  process.stderr.write(`${cpus} processors, Node ${process.version}, load ${load.toFixed(2)}\n`)
  if (load > cpus / 2) process.stderr.write('The machine is busy with something else: expect a wide spread.\n')
  let missed = 0
  for (const figure of chosen) {
    if (figure.minutes !== undefined && options.only === '') {
      process.stderr.write(`${figure.name.padEnd(38)} takes ${figure.minutes} minutes: only with --only\n`)
      continue
    }
    const row = await measure(figure)
    if (!row.met) missed++
    process.stdout.write(`${options.json ? JSON.stringify(row) : lineOf(row)}\n`)
  }
  process.exitCode = options.strict && missed > 0 ? 1 : 0
}

function lineOf({ name, unit, ours, floor, ratio, spread, target, met }: Row): string {
  const numbers = `${shown(ours)} ${shown(floor)} ${unit.padEnd(10)}`
  const range = `${ratio.toFixed(2)} [${spread.map((value) => value.toFixed(2)).join('–')}]`
  return `${name.padEnd(38)} ${numbers} ${range.padEnd(20)} ${target.padEnd(14)} ${met ? 'met' : 'MISSED'}`
}

/** Two digits behind the point for what is small. */
function shown(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0).padStart(9)
}
