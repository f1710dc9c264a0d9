import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { execPath } from 'node:process'
import { expect } from 'vitest'
import type { Row } from '#/ledger/chain.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { verifyLedger } from '#/ledger/verify.ts'
import { openJournal } from '#/work/journal.ts'
import { dataDirOf, ledgerOf } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { type DiskRecord, lyingThere, readTrace, traceArguments } from './disk-record.ts'
import { rowsIn } from './harm.ts'
import { afterPowerLoss, type Files, withoutPowerLoss } from './power-loss.ts'
import { recordCalls } from './refused-writes.ts'

/** How the same entries are written, and whether some that were acknowledged are lost with the power. */
const writers: Readonly<Record<string, { readonly mode: 'ours' | 'normal'; readonly loses: boolean }>> = {
  'by our ledger': { mode: 'ours', loses: false },
  // Shows that a loss would be seen.
  'past it, with synchronous = NORMAL': { mode: 'normal', loses: true },
}

/** Moments for each record at which the power goes. */
const cuts = 30
/** So many that the WAL becomes full and is begun anew. */
const appends = 280

fault({
  id: 'F27',
  title: 'the power goes, and what was not synced is lost in part: every acknowledged entry is there, and all verifies',
  ci: 1,
  nightly: 200,
  variants: Object.keys(writers),
  async run(run) {
    const { variant, open, world, random, seed, struck, succeeds } = run
    const writer = writers[variant]
    if (writer === undefined) throw new Error(`nothing writes ${variant}`)
    await open()
    const dir = join(world.stage.dir, `power-${seed}`)
    mkdirSync(dir)
    const file = join(dir, 'ledger.sqlite')
    const record = recordAppends(run, file, writer.mode)
    const whole = rowsIn(file) ?? []
    await succeeds(() => {
      // Nothing that was written is missing from the record.
      expect(withoutPowerLoss(record)).toEqual(new Map([[file, readFileSync(file)]]))
      expect(acknowledgedIn(record, record.calls.length)).toBe(whole.length)
    })

    const losses: number[] = []
    for (const moment of momentsIn(record, random)) {
      using found = placed(afterPowerLoss(record, moment, random), dir)
      struck()
      const { kept, problems } = await openedAgain(found.dir)
      expect({ moment, problems, kept }).toEqual({ moment, problems: [], kept: whole.slice(0, kept.length) })
      if (kept.length < acknowledgedIn(record, moment)) losses.push(moment)
    }
    await succeeds(() => {
      if (writer.loses) expect(losses.length).toBeGreaterThan(0)
      else expect(losses).toEqual([])
    })
    rmSync(dir, { recursive: true })
  },
})

fault({
  id: 'F27',
  title:
    'the power goes once Autentico was asked for a change: the approval is there, and the worker knows it had begun',
  ci: 1,
  nightly: 50,
  async run({ asked, world, random, seed, struck, proves, succeeds }) {
    const incident = await asked()
    const dataDir = dataDirOf(world.stage)
    const databases = ['ledger.sqlite', 'worker/journal.sqlite'].map((name) => join(dataDir, name))
    const trace = join(world.stage.dir, `program-${seed}.trace`)
    const { before } = await (async () => {
      await using _recording = await recordCalls(world.program().pid, traceArguments, trace)
      const lay = lyingThere(databases)
      await incident.approve()
      await proves(incident)
      return { before: lay }
    })()
    const record = readTrace({ trace: readFileSync(trace, 'latin1'), databases, before })
    const sent = record.calls.findIndex((call) => call.kind === 'said' && call.text.includes('/revoke-sessions'))
    expect(sent).toBeGreaterThan(-1)
    const [
      {
        event: { order },
      } = { event: { order: '' } },
    ] = incident.entries('WorkStarted')

    for (let n = 0; n < cuts; n += 1) {
      const moment = random.between(sent + 1, record.calls.length)
      using found = placed(afterPowerLoss(record, moment, random), world.stage.dir, dataDir)
      struck()
      const { kept, problems } = await openedAgain(found.dir)
      const approved = kept.some(({ type, incident: id }) => type === 'StepApproved' && id === incident.id)
      using journal = openJournal(join(found.dir, 'worker/journal.sqlite'))
      const begun = journal.recall(order)?.begunAt !== undefined
      expect({ moment, problems, approved, begun }).toEqual({ moment, problems: [], approved: true, begun: true })
    }
    await succeeds(() => expect(incident.entries('StepDone')).toHaveLength(1))
  },
})

/** Writes entries that the program has written before, in a process of its own. */
function recordAppends({ world }: Run, file: string, mode: 'ours' | 'normal'): DiskRecord {
  using ledger = ledgerOf(world.stage)
  const given = ledger.read({ after: 0, limit: 100 }).map(({ type, actor, body }) => ({ type, actor, body }))
  const [entries, trace] = [`${file}.entries`, `${file}.trace`]
  writeFileSync(entries, JSON.stringify(given))
  const strace = ['strace', '-f', '--seccomp-bpf', '-o', trace, ...traceArguments]
  const writer = [execPath, join(import.meta.dirname, 'appends.ts'), file, entries, mode, String(appends)]
  execFileSync('/usr/bin/env', [...strace, ...writer], { stdio: ['ignore', 'ignore', 'inherit'] })
  return readTrace({ trace: readFileSync(trace, 'latin1'), databases: [file] })
}

/** Half of them while the WAL is moved into the file, which is seldom. */
function momentsIn({ calls }: DiskRecord, random: Run['random']): readonly number[] {
  const first = calls.find((call) => call.kind === 'named')
  const moving = calls.flatMap((call, n) => ('file' in call && call.file === first?.file ? [n] : []))
  return Array.from({ length: cuts }, (_, n) =>
    n % 2 === 0 ? random.between(0, calls.length) : random.pick(moving) + random.between(0, 2),
  )
}

/** The number of the last entry that was acknowledged by then. */
function acknowledgedIn({ calls }: DiskRecord, upTo: number): number {
  const said = calls.slice(0, upTo).findLast((call) => call.kind === 'said' && call.text.startsWith('acknowledged '))
  return said?.kind === 'said' ? Number(said.text.slice('acknowledged '.length)) : 0
}

/** These files in a directory of their own, which is gone when it is disposed. */
function placed(files: Files, within: string, from?: string): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(within, 'after-'))
  for (const [name, bytes] of files) {
    const to = join(dir, relative(from ?? within, name))
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, bytes)
  }
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) }
}

/** What our ledger makes of the file in this directory. */
async function openedAgain(
  dir: string,
): Promise<{ readonly kept: readonly Row[]; readonly problems: readonly string[] }> {
  const file = join(dir, 'ledger.sqlite')
  openLedger({ file })[Symbol.dispose]()
  const { problems } = await verifyLedger({ file })
  return { kept: rowsIn(file) ?? [], problems: problems.map(({ what }) => what) }
}
