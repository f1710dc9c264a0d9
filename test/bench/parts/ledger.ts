import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { verifyLedger } from '#/ledger/verify.ts'
import { countSyncs } from '../../faults/disk/refused-writes.ts'
import type { Figure } from '../figure.ts'
import { at, draft } from './one-entry.ts'

const appends = 300
const verified = 20_000

/** What a writer costs that keeps rows of the same size as durably, with the same index and triggers, and no chain. */
const append: Figure = {
  name: 'ledger append',
  unit: 'entries/s',
  target: { atLeast: 0.85 },
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const folder = await folderIn(stack)
    const ledger = stack.use(openLedger({ file: join(folder, 'ours.db') }))
    const insert = bareWriter(stack, join(folder, 'ours.db'), join(folder, 'bare.db'))
    let seq = 0
    return {
      ours: async () => {
        const start = performance.now()
        for (let done = 0; done < appends; done++) seq = appendOne(ledger, seq)
        return rate(appends, start)
      },
      floor: async () => {
        const start = performance.now()
        for (let done = 0; done < appends; done++) insert()
        return rate(appends, start)
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  },
}

const appendProgram = join(import.meta.dirname, 'append-program.ts')

/**
 * How often the kernel is asked to bring the log to the disk, counted at the kernel's door, for as many commits: less would lose what was
 * promised, more would be wasted. A checkpoint adds one to a few hundred.
 */
const syncs: Figure = {
  name: 'ledger syncs',
  unit: 'calls',
  target: { atLeast: 1, atMost: 1.03 },
  pairs: 3,
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const file = join(await folderIn(stack), 'ledger.db')
    const child = spawn(execPath, [appendProgram, file], { stdio: ['pipe', 'pipe', 'inherit'] })
    stack.defer(() => void child.kill())
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    const counted = stack.use(await countSyncs(child.pid, `${file}-wal`))
    return {
      ours: async () => {
        const before = counted.count()
        child.stdin.write(`${appends}\n`)
        await lines.next()
        return (await calm(counted.count)) - before
      },
      floor: async () => Promise.resolve(appends),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  },
}

/** What it costs to read the rows of the same file and hash each one's text, without judging anything. */
const verify: Figure = {
  name: 'ledger verify',
  unit: 'entries/s',
  target: { atLeast: 0.6 },
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const file = join(await folderIn(stack), 'ledger.db')
    {
      using ledger = openLedger({ file })
      const drafts = Array.from({ length: 500 }, () => draft)
      for (let seq = 0; seq < verified; seq += drafts.length) {
        ledger.append({ incident: 'INC-1', expected: seq, at, drafts })
      }
    }
    const db = stack.adopt(new Database(file, { readonly: true }), (open) => void open.close())
    const rows = db
      .prepare<[], string[]>('SELECT previous, actor, body, at, type, incident FROM entry ORDER BY seq')
      .raw()
    return {
      ours: async () => {
        const start = performance.now()
        const { problems } = await verifyLedger({ file })
        if (problems.length > 0) throw new Error('the ledger made for this figure does not verify')
        return rate(verified, start)
      },
      floor: async () => {
        const start = performance.now()
        for (const row of rows.iterate()) hash('sha256', row.join(), 'hex')
        return rate(verified, start)
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  },
}

export const figures: readonly Figure[] = [append, syncs, verify]

/** What it counts once it counts no more: strace tells a little later than it sees. */
async function calm(count: () => number): Promise<number> {
  let last: number
  do {
    last = count()
    await pause(200)
  } while (count() !== last)
  return last
}

async function folderIn(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'responder-bench-'))
  stack.defer(() => rm(folder, { recursive: true }))
  return folder
}

function appendOne(ledger: Ledger, expected: number): number {
  return ledger.append({ incident: 'INC-1', expected, at, drafts: [draft] })[0]?.seq ?? expected
}

/** Takes table, index and triggers over from the ledger's own file, so that the two cannot drift apart. */
function bareWriter(stack: AsyncDisposableStack, model: string, file: string): () => void {
  using from = new DisposableStack()
  const schema = from.adopt(new Database(model, { readonly: true }), (open) => void open.close())
  const db = stack.adopt(new Database(file), (open) => void open.close())
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const parts = schema.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE tbl_name = 'entry' AND sql IS NOT NULL")
  for (const sql of parts.pluck().all()) db.exec(sql)
  const insert = db.prepare(
    'INSERT INTO entry (seq, incident, at, type, actor, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const { actor, body, type } = draft
  const texts = [JSON.stringify(actor), JSON.stringify(body)]
  const hashes = Array.from({ length: 100_000 }, (_, index) => hash('sha256', String(index)))
  let seq = 0
  return () => {
    seq++
    // Scattered like real ones, because the unique index is dearer for values that come in no order.
    insert.run(seq, 'INC-1', at, type, ...texts, hashes[seq - 1], hashes[seq])
  }
}

function rate(count: number, start: number): number {
  return (count * 1000) / (performance.now() - start)
}
