import { createHash, type KeyObject, verify } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import { longestStatement, type Statement, statementShape } from './statement.ts'

/** A statement is good for this long: it is signed for a nonce that was made up a moment before. */
export const goodForMs = 60_000
/** Both clocks are of one machine as a rule; a statement from further ahead would be good for longer than it may. */
const aheadMs = 5_000

export type VerifiedStatement<Key> =
  | { readonly kind: 'genuine'; readonly statement: Statement; readonly key: Key }
  /** Nobody is known to have said it. `digest`: SHA-256 over the text, hex, so that it can be recognised. */
  | { readonly kind: 'refused'; readonly why: string; readonly digest: string }

/** What a statement is held to. */
export type Expectation<Key> = {
  /** The registered key of a fingerprint; undefined when there is none, or when it was revoked. */
  readonly keyOf: (fingerprint: string) => Key | undefined
  readonly ledger: string
  /** What the other side was given to sign, for this one statement. */
  readonly nonce: string
  readonly now: Date
  /** The hash of an entry of an incident; undefined where there is no such entry in it. */
  readonly hashOf: (incident: IncidentId, seq: number) => string | undefined
}

/**
 * Whether a text was signed by a registered key, just now, for this ledger and for this nonce, by somebody who had seen this history.
 * Nothing of it is looked into before its signature holds.
 */
export function verifyStatement<Key extends { readonly publicKey: KeyObject }>(
  { text, signature, fingerprint }: SignedText,
  { keyOf, ledger, nonce, now, hashOf }: Expectation<Key>,
): VerifiedStatement<Key> {
  const refuse = (why: string): VerifiedStatement<Key> => ({ kind: 'refused', why, digest: digestOf(text) })
  if (text.length > longestStatement) return refuse('It is longer than any command.')
  const key = keyOf(fingerprint)
  if (key === undefined)
    return refuse(
      `The key ${nameOf(fingerprint)} is not registered. Two people register it in Slack: \`/autentico key\`.`,
    )
  if (!verify(null, Buffer.from(text, 'utf8'), key.publicKey, Buffer.from(signature, 'base64')))
    return refuse('The signature does not match: it was altered, or made with another key.')

  const statement = read(text)
  if (statement === undefined)
    return refuse('It is signed, but not of a shape that is understood here. Run the version that the bot runs.')
  if (statement.fingerprint !== fingerprint) return refuse('It is signed with another key than it says.')
  if (statement.ledger !== ledger)
    return refuse(`It was signed for the ledger ${nameOf(statement.ledger)}, not for this one.`)
  if (statement.nonce !== nonce) return refuse('It was sent before, or was not signed for this connection.')
  const age = now.getTime() - Date.parse(statement.at)
  if (age > goodForMs)
    return refuse(`It was signed ${Math.round(age / 1000)} seconds ago, and is good for ${goodForMs / 1000}.`)
  if (age < -aheadMs) return refuse('It was signed in the future: the two clocks differ.')
  const { incident, seen } = statement
  if (hashOf(incident, seen.seq) !== seen.hash)
    return refuse(`Entry ${seen.seq} of ${incident} is not the one that was seen when it was signed.`)
  return { kind: 'genuine', statement, key }
}

/** Text that differs from its canonical form reads differently in different programs, so it is nobody's word. */
function read(text: string): Statement | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return canonicalize(found) === text ? statementShape.safeParse(found).data : undefined
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Something that anybody may have written, as far as it is a name. */
function nameOf(text: string): string {
  return /^[\w:+/.-]{1,100}$/.test(text) ? text : 'of no name'
}
