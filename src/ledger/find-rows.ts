import type { Row } from './chain.ts'
import { openForReading } from './schema.ts'

/** Which rows are meant: those of these types, and those whose actor or body has this text somewhere. */
export type RowQuery = { readonly types: readonly string[]; readonly actor: string; readonly body: string }

/**
 * Matching rows in order, and a way to look one up, as they stand in the file whatever else is wrong with it: nothing of them is verified.
 * Throws LedgerUnusable.
 */
export function findRows(
  file: string,
  { types, actor, body }: RowQuery,
): { readonly rows: readonly Row[]; readonly at: (seq: number) => Row | undefined } & Disposable {
  const db = openForReading(file)
  const marks = types.map(() => '?').join(', ')
  // Not by the index: who tampered with the table may have left it as it was.
  const rows = db
    .prepare<string[], Row>(
      `SELECT * FROM entry NOT INDEXED WHERE type IN (${marks}) OR instr(actor, ?) > 0 OR instr(body, ?) > 0 ORDER BY seq`,
    )
    .all(...types, actor, body)
  const one = db.prepare<[number], Row>('SELECT * FROM entry WHERE seq = ?')
  return { rows, at: (seq) => one.get(seq), [Symbol.dispose]: () => void db.close() }
}
