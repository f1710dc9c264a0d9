import Database from 'better-sqlite3'
import { type Addition, appender } from './append.ts'
import { backup } from './backup.ts'
import { checkLink, type Entry, entryOf, type Head, type Row } from './chain.ts'
import { takeLock } from './lock.ts'
import { type LedgerReader, readerOf } from './reader.ts'
import { LedgerDamaged, openForNotes, openForWriting, orDamaged } from './schema.ts'

export interface Ledger extends LedgerReader {
  /**
   * Adds the drafts to one stream, all or none, and returns them as entries once they are on disk. `expected` is the
   * `seq` of the stream's last entry as the caller knows it, 0 for a new stream. Throws {@link PositionConflict} when
   * the stream has moved on, NotRecordable for what is not JSON, {@link LedgerWriteFailed} when the disk refuses; after
   * any of them nothing was added.
   */
  append(addition: Addition): readonly Entry[]
  /** Calls `listener` soon after every append. A wake-up, not a delivery: read the ledger to learn what is new. */
  onAppend(listener: () => void): () => void
  /**
   * Remembers how far a follower has come. Never goes back, except with a power loss: it does not wait for the disk, because a follower
   * that is given entries again does no harm, and every entry has several.
   */
  moveCursor(name: string, seq: number): void
  /** Writes something that means nothing, to see whether the disk takes it. Throws {@link LedgerWriteFailed}. */
  tryWriting(): void
  /** Copies the ledger to a new file (mode 0600) while work goes on. Refuses to overwrite one. */
  backup(file: string): Promise<void>
}

type SqliteError = InstanceType<typeof Database.SqliteError>

/** The disk did not take it (full, read-only, broken). Nothing was recorded, so nothing may be done; trying again is safe. */
export class LedgerWriteFailed extends Error {
  override readonly name = 'LedgerWriteFailed'
  /** SQLite's own name for it, such as SQLITE_FULL. */
  readonly code: string

  constructor(file: string, cause: SqliteError) {
    const reason =
      cause.code === 'SQLITE_FULL' ? 'the disk is full, free some space' : 'check the disk and its permissions'
    super(`nothing was recorded: ${file} could not be written (${cause.code}: ${cause.message}); ${reason}`, { cause })
    this.code = cause.code
  }
}

/**
 * Opens the ledger as its one writer, creating file and directory when missing. Throws LedgerLocked when another process
 * has it, LedgerUnusable when the file cannot be used (of a newer release, not durable), LedgerDamaged when it is no database any more or
 * does not end in an intact chain.
 */
export function openLedger({
  file,
  now = () => new Date(),
}: {
  readonly file: string
  readonly now?: () => Date
}): Ledger & Disposable {
  using opening = new DisposableStack()
  opening.use(takeLock({ file, now }))
  const db = opening.adopt(
    orDamaged(file, () => openForWriting(file)),
    (open) => void open.close(),
  )
  const reader = orDamaged(file, () => readerOf(db))
  refuseBrokenEnd(file, db)
  const listeners = new Set<() => void>()
  const append = appender(db, reader)
  const notes = opening.adopt(
    orDamaged(file, () => openForNotes(file)),
    (open) => void open.close(),
  )
  const moveCursor = notes.prepare<[string, number]>(setCursor)
  const tryWriting = db.prepare<[string, number]>(setCursor)
  const latest = latestEntries()
  const parts = opening.move()

  return {
    ...reader,
    read: (range) => latest.behind(range) ?? reader.read(range),
    append(addition) {
      const entries = orWriteFailed(file, () => append(addition)).map(entryOf)
      latest.keep(entries)
      if (entries.length > 0) for (const listener of listeners) queueMicrotask(listener)
      return entries
    },
    onAppend(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    moveCursor: (name, seq) => void orWriteFailed(file, () => moveCursor.run(name, seq)),
    // Another number each time: SQLite writes nothing where nothing changes.
    tryWriting: () => void orWriteFailed(file, () => tryWriting.run('tried-writing', now().getTime())),
    backup: (target) => backup(db, target),
    [Symbol.dispose]: () => parts.dispose(),
  }
}

const setCursor =
  'INSERT INTO cursor (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = MAX(seq, excluded.seq)'

/** At least as many entries are kept in memory, to be handed to followers without reading them back, and at most twice as many. */
const leastKept = 200

/** The newest entries, as they were written. Every follower wants each of them right after its append. */
function latestEntries(): {
  readonly keep: (entries: readonly Entry[]) => void
  /** Undefined when they have to be read from the file. */
  readonly behind: (range: { readonly after: number; readonly limit: number }) => readonly Entry[] | undefined
} {
  const kept: Entry[] = []
  return {
    keep(entries) {
      // Somebody has written beside the lock: then only the file has them all.
      if ((kept.at(-1)?.seq ?? 0) + 1 !== entries[0]?.seq) kept.length = 0
      kept.push(...entries)
      if (kept.length > 2 * leastKept) kept.splice(0, kept.length - leastKept)
    },
    behind({ after, limit }) {
      const [first] = kept
      return first === undefined || after + 1 < first.seq
        ? undefined
        : kept.slice(after + 1 - first.seq, after + 1 - first.seq + limit)
    },
  }
}

/** Enough to notice a torn or edited end without reading the whole file; `verifyLedger` reads it all. */
const checkedAtOpening = 64

function refuseBrokenEnd(file: string, db: Database.Database): void {
  const last = db.prepare<[number], Row>('SELECT * FROM (SELECT * FROM entry ORDER BY seq DESC LIMIT ?) ORDER BY seq')
  const damaged = (what: string, cause?: unknown) => new LedgerDamaged(file, what, { cause })

  let rows: readonly Row[]
  let kept: number
  try {
    rows = last.all(checkedAtOpening + 1)
    kept = db.prepare<[], number>('SELECT size FROM frontier').pluck().get() ?? 0
  } catch (cause) {
    throw damaged('its end cannot be read', cause)
  }
  // In a longer ledger the first of them only gives the hash that the next one names.
  let head: Head | undefined = rows.length > checkedAtOpening ? rows[0] : undefined
  for (const row of head === undefined ? rows : rows.slice(1)) {
    const [problem] = checkLink(head, row)
    if (problem !== undefined) throw damaged(`entry ${row.seq}: ${problem.what}`)
    head = row
  }
  const size = head?.seq ?? 0
  if (kept > size) throw damaged(`there were ${kept} entries and there are ${size}: its end was cut off`)
}

function orWriteFailed<Result>(file: string, write: () => Result): Result {
  try {
    return write()
  } catch (error) {
    if (error instanceof Database.SqliteError) throw new LedgerWriteFailed(file, error)
    throw error
  }
}
