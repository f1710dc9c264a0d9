import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'

/** The file is not one this program can use as its ledger. The message says why and what to do. */
export class LedgerUnusable extends Error {
  override readonly name: 'LedgerUnusable' | 'LedgerDamaged' = 'LedgerUnusable'
}

/** What is in the file is not what was written to it, so nothing may be added behind it. Reading may still work, in part. */
export class LedgerDamaged extends LedgerUnusable {
  override readonly name = 'LedgerDamaged'
  /** What is wrong, without the path. */
  readonly what: string

  constructor(file: string, what: string, options?: ErrorOptions) {
    super(`${file} is damaged (${what}): keep it as evidence, and restore a backup`, options)
    this.what = what
  }
}

/** Passes on what `use` gives; where it meets a file that is no whole database any more, or an entry that is not JSON, throws {@link LedgerDamaged}. */
export function orDamaged<Result>(file: string, use: () => Result): Result {
  try {
    return use()
  } catch (error) {
    // Its message repeats what it could not read.
    if (error instanceof SyntaxError) throw new LedgerDamaged(file, 'an entry is not JSON', { cause: error })
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(?:CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(error.code))
      throw error
    throw new LedgerDamaged(file, `SQLite cannot read it: ${error.message}`, { cause: error })
  }
}

/**
 * What keeps the table append-only, by name. The third is needed because INSERT OR REPLACE removes a row without firing
 * the other two.
 */
export const triggers: Readonly<Record<string, string>> = {
  entry_no_update: `CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`,
  entry_no_delete: `CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`,
  entry_no_replace: `CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq OR hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`,
}

/** For connections that last. The driver's 16 MiB for each would fill up with pages that are not read again: the work is at the end. */
const smallCache = 'cache_size = -4096'

/** Numbered by position, from 1. Append only: a released migration never changes. */
const migrations: readonly string[] = [
  `CREATE TABLE entry (
  seq      INTEGER PRIMARY KEY, -- 1, 2, 3 ... over all incidents
  incident TEXT NOT NULL,       -- the stream
  at       TEXT NOT NULL,       -- ISO 8601, UTC, milliseconds
  type     TEXT NOT NULL,
  actor    TEXT NOT NULL,       -- canonical JSON
  body     TEXT NOT NULL,       -- canonical JSON
  previous TEXT NOT NULL,       -- hash of the entry before, 64 zeros for the first
  hash     TEXT NOT NULL UNIQUE -- hex SHA-256 of the canonical JSON of the other columns
) STRICT;
CREATE INDEX entry_by_incident ON entry (incident, seq);
CREATE INDEX entry_by_type ON entry (type, incident);
${Object.values(triggers).join(';\n')};
CREATE TABLE frontier (         -- derived from entry, one row; see merkle.ts
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  size  INTEGER NOT NULL,
  nodes BLOB NOT NULL
) STRICT;
CREATE TABLE cursor (           -- how far each follower has come; not part of the record
  name TEXT PRIMARY KEY,
  seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`,
]

/** The statements that tables and indexes of the newest schema were made by, by name, as SQLite keeps them. */
export function schemaStatements(): ReadonlyMap<string, string> {
  const db = new Database(':memory:')
  try {
    migrate(db)
    return new Map(statementsIn(db))
  } finally {
    db.close()
  }
}

/** The same of an open file, whatever was done to it. */
export function statementsIn(db: Database.Database): readonly (readonly [string, string])[] {
  return db
    .prepare<[], { readonly name: string; readonly sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type <> 'trigger' AND sql IS NOT NULL",
    )
    .all()
    .map(({ name, sql }) => [name, sql] as const)
}

/**
 * Opens the file for writing, creating it (mode 0600) and its directory (mode 0700) when missing, and brings it to the
 * newest schema. Every commit is on disk before it returns. Throws {@link LedgerUnusable}.
 */
export function openForWriting(file: string): Database.Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Only when missing: closing any descriptor of a file drops all POSIX locks this process has on it.
  if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600))
  chmodSync(file, 0o600)
  return orClose(connect(file, { timeout: 5_000 }), (db) => {
    refuseNewer(db, file)
    // The library is built with NORMAL as the default in WAL, which may lose acknowledged commits with the power.
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    const [journal, synchronous] = [
      db.pragma('journal_mode', { simple: true }),
      db.pragma('synchronous', { simple: true }),
    ]
    if (journal !== 'wal' || synchronous !== 2) {
      throw new LedgerUnusable(
        `${file} cannot be written durably (journal_mode ${String(journal)}, synchronous ${String(synchronous)}): put it on a local disk`,
      )
    }
    migrate(db)
    db.pragma(smallCache)
  })
}

/**
 * A second connection to a ledger that is open for writing, for what may be forgotten: what it writes survives the end of the process,
 * however that ends, and only a power loss may take the last moments of it. Entries never go through it.
 */
export function openForNotes(file: string): Database.Database {
  return orClose(connect(file, { fileMustExist: true, timeout: 5_000 }), (db) => {
    db.pragma('synchronous = NORMAL')
    db.pragma(smallCache)
  })
}

/** Opens an existing file for reading only. A writer may be at work on it meanwhile. Throws {@link LedgerUnusable}. */
export function openForReading(file: string): Database.Database {
  if (!existsSync(file)) throw new LedgerUnusable(`there is no ledger at ${file}`)
  return orClose(connect(file, { readonly: true, fileMustExist: true, timeout: 5_000 }), (db) => {
    refuseNewer(db, file)
    if (versionOf(db) < migrations.length) {
      throw new LedgerUnusable(`${file} has an older schema: start the bot once, it brings the file up to date`)
    }
  })
}

function connect(file: string, options: Database.Options): Database.Database {
  try {
    return new Database(file, options)
  } catch (cause) {
    throw new LedgerUnusable(`${file} cannot be opened: check that it exists and who may read it`, { cause })
  }
}

function orClose(db: Database.Database, prepare: (db: Database.Database) => void): Database.Database {
  try {
    prepare(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function refuseNewer(db: Database.Database, file: string): void {
  const version = versionOf(db)
  if (version <= migrations.length) return
  throw new LedgerUnusable(
    `${file} has schema ${version}, this release knows up to ${migrations.length}: run the newer release that wrote it`,
  )
}

function migrate(db: Database.Database): void {
  db.transaction(() => {
    for (const [index, statements] of migrations.entries()) {
      if (index < versionOf(db)) continue
      db.exec(statements)
      db.pragma(`user_version = ${index + 1}`)
    }
  }).immediate()
}

function versionOf(db: Database.Database): number {
  try {
    return Number(db.pragma('user_version', { simple: true }))
  } catch (cause) {
    throw new LedgerDamaged(db.name, 'it is not a SQLite file', { cause })
  }
}
