import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { pid } from 'node:process'
import Database from 'better-sqlite3'

/** Who has the lock. */
export type Holder = { readonly pid: number; readonly host: string; readonly since: string }

/** Another process writes to this ledger. Two writers are never allowed, so the second one has to stop. */
export class LedgerLocked extends Error {
  override readonly name = 'LedgerLocked'
  /** Unknown for the moment between taking the lock and saying so. */
  readonly holder: Holder | undefined

  constructor(file: string, holder: Holder | undefined) {
    const who =
      holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`
    super(`${file} is in use by ${who}: only one bot may write to a ledger, stop that one first`)
    this.holder = holder
  }
}

/**
 * Takes the one-writer lock of a ledger or throws {@link LedgerLocked} at once. The operating system holds the lock for
 * the process, so it ends with the process however that ends; the file that stays behind blocks nobody.
 */
export function takeLock({ file, now }: { readonly file: string; readonly now: () => Date }): Disposable {
  const lockFile = `${file}.lock`
  const holderFile = `${file}.holder`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Only when missing: closing any descriptor of a file drops all POSIX locks this process has on it.
  if (!existsSync(lockFile)) closeSync(openSync(lockFile, 'a', 0o600))

  const db = new Database(lockFile, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new LedgerLocked(file, readHolder(holderFile))
    }
    throw error
  }
  writeHolder(holderFile, { pid, host: hostname(), since: now().toISOString() })

  return {
    [Symbol.dispose]() {
      rmSync(holderFile, { force: true })
      db.close()
    },
  }
}

function writeHolder(file: string, holder: Holder): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function readHolder(file: string): Holder | undefined {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return pid === undefined || host === undefined || since === undefined ? undefined : { pid, host, since }
  } catch {
    return undefined // It only makes the message better; the lock itself is what counts.
  }
}
