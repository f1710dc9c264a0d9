import { setImmediate as breathe } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { checkLink, type Head, type Problem, type Row } from './chain.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { emptyFrontier, encodeNodes, type Frontier, growingFrom, rootOf } from './merkle.ts'
import { NoteRefused } from './note.ts'
import type { TrustedKey } from './rotation.ts'
import { openForReading, schemaStatements, statementsIn, triggers } from './schema.ts'

/** A checkpoint that was kept somewhere: the note's text, or with it the entry that holds it, or where else it was found ("in INC-7.txt"). */
export type KeptCheckpoint = string | { readonly note: string; readonly seq?: number; readonly where?: string }

/** What a verification found. `ok` means: no problem at all. */
export type Verification = {
  readonly ok: boolean
  /** How many entries were read. */
  readonly entries: number
  readonly head: Head | undefined
  /** The first hundred. */
  readonly problems: readonly Problem[]
  /** How many checkpoints were signed by a known key and compared with the entries. */
  readonly checkpoints: number
}

/**
 * Reads every entry of a ledger file and recomputes what the writer claimed: numbers without gaps, hashes, links, the Merkle tree, the
 * append-only triggers, and SQLite's own integrity. A chain cannot show that its end was cut off or that it was rebuilt from some entry on;
 * a checkpoint kept elsewhere (`checkpoints`: note texts, `vkeys`: the keys trusted to sign them) shows both. Streams the rows; safe
 * beside a running bot, which it lets breathe in between, except during SQLite's own check at the end. Throws LedgerUnusable when there
 * is no ledger to read at all.
 */
export async function verifyLedger({
  file,
  checkpoints = [],
  vkeys = [],
}: {
  readonly file: string
  readonly checkpoints?: readonly KeptCheckpoint[]
  readonly vkeys?: readonly (string | TrustedKey)[]
}): Promise<Verification> {
  using closing = new DisposableStack()
  const db = closing.adopt(openForReading(file), (open) => void open.close())
  const problems: Problem[] = []
  const notes = openNotes(checkpoints, vkeys, problems)
  const witness = createWitness(notes)
  let head: Head | undefined
  try {
    // SQLite's own check looks every entry up in each index, in no order: 16 MiB keep it from reading pages again and again.
    db.pragma('cache_size = -16384')
    // One read transaction: entries, derived tables and size are of the same moment.
    db.exec('BEGIN')
    head = await readEntries(db, witness, problems)
    problems.push(...witness.findings(), ...checkFrontier(db, witness.tree()))
    problems.push(...checkSchema(db), ...checkTriggers(db), ...checkIntegrity(db))
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    problems.push({ what: `the file cannot be read on: ${error.message}` })
  }
  return {
    ok: problems.length === 0,
    entries: witness.tree().size,
    head,
    problems: problems.slice(0, mostProblems),
    checkpoints: notes.length,
  }
}

const mostProblems = 100
/** About ten milliseconds' work. */
const rowsAtATime = 1_000

async function readEntries(db: Database.Database, witness: Witness, problems: Problem[]): Promise<Head | undefined> {
  const rows = db.prepare<[number, number], Row>(
    'SELECT seq, incident, at, type, actor, body, previous, hash FROM entry WHERE seq > ? ORDER BY seq LIMIT ?',
  )
  let head: Head | undefined
  for (;;) {
    const batch = rows.all(head?.seq ?? Number.MIN_SAFE_INTEGER, rowsAtATime)
    if (batch.length === 0) return head
    for (const row of batch) {
      if (problems.length < mostProblems) problems.push(...checkLink(head, row))
      witness.see(row)
      head = { seq: row.seq, hash: row.hash }
    }
    await breathe()
  }
}

/**
 * The checkpoints among the notes that were signed by a key while it was in force: one that was replaced may have signed for what the ledger
 * held before its replacement, and for nothing more.
 */
export function openNotes(
  notes: readonly KeptCheckpoint[],
  vkeys: readonly (string | TrustedKey)[],
  problems: Problem[],
): readonly Kept[] {
  const keys = vkeys.map((key) => (typeof key === 'string' ? { vkey: key, from: 0, until: Infinity } : key))
  const all = keys.map(({ vkey }) => vkey)
  return notes.flatMap((one) => {
    const { note, seq, where: place } = typeof one === 'string' ? { note: one } : one
    const where = place === undefined ? '' : ` ${place}`
    try {
      const { size } = openCheckpoint(note, all)
      const inForce = keys.filter(({ from, until }) => size >= from && size < until)
      return [
        {
          ...openCheckpoint(
            note,
            inForce.map(({ vkey }) => vkey),
          ),
          where,
        },
      ]
    } catch (error) {
      if (!(error instanceof NoteRefused)) throw error
      problems.push({
        ...(seq === undefined ? {} : { seq }),
        what: `a checkpoint${where} was refused: ${error.message}`,
      })
      return []
    }
  })
}

type Kept = Checkpoint & { readonly where: string }

/** Grows the tree over the entries and compares it with each checkpoint at that checkpoint's size. */
export type Witness = {
  readonly see: (row: Pick<Row, 'hash'>) => void
  readonly tree: () => Frontier
  /** To be asked once all entries were seen. */
  readonly findings: () => readonly Problem[]
}

export function createWitness(checkpoints: readonly Kept[]): Witness {
  const problems: Problem[] = []
  const tree = growingFrom(emptyFrontier)
  const bySize = Map.groupBy(checkpoints, ({ size }) => size)
  let agreed = 0
  const compare = () => {
    for (const { size, root, where } of bySize.get(tree.size()) ?? []) {
      if (rootOf(tree.frontier()).equals(root)) agreed = size
      else
        problems.push({
          seq: size,
          what: `entries ${agreed + 1} to ${size} are not those the checkpoint of size ${size}${where} was signed for`,
        })
    }
  }
  compare()
  return {
    see(row) {
      // In a damaged file any column may be of any type.
      tree.add(String(row.hash))
      compare()
    },
    tree: () => tree.frontier(),
    findings() {
      const ahead = checkpoints.filter(({ size }) => size > tree.size())
      return [
        ...problems,
        ...ahead.map(({ size, where }) => ({
          seq: tree.size() + 1,
          what: `a checkpoint${where} was signed for ${size} entries and there are ${tree.size()}: the end was cut off`,
        })),
      ]
    },
  }
}

function checkFrontier(db: Database.Database, tree: Frontier): readonly Problem[] {
  const row = db
    .prepare<[], { readonly size: number; readonly nodes: Buffer }>('SELECT size, nodes FROM frontier')
    .get()
  // Missing is harmless, it is rebuilt; wrong would make the next checkpoint say something wrong.
  if (row === undefined || (row.size === tree.size && row.nodes.equals(encodeNodes(tree)))) return []
  return [{ what: 'the kept Merkle frontier does not fit the entries: the next checkpoint would be wrong' }]
}

/** A table that was made anew may hold what ours cannot, such as two entries of one number, which reading in order passes over. */
function checkSchema(db: Database.Database): readonly Problem[] {
  const [ours, found] = [schemaStatements(), new Map(statementsIn(db))]
  return [
    ...[...ours]
      .filter(([name, sql]) => found.get(name) !== sql)
      .map(([name]) => ({ what: `${name} is missing or is not as it was made` })),
    ...[...found.keys()].filter((name) => !ours.has(name)).map((name) => ({ what: `${name} is not ours` })),
  ]
}

function checkTriggers(db: Database.Database): readonly Problem[] {
  const found = db
    .prepare<[], { readonly name: string; readonly sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
    )
    .all()
  const missing = Object.entries(triggers).filter(
    ([name, sql]) => !found.some((row) => row.name === name && row.sql === sql),
  )
  const strange = found.filter(({ name }) => !Object.hasOwn(triggers, name))
  return [
    ...missing.map(([name]) => ({ what: `the trigger ${name} is missing or altered: the ledger was not append-only` })),
    ...strange.map(({ name }) => ({ what: `the trigger ${name} is not ours` })),
  ]
}

function checkIntegrity(db: Database.Database): readonly Problem[] {
  const answers = db.prepare<[], string>('PRAGMA integrity_check').pluck().all()
  return answers.filter((answer) => answer !== 'ok').map((answer) => ({ what: `SQLite finds: ${answer}` }))
}
