import type { Log } from './log.ts'
import { openMemory } from './memory-file.ts'
import type { KeptAnswer, KeptAnswers } from './repeats.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, until INTEGER NOT NULL, said TEXT) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS answer_by_until ON answer (until);
  SELECT COUNT(*) FROM answer;
`

type Row = { readonly key: string; readonly until: number; readonly said: string | null }

/**
 * Keeps acknowledgements in a small SQLite file, so that a delivery that comes again after a restart is told what it was told before. A
 * disk that takes nothing leaves the memory of this process; that is logged, and keeps nobody from being answered.
 */
export function answersOnDisk({
  file,
  now,
  log,
}: {
  readonly file: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
}): KeptAnswers & Disposable {
  const db = openMemory({ file, what: 'answered deliveries', schema, log })
  const kept = db.prepare<[number], Row>('SELECT key, until, said FROM answer WHERE until > ? ORDER BY until')
  const insert = db.prepare<[string, number, string | null]>(
    'INSERT OR REPLACE INTO answer (key, until, said) VALUES (?, ?, ?)',
  )
  const forget = db.prepare<[number]>('DELETE FROM answer WHERE until <= ?')
  let forgotAt = 0
  let failing = false
  return {
    all: () => kept.all(now()).map(answerOf),
    add({ key, until, answer }) {
      if (!db.open) return
      try {
        if (Math.abs(now() - forgotAt) > 60_000) {
          forgotAt = now()
          forget.run(now())
        }
        insert.run(key, until, answer === undefined ? null : JSON.stringify(answer))
        failing = false
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        if (!failing) log.error({ file, why }, 'answered deliveries are remembered in memory only')
        failing = true
      }
    },
    [Symbol.dispose]: () => void db.close(),
  }
}

function answerOf({ key, until, said }: Row): KeptAnswer {
  return { key, until, answer: said === null ? undefined : (JSON.parse(said) as unknown) }
}
