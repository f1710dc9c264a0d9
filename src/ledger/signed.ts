import type Database from 'better-sqlite3'
import type { Row } from './chain.ts'
import { type RotationEntry, rotationStream, rotationType } from './rotation.ts'
import { openForReading } from './schema.ts'

/** What stands in a ledger about its own keys and checkpoints. Nothing of it is verified. */
export type SignedParts = {
  /** The notes of checkpoints, in the order of their entries. */
  readonly notes: readonly { readonly seq: number; readonly note: string }[]
  readonly rotations: readonly RotationEntry[]
}

/** Reads the checkpoints and key rotations of a ledger file, whatever else is wrong with it. Throws LedgerUnusable. */
export function signedPartsOf(file: string): SignedParts {
  using closing = new DisposableStack()
  return signedParts(closing.adopt(openForReading(file), (db) => void db.close()))
}

function signedParts(db: Database.Database): SignedParts {
  // Not by the index: who tampered with the table may have left it as it was.
  const rows = db
    .prepare<[string, string], Pick<Row, 'seq' | 'incident' | 'type' | 'previous' | 'body'>>(
      'SELECT seq, incident, type, previous, body FROM entry NOT INDEXED WHERE type IN (?, ?) ORDER BY seq',
    )
    .all('CheckpointSigned', rotationType)
  const notes: SignedParts['notes'][number][] = []
  const rotations: RotationEntry[] = []
  for (const { seq, incident, type, previous, body: text } of rows) {
    const body = parsed(text)
    if (type === 'CheckpointSigned') notes.push(...noteIn(seq, body))
    else if (incident === rotationStream) rotations.push({ seq, previous, body })
  }
  return { notes, rotations }
}

function noteIn(seq: number, body: unknown): SignedParts['notes'] {
  if (typeof body !== 'object' || body === null || !('note' in body)) return []
  return typeof body.note === 'string' ? [{ seq, note: body.note }] : []
}

/** That it is not JSON is found where the chain is checked. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
