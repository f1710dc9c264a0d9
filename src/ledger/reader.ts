import type Database from 'better-sqlite3'
import { type Entry, entryOf, type Head, type Row } from './chain.ts'
import { decodeFrontier, emptyFrontier, type Frontier, growingFrom } from './merkle.ts'
import { openForReading } from './schema.ts'

/** Which streams are meant: those that hold an entry of type `having` and none of type `without`. */
export type StreamQuery = { readonly having: string; readonly without?: string }

/** Reading never waits for the writer and sees whole appends only. */
export type Tally = { readonly count: number; readonly last: number }

export interface LedgerReader {
  /** The last entry's number and hash; `undefined` while the ledger is empty. */
  head(): Head | undefined
  /** How many entries there are. */
  size(): number
  entry(seq: number): Entry | undefined
  /** At most `limit` entries of all streams, in order, from the one behind `after`. */
  read(range: { readonly after: number; readonly limit: number }): readonly Entry[]
  /** One stream in order; with `after`, only what came later. */
  stream(incident: string, after?: number): readonly Entry[]
  /** Ids of matching streams, in the order of their first `having` entry. Costs as much as there are such entries. */
  streams(query: StreamQuery): readonly string[]
  /** The same, newest first, at most `limit`. */
  latestStreams(query: StreamQuery & { readonly limit: number }): readonly string[]
  streamCount(query: StreamQuery): number
  /** How many entries of each of these types there are behind `after`, and the last one's number. */
  tally(types: readonly string[], after?: number): ReadonlyMap<string, Tally>
  /** The Merkle frontier now, or when there were `size` entries. Throws a RangeError when there are fewer. */
  tree(size?: number): Frontier
  /** The last `seq` the named follower has finished; 0 before its first. */
  cursor(name: string): number
}

/** Opens the ledger beside a running bot (or without one). Throws LedgerUnusable. */
export function openLedgerReader({ file }: { readonly file: string }): LedgerReader & Disposable {
  const db = openForReading(file)
  return { ...readerOf(db), [Symbol.dispose]: () => void db.close() }
}

/** The reading half of a ledger over an open connection. */
export function readerOf(db: Database.Database): LedgerReader {
  const head = db.prepare<[], Head>('SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1')
  const entry = db.prepare<[number], Row>(`SELECT ${columns} FROM entry WHERE seq = ?`)
  const read = db.prepare<[number, number], Row>(`SELECT ${columns} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`)
  const stream = db.prepare<[string, number], Row>(
    `SELECT ${columns} FROM entry WHERE incident = ? AND seq > ? ORDER BY seq`,
  )
  const streams = db.prepare<[string, string | null], string>(`${matching} ORDER BY MIN(seq)`).pluck()
  const latest = db
    .prepare<[string, string | null, number], string>(`${matching} ORDER BY MIN(seq) DESC LIMIT ?`)
    .pluck()
  const count = db.prepare<[string, string | null], number>(`SELECT COUNT(*) FROM (${matching})`).pluck()
  const tallied = db.prepare<[string], Tally>(
    'SELECT COUNT(*) AS count, COALESCE(MAX(seq), 0) AS last FROM entry WHERE type = ?',
  )
  // The plus sign keeps SQLite from the index by type: behind a late entry there is little to read.
  const talliedAfter = db.prepare<[string, number], Tally>(
    'SELECT COUNT(*) AS count, COALESCE(MAX(seq), 0) AS last FROM entry WHERE +type = ? AND seq > ?',
  )
  const cursor = db.prepare<[string], number>('SELECT seq FROM cursor WHERE name = ?').pluck()
  const tree = treeReader(db)

  return {
    head: () => head.get(),
    size: () => head.get()?.seq ?? 0,
    entry: (seq) => optional(entry.get(seq), entryOf),
    read: ({ after, limit }) => read.all(after, limit).map(entryOf),
    stream: (incident, after = 0) => stream.all(incident, after).map(entryOf),
    streams: ({ having, without }) => streams.all(having, without ?? null),
    latestStreams: ({ having, without, limit }) => latest.all(having, without ?? null, limit),
    streamCount: ({ having, without }) => count.get(having, without ?? null) ?? 0,
    tally: (types, after = 0) =>
      new Map(
        types.map((type) => [
          type,
          (after === 0 ? tallied.get(type) : talliedAfter.get(type, after)) ?? { count: 0, last: 0 },
        ]),
      ),
    tree: (size) => tree(size ?? head.get()?.seq ?? 0),
    cursor: (name) => cursor.get(name) ?? 0,
  }
}

/** The columns of a {@link Row}. */
const columns = 'seq, incident, at, type, actor, body, previous, hash'

// A NULL second parameter matches no entry, so "without" nothing leaves nobody out.
const matching = `SELECT incident FROM entry AS held WHERE type = ?
AND NOT EXISTS (SELECT 1 FROM entry WHERE type = ? AND incident = held.incident) GROUP BY incident`

function treeReader(db: Database.Database): (size: number) => Frontier {
  const kept = db.prepare<[], { readonly size: number; readonly nodes: Buffer }>('SELECT size, nodes FROM frontier')
  const hashes = db
    .prepare<[number, number], string>('SELECT hash FROM entry WHERE seq > ? ORDER BY seq LIMIT ?')
    .pluck()

  return (size) => {
    const row = kept.get()
    const stored = row === undefined ? undefined : decodeFrontier(row.size, row.nodes)
    // The kept frontier is derived: where it is missing or does not fit, the entries say the same, only slower.
    const start = stored !== undefined && stored.size <= size ? stored : emptyFrontier
    if (start.size === size) return start
    const tree = growingFrom(start)
    for (const hash of hashes.iterate(start.size, size - start.size)) tree.add(hash)
    if (tree.size() !== size) throw new RangeError(`the ledger has ${tree.size()} entries, not ${size}`)
    return tree.frontier()
  }
}

function optional<A, B>(value: A | undefined, convert: (value: A) => B): B | undefined {
  return value === undefined ? undefined : convert(value)
}
