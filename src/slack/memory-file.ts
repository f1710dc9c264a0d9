import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { Log } from './log.ts'

type MemoryFile = {
  readonly file: string
  /** What it remembers, for the log. */
  readonly what: string
  /** SQL that may be run again and again. */
  readonly schema: string
  readonly log: Log
}

/**
 * Opens a small SQLite file for what may be forgotten in the worst case, made with mode 0600 where it is missing. What was written survives
 * the end of the process, however that ends; a power loss may take the last moments. A file that is damaged is begun anew.
 */
export function openMemory(memory: MemoryFile): Database.Database {
  const { file, what, log } = memory
  try {
    return open(memory)
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code)) throw error
    log.warn({ file, why: error.message }, `the memory of ${what} is damaged and is begun anew`)
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
    return open(memory)
  }
}

function open({ file, schema }: MemoryFile): Database.Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600))
  const db = new Database(file, { timeout: 5_000 })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    // The driver's 16 MiB would fill up with pages that are never read again.
    db.pragma('cache_size = -1024')
    db.exec(schema)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
