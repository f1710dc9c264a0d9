import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import SQLite from 'better-sqlite3'
import type { Envelope } from './signing.ts'

/** What a worker knows of an order from before. */
export type Remembered = {
  /** Nothing had been changed yet when this is absent. */
  readonly begunAt?: string
  /** What the action noted on the way, such as when a password was set. Never a secret. */
  readonly notes: Readonly<Record<string, string>>
  /** The last reason for waiting that was reported. */
  readonly waits?: string
  /** The signed outcome that ended it. */
  readonly final?: Envelope
}

/** A signed outcome or notice that the queue has not taken yet. */
export type Undelivered = {
  readonly n: number
  readonly id: string
  readonly kind: 'outcome' | 'notice'
  readonly envelope: Envelope
}

/** Something a worker says of an order, or of something that was none (`order` is empty then). `id` is its name in the queue. */
export type Said = {
  readonly order: string
  readonly id: string
  readonly kind: 'outcome' | 'notice'
  readonly envelope: Envelope
  readonly final: boolean
}

/**
 * The worker's memory, on disk before anything else happens: what it has begun, what it said, and what of that has arrived.
 * Secrets are in it only as they were sealed.
 */
export type Journal = Disposable & {
  /** Undefined for an order never seen. */
  recall(order: string): Remembered | undefined
  /** Remembers an order when it is taken for the first time; later calls change nothing. `until`: when it may be forgotten. */
  take(order: string, until: string): void
  begin(order: string, at: string, notes: Readonly<Record<string, string>>): void
  wait(order: string, why: string): void
  /** Keeps what is to be said and, if it is final, that the order has ended, in one transaction. */
  say(what: Said): void
  /** In the order in which it was said. */
  undelivered(): readonly Undelivered[]
  delivered(n: number): void
  /** Drops what was delivered and belongs to orders that nobody could issue again. */
  forget(before: string): void
}

const schema = `
  CREATE TABLE IF NOT EXISTS work (
    id TEXT PRIMARY KEY, until TEXT NOT NULL, begun_at TEXT, notes TEXT NOT NULL DEFAULT '{}', waits TEXT, final TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS said (
    n INTEGER PRIMARY KEY AUTOINCREMENT, work TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, envelope TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS undelivered ON said (n) WHERE delivered = 0;
`

type WorkRow = {
  readonly begun_at: string | null
  readonly notes: string
  readonly waits: string | null
  readonly final: string | null
}
type SaidRow = {
  readonly n: number
  readonly id: string
  readonly kind: 'outcome' | 'notice'
  readonly envelope: string
}

/** Opens or makes the journal. The directory is made with mode 0700. Throws what SQLite throws for a file it cannot use. */
export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new SQLite(file)
  db.pragma('journal_mode = WAL')
  // In WAL mode the driver's default loses acknowledged writes when the power goes.
  db.pragma('synchronous = FULL')
  db.pragma('busy_timeout = 5000')
  // The driver's 16 MiB would fill up with pages that are never read again.
  db.pragma('cache_size = -2048')
  db.exec(schema)

  const select = db.prepare<[string], WorkRow>('SELECT begun_at, notes, waits, final FROM work WHERE id = ?')
  const insert = db.prepare<[string, string]>('INSERT INTO work (id, until) VALUES (?, ?) ON CONFLICT (id) DO NOTHING')
  const setBegun = db.prepare<[string, string, string]>(
    'UPDATE work SET begun_at = COALESCE(begun_at, ?), notes = ? WHERE id = ?',
  )
  const setWaits = db.prepare<[string, string]>('UPDATE work SET waits = ? WHERE id = ?')
  const setFinal = db.prepare<[string, string]>('UPDATE work SET final = ? WHERE id = ?')
  const insertSaid = db.prepare<[string, string, string, string]>(
    'INSERT INTO said (work, id, kind, envelope) VALUES (?, ?, ?, ?)',
  )
  const selectUndelivered = db.prepare<[], SaidRow>(
    'SELECT n, id, kind, envelope FROM said WHERE delivered = 0 ORDER BY n LIMIT 100',
  )
  const setDelivered = db.prepare<[number]>('UPDATE said SET delivered = 1 WHERE n = ?')
  const forgetSaid = db.prepare<[string]>(
    'DELETE FROM said WHERE delivered = 1 AND work NOT IN (SELECT id FROM work WHERE until >= ?)',
  )
  const forgetWork = db.prepare<[string]>('DELETE FROM work WHERE until < ? AND id NOT IN (SELECT work FROM said)')

  return {
    recall(order) {
      const row = select.get(order)
      if (row === undefined) return undefined
      return {
        notes: JSON.parse(row.notes) as Record<string, string>,
        ...(row.begun_at === null ? {} : { begunAt: row.begun_at }),
        ...(row.waits === null ? {} : { waits: row.waits }),
        ...(row.final === null ? {} : { final: JSON.parse(row.final) as Envelope }),
      }
    },
    take: (order, until) => void insert.run(order, until),
    begin: (order, at, notes) => void setBegun.run(at, JSON.stringify(notes), order),
    wait: (order, why) => void setWaits.run(why, order),
    say: db.transaction(({ order, id, kind, envelope, final }: Said) => {
      const text = JSON.stringify(envelope)
      insertSaid.run(order, id, kind, text)
      if (final) setFinal.run(text, order)
    }),
    undelivered: () =>
      selectUndelivered.all().map((row) => ({ ...row, envelope: JSON.parse(row.envelope) as Envelope })),
    delivered: (n) => void setDelivered.run(n),
    forget: db.transaction((before: string) => {
      forgetSaid.run(before)
      forgetWork.run(before)
    }),
    [Symbol.dispose]: () => void db.close(),
  }
}
