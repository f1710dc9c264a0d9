import Database from 'better-sqlite3'

export type DatabaseWatchOptions<T> = {
  /** Autentico's own SQLite file. It is only read, so that nobody ever waits for the page. */
  readonly databaseFile: string
  /** Plain data; undefined: there is nothing to be seen, and what was seen last stands. */
  readonly read: (db: Database.Database, now: Date) => T | undefined
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  readonly now?: (() => Date) | undefined
  /** Milliseconds between two glances at whether the file has changed. */
  readonly glanceMs?: number | undefined
}

export type DatabaseWatch<T> = Disposable & {
  /** Null until something was seen once. The same object for as long as it says the same. */
  readonly seen: () => T | null
  /** Looks at once, as when what is looked for has changed. */
  readonly look: () => void
}

/** Time alone ends codes, links and tokens, which changes no file. */
const lookAnywayMs = 2_000

/**
 * Watches Autentico's file. Between its changes that costs one PRAGMA every `glanceMs`; a file that cannot be read now leaves the last
 * answer standing, and is opened again.
 */
export function watchDatabase<T>(options: DatabaseWatchOptions<T>): DatabaseWatch<T> {
  const { databaseFile, read, onChange, now = () => new Date(), glanceMs = 150 } = options
  let file: { readonly db: Database.Database; version: number } | undefined
  let seen: { readonly what: T; readonly text: string; readonly at: number } | undefined

  function glance(force: boolean): void {
    try {
      file ??= { db: openForReading(databaseFile), version: -1 }
      const { db } = file
      const version = Number(db.pragma('data_version', { simple: true }))
      const at = now().getTime()
      if (!force && version === file.version && seen !== undefined && Math.abs(at - seen.at) < lookAnywayMs) return
      file.version = version
      // One consistent view of the file.
      keep(db.transaction(() => read(db, now()))(), at)
    } catch {
      // Just being made, or locked for a moment by the server's first or last breath: the next glance opens it anew.
      file?.db.close()
      file = undefined
    }
  }

  function keep(what: T | undefined, at: number): void {
    if (what === undefined) return
    const text = JSON.stringify(what)
    const same = seen?.text === text
    seen = { what: same && seen !== undefined ? seen.what : what, text, at }
    if (!same) onChange()
  }

  glance(true)
  const timer = setInterval(() => glance(false), glanceMs)
  timer.unref()
  return {
    seen: () => seen?.what ?? null,
    look: () => glance(true),
    [Symbol.dispose]: () => {
      clearInterval(timer)
      file?.db.close()
      file = undefined
    },
  }
}

function openForReading(databaseFile: string): Database.Database {
  return new Database(databaseFile, { readonly: true, fileMustExist: true, timeout: 50 })
}
