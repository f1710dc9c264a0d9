import type Database from 'better-sqlite3'
import { type Draft, type Head, link, type Row } from './chain.ts'
import { encodeNodes, type GrowingTree, growingFrom } from './merkle.ts'
import type { LedgerReader } from './reader.ts'

/** What is to be added to one stream, whose last entry the caller knows as `expected` (0: it has none). */
export type Addition = {
  readonly incident: string
  readonly expected: number
  readonly at: string
  readonly drafts: readonly Draft[]
}

/** Someone else appended to the stream first: read it again and decide again. */
export class PositionConflict extends Error {
  override readonly name = 'PositionConflict'
  readonly incident: string
  readonly expected: number
  readonly actual: number

  constructor({
    incident,
    expected,
    actual,
  }: { readonly incident: string; readonly expected: number; readonly actual: number }) {
    super(`${incident} is at entry ${actual}, not ${expected}`)
    this.incident = incident
    this.expected = expected
    this.actual = actual
  }
}

/**
 * Adds entries in one transaction each, durable when it returns; what it throws has added nothing. Where the ledger ends is kept in memory
 * from one commit to the next, because reading it back costs more than everything else that SQLite does not do. The lock lets nobody else
 * move the end; who did so all the same has taken the next number, and the file takes none twice.
 */
export function appender(db: Database.Database, reader: LedgerReader): (addition: Addition) => readonly Row[] {
  const position = db
    .prepare<[string], number>('SELECT seq FROM entry WHERE incident = ? ORDER BY seq DESC LIMIT 1')
    .pluck()
  const insert = db.prepare<[number, string, string, string, string, string, string, string]>(
    'INSERT INTO entry (seq, incident, at, type, actor, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const keepFrontier = db.prepare<[number, Buffer]>(
    'INSERT OR REPLACE INTO frontier (id, size, nodes) VALUES (1, ?, ?)',
  )
  const readEnd = (): End => {
    const head = reader.head()
    return { head, tree: growingFrom(reader.tree(head?.seq ?? 0)), streams: new Map() }
  }
  const write = db.transaction(({ incident, expected, at, drafts }: Addition, { head: last, tree, streams }: End) => {
    const actual = streams.get(incident) ?? position.get(incident) ?? 0
    if (actual !== expected) throw new PositionConflict({ incident, expected, actual })
    let head = last
    const rows = drafts.map((draft) => {
      const row = link(head, { incident, at, ...draft })
      insert.run(row.seq, row.incident, row.at, row.type, row.actor, row.body, row.previous, row.hash)
      tree.add(row.hash)
      head = row
      return row
    })
    keepFrontier.run(tree.size(), encodeNodes(tree.frontier()))
    noteStream(streams, incident, rows.at(-1)?.seq ?? actual)
    return { rows, end: { head, tree, streams } }
  })
  let end: End | undefined
  return (addition) => {
    const known = end ?? readEnd()
    // Unless this commit has ended, it is read again.
    end = undefined
    const written = write.immediate(addition, known)
    end = written.end
    return written.rows
  }
}

/** What the next entry is chained to, and where the streams end that were written to lately. */
type End = { readonly head: Head | undefined; readonly tree: GrowingTree; readonly streams: Map<string, number> }

/** How many streams are remembered; a program has rarely more of them open. */
const mostStreams = 1_000

/** The stream written to last stands last, so that the first is the one to forget. */
function noteStream(streams: Map<string, number>, incident: string, seq: number): void {
  streams.delete(incident)
  streams.set(incident, seq)
  const [oldest] = streams.size > mostStreams ? streams.keys() : []
  if (oldest !== undefined) streams.delete(oldest)
}
