import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { Head } from './chain.ts'
import { readerOf } from './reader.ts'
import { openForReading } from './schema.ts'

/** The copy would overwrite something. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
}

/**
 * Copies the ledger of a data directory to a new file (mode 0600), also while its bot is running. Resolves with what the copy
 * holds. Throws LedgerUnusable where there is none, {@link BackupRefused} where the file exists.
 */
export async function copyLedger({
  from,
  to,
}: {
  readonly from: string
  readonly to: string
}): Promise<{ readonly entries: number; readonly head: Head | undefined }> {
  using closing = new DisposableStack()
  await backup(
    closing.adopt(openForReading(from), (db) => void db.close()),
    to,
  )
  const copy = readerOf(closing.adopt(openForReading(to), (db) => void db.close()))
  return { entries: copy.size(), head: copy.head() }
}

/** Copies an open database while work on it goes on. Nothing is left behind when it fails. */
export async function backup(db: Database.Database, target: string): Promise<void> {
  if (existsSync(target)) throw new BackupRefused(`${target} exists: a backup never overwrites, name another file`)
  const partial = `${target}.partial`
  closeSync(openSync(partial, 'w', 0o600))
  try {
    await db.backup(partial)
    const written = openSync(partial, 'r')
    fsyncSync(written)
    closeSync(written)
    renameSync(partial, target)
  } finally {
    rmSync(partial, { force: true })
  }
}
