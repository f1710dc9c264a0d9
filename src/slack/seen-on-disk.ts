import { type Seen, seenInMemory } from './guard.ts'
import type { Log } from './log.ts'
import { openMemory } from './memory-file.ts'

/**
 * Keeps accepted signatures in a small SQLite file of their own (mode 0600, made where it is missing), so that a request is refused the
 * second time although the process was killed in between. Looking up costs no reading; an addition is one insert, written when `add`
 * returns.
 *
 * It is written with `synchronous=NORMAL`: what was written survives the end of the process, however that ends, and only a power loss may
 * take the last moments of it. To wait for the disk would cost every click as much as its record does, for this alone: a machine that comes
 * back from a power loss within the five minutes that a signature is good for, and somebody who had recorded just those requests.
 *
 * A file that is damaged is begun anew, and a disk that takes nothing leaves the memory of this process: neither keeps people from
 * being answered. Both are logged.
 */
export function seenOnDisk({
  file,
  now,
  log,
}: {
  readonly file: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
}): Seen & Disposable {
  const memory = seenInMemory(now)
  const db = openMemory({ file, what: 'accepted requests', schema, log })
  const kept = db.prepare<[number], { readonly key: string; readonly until: number }>(
    'SELECT key, until FROM seen WHERE until > ? ORDER BY until',
  )
  for (const { key, until } of kept.all(now())) memory.add(key, until)
  const insert = db.prepare<[string, number]>('INSERT OR REPLACE INTO seen (key, until) VALUES (?, ?)')
  const forget = db.prepare<[number]>('DELETE FROM seen WHERE until <= ?')
  let forgotAt = 0
  let failing = false

  return {
    has: (key) => memory.has(key),
    add(key, until) {
      memory.add(key, until)
      try {
        if (Math.abs(now() - forgotAt) > 60_000) {
          forgotAt = now()
          forget.run(now())
        }
        insert.run(key, until)
        failing = false
      } catch (error) {
        if (!failing) log.error({ file, why: messageOf(error) }, 'accepted requests are remembered in memory only')
        failing = true
      }
    },
    [Symbol.dispose]: () => void db.close(),
  }
}

const schema = `
  CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS seen_by_until ON seen (until);
  SELECT COUNT(*) FROM seen;
`

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
