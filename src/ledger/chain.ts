import { hash as digest } from 'node:crypto'
import canonicalize from 'canonicalize'
import { isCanonical } from './canonical.ts'

/** What an entry may hold: JSON, and nothing that JSON would change on the way (no dates, no `undefined` in arrays). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One fact in the ledger. `hash` covers every other field; `previous` is the hash of the entry with the `seq` before. */
export type Entry = {
  /** Position in the whole ledger: 1, 2, 3 … without gaps. */
  readonly seq: number
  /** The stream this entry belongs to. */
  readonly incident: string
  /** When it was decided: ISO 8601, UTC, milliseconds. Order is `seq`; the clock may jump. */
  readonly at: string
  readonly type: string
  readonly actor: Json
  readonly body: Json
  /** Hex SHA-256. */
  readonly previous: string
  /** Hex SHA-256. */
  readonly hash: string
}

/** What a writer brings; the ledger adds the rest. */
export type Draft = Pick<Entry, 'type' | 'actor' | 'body'>

/** An entry as it lies in the file: `actor` and `body` are canonical JSON text. */
export type Row = Omit<Entry, 'actor' | 'body'> & { readonly actor: string; readonly body: string }

/** Where the chain ends. */
export type Head = Pick<Entry, 'seq' | 'hash'>

/** Something a verification found; `seq` names the entry where there is one to name. */
export type Problem = { readonly seq?: number; readonly what: string }

/** The `previous` of the first entry. */
export const genesis: string = '0'.repeat(64)

/** The value cannot be written as canonical JSON (RFC 8785), so it cannot be hashed the same way twice. */
export class NotRecordable extends Error {
  override readonly name = 'NotRecordable'
}

/**
 * The next row after `head`. Refuses, with {@link NotRecordable}, values without a canonical form (a lone surrogate, NaN,
 * a cycle), a time that is not ISO 8601 UTC with milliseconds, and an empty incident or type.
 */
export function link(head: Head | undefined, fact: { readonly incident: string; readonly at: string } & Draft): Row {
  if (!isUtcMilliseconds(fact.at))
    throw new NotRecordable(`at must look like 2026-11-23T09:00:00.000Z, not "${fact.at}"`)
  if (fact.incident === '') throw new NotRecordable('incident must not be empty')
  if (fact.type === '') throw new NotRecordable('type must not be empty')
  const unsealed = {
    seq: (head?.seq ?? 0) + 1,
    incident: fact.incident,
    at: fact.at,
    type: fact.type,
    actor: canonical(fact.actor, 'actor'),
    body: canonical(fact.body, 'body'),
    previous: head?.hash ?? genesis,
  }
  return { ...unsealed, hash: hashOf(unsealed) }
}

/**
 * The text whose UTF-8 bytes are hashed: RFC 8785 canonical JSON of the entry without `hash`. `actor` and `body` are
 * canonical already and the names below stand in RFC 8785 order, so joining them is the canonical form of the whole.
 */
export function canonicalText(row: Omit<Row, 'hash'>): string {
  return (
    `{"actor":${row.actor},"at":${quoted(row.at, 'at')},"body":${row.body},` +
    `"incident":${quoted(row.incident, 'incident')},"previous":${quoted(row.previous, 'previous')},` +
    `"seq":${row.seq},"type":${quoted(row.type, 'type')}}`
  )
}

/** An entry with its hash, as one line of RFC 8785 canonical JSON. */
export function canonicalLine(entry: Entry): string {
  return canonical(entry, 'the entry')
}

/** The entry a row stands for. */
export function entryOf(row: Row): Entry {
  return { ...row, actor: JSON.parse(row.actor) as Json, body: JSON.parse(row.body) as Json }
}

/** The row an entry is stored as. */
export function rowOf(entry: Entry): Row {
  return { ...entry, actor: canonical(entry.actor, 'actor'), body: canonical(entry.body, 'body') }
}

/** What is wrong with a row that follows `head`; empty when nothing is. Trusts nothing about the row but its types. */
export function checkLink(head: Head | undefined, row: Row): readonly Problem[] {
  const seq = row.seq
  const problems: Problem[] = []
  const expected = (head?.seq ?? 0) + 1
  if (seq !== expected)
    problems.push({ seq, what: `the entry should have number ${expected}: entries are missing before it` })
  if (row.previous !== (head?.hash ?? genesis))
    problems.push({ seq, what: 'previous is not the hash of the entry before' })
  // Text that is not canonical could be read in two ways (a doubled name, say), so it is as bad as a wrong hash.
  if (!isCanonical(row.actor)) problems.push({ seq, what: 'actor is not canonical JSON' })
  if (!isCanonical(row.body)) problems.push({ seq, what: 'body is not canonical JSON' })
  if (!hashesTo(row)) problems.push({ seq, what: 'hash does not match the fields: the entry was altered' })
  return problems
}

/** Recomputes a whole chain from its first entry. Cannot see a missing end: that takes a checkpoint. */
export function verifyChain(entries: Iterable<Entry>): readonly Problem[] {
  const problems: Problem[] = []
  let head: Head | undefined
  for (const entry of entries) {
    problems.push(...checkLink(head, rowOf(entry)))
    head = entry
  }
  return problems
}

function hashOf(row: Omit<Row, 'hash'>): string {
  return digest('sha256', canonicalText(row), 'hex')
}

function hashesTo(row: Row): boolean {
  try {
    return hashOf(row) === row.hash
  } catch {
    return false // A field without a canonical form was not written by link().
  }
}

function canonical(value: Json, field: string): string {
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (cause) {
    throw new NotRecordable(`${field} has no canonical JSON form`, { cause })
  }
  if (text === undefined) throw new NotRecordable(`${field} is not JSON`)
  return text
}

/** For a string alone RFC 8785 is what JSON.stringify does; most of an entry's fields are strings, and this is faster. */
function quoted(text: string, field: string): string {
  if (typeof text === 'string' && /^[\w.:-]*$/.test(text)) return `"${text}"` // Numbers, times, hashes: nothing to escape.
  return typeof text === 'string' && text.isWellFormed() ? JSON.stringify(text) : canonical(text, field)
}

function isUtcMilliseconds(at: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(at) && !Number.isNaN(Date.parse(at))
}
