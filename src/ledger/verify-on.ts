import Database from 'better-sqlite3'
import { checkLink, type Head, type Problem, type Row } from './chain.ts'
import { openForReading } from './schema.ts'
import type { Verification } from './verify.ts'

/**
 * Verifies what came behind an entry that was verified before: that this entry is still the same, and that every later one follows from
 * it. What it does not look at again (older entries, the tree, the triggers, checkpoints) is for `verifyLedger`. Throws LedgerUnusable.
 */
export function verifyOn({ file, from }: { readonly file: string; readonly from: Head }): Verification {
  using closing = new DisposableStack()
  const db = closing.adopt(openForReading(file), (open) => void open.close())
  const problems: Problem[] = []
  const found = { entries: 0, head: from }
  try {
    // One read transaction, so that all of it is of the same moment.
    db.exec('BEGIN')
    problems.push(...checkAnchor(db, from))
    const rows = db.prepare<[number], Row>('SELECT * FROM entry WHERE seq > ? ORDER BY seq')
    for (const row of rows.iterate(from.seq)) {
      if (problems.length < 100) problems.push(...checkLink(found.head, row))
      found.head = { seq: row.seq, hash: row.hash }
      found.entries += 1
    }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    problems.push({ what: `the file cannot be read on: ${error.message}` })
  }
  return { ok: problems.length === 0, ...found, problems, checkpoints: 0 }
}

function checkAnchor(db: Database.Database, { seq, hash }: Head): readonly Problem[] {
  const now = db.prepare<[number], string>('SELECT hash FROM entry WHERE seq = ?').pluck().get(seq)
  if (now === hash) return []
  return [{ seq, what: now === undefined ? 'the entry is gone' : 'the entry is another one than was verified before' }]
}
