// Run by itself, under strace: writes a ledger with the entries it is given, and after each append says how many of them are acknowledged.
// `node appends.ts <ledger> <entries as JSON> <ours|normal> <count>`; `normal` writes past our ledger, as SQLite does unless it is told.
import { readFileSync, writeSync } from 'node:fs'
import { argv } from 'node:process'
import SQLite from 'better-sqlite3'
import { type Draft, type Head, link, type Row } from '#/ledger/chain.ts'
import { openLedger } from '#/ledger/ledger.ts'

const [file = '', drafts = '', mode, count] = argv.slice(2)
const given = JSON.parse(readFileSync(drafts, 'utf8')) as readonly Draft[]
const at = '2026-11-23T09:00:00.000Z'

if (mode === 'ours') {
  // Opened twice: at its closing the WAL is moved into the file and removed.
  for (const half of [0, 1]) throughOurLedger(half * Math.floor(Number(count) / 2), Math.floor(Number(count) / 2))
} else pastOurLedger()

function throughOurLedger(from: number, appends: number): void {
  using ledger = openLedger({ file })
  for (let n = from; n < from + appends; n += 1) {
    const incident = `INC-${(n % 3) + 1}`
    const expected = ledger.stream(incident).at(-1)?.seq ?? 0
    const entries = ledger.append({ incident, expected, at, drafts: chosen(n) })
    acknowledge(entries.at(-1)?.seq ?? 0)
    ledger.moveCursor('poster', ledger.size())
  }
}

function pastOurLedger(): void {
  openLedger({ file })[Symbol.dispose]()
  const db = new SQLite(file)
  db.pragma('synchronous = NORMAL')
  const insert = db.prepare<[Row]>(
    'INSERT INTO entry (seq, incident, at, type, actor, body, previous, hash) VALUES (@seq, @incident, @at, @type, @actor, @body, @previous, @hash)',
  )
  let head: Head | undefined
  const append = db.transaction((n: number) => {
    for (const draft of chosen(n)) {
      const row = link(head, { incident: 'INC-1', at, ...draft })
      insert.run(row)
      head = row
    }
  })
  for (let n = 0; n < Number(count); n += 1) {
    append(n)
    acknowledge(head?.seq ?? 0)
  }
  db.close()
}

/** One to four entries. */
function chosen(n: number): readonly Draft[] {
  return Array.from({ length: (n % 4) + 1 }, (_, more) => given[(n * 3 + more) % given.length]).filter(
    (draft) => draft !== undefined,
  )
}

function acknowledge(seq: number): void {
  writeSync(1, `acknowledged ${seq}\n`)
}
