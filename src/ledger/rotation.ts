import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Entry, Problem } from './chain.ts'
import { encodeVkey, NoteRefused, parseVkey } from './note.ts'

/** What a signing key of the bot is for: `ledger` signs checkpoints, `orders` signs what workers are told to do. */
export type KeyPurpose = 'ledger' | 'orders'

/** The stream that changes of the ledger's own keys stand in. */
export const rotationStream = 'governance'
export const rotationType = 'SigningKeyRotated'

/** The body of an entry by which one signing key takes the place of another; both have signed it. */
export type Rotation = {
  readonly purpose: KeyPurpose
  /** Verifier keys (C2SP signed-note); both carry the ledger's name. */
  readonly from: string
  readonly to: string
  /** Base64 of the Ed25519 signatures over {@link rotationText}. */
  readonly signedByOld: string
  readonly signedByNew: string
}

/** Where an entry stands: what a rotation is bound to, so that it is good in one place of one ledger only. */
type Position = Pick<Entry, 'seq' | 'previous'>

/** A key and the checkpoints it may have signed: those over at least `from` entries and fewer than `until`. */
export type TrustedKey = { readonly vkey: string; readonly from: number; readonly until: number }

/** The text whose UTF-8 bytes both keys sign: RFC 8785 canonical JSON of what changes, and of the entry's place in the chain. */
export function rotationText(rotation: Pick<Rotation, 'purpose' | 'from' | 'to'>, { seq, previous }: Position): string {
  const { purpose, from, to } = rotation
  return canonicalize({ rotation: 1, purpose, from, to, seq, previous }) ?? ''
}

/** Makes the rotation that stands at this position. Both keys are private. */
export function signRotation({
  purpose,
  name,
  old,
  fresh,
  at,
}: {
  readonly purpose: KeyPurpose
  readonly name: string
  readonly old: KeyObject
  readonly fresh: KeyObject
  readonly at: Position
}): Rotation {
  const what = { purpose, from: encodeVkey(name, createPublicKey(old)), to: encodeVkey(name, createPublicKey(fresh)) }
  const bytes = Buffer.from(rotationText(what, at), 'utf8')
  const signedBy = (key: KeyObject) => sign(null, bytes, key).toString('base64')
  return { ...what, signedByOld: signedBy(old), signedByNew: signedBy(fresh) }
}

/** An entry that claims to be a rotation. Nothing about its body is believed yet. */
export type RotationEntry = Position & { readonly body: unknown }

/** The rotation in a body, if it has the shape of one. */
export function rotationIn(body: unknown): Rotation | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { purpose, from, to, signedByOld, signedByNew } = body as Readonly<Record<string, unknown>>
  if (purpose !== 'ledger' && purpose !== 'orders') return undefined
  if (typeof from !== 'string' || typeof to !== 'string') return undefined
  if (typeof signedByOld !== 'string' || typeof signedByNew !== 'string') return undefined
  return { purpose, from, to, signedByOld, signedByNew }
}

/**
 * Follows the rotations of one purpose, in the order of their entries, from the `first` key, or from the one that the first rotation
 * names. A rotation that does not hold changes nothing and is a problem. `keys`: each key with the checkpoints it may have signed.
 */
export function followRotations(
  entries: Iterable<RotationEntry>,
  { purpose, first }: { readonly purpose: KeyPurpose; readonly first?: string | undefined },
): { readonly keys: readonly TrustedKey[]; readonly problems: readonly Problem[] } {
  const keys: TrustedKey[] = first === undefined ? [] : [{ vkey: first, from: 0, until: Number.POSITIVE_INFINITY }]
  const problems: Problem[] = []
  for (const entry of entries) {
    const rotation = rotationIn(entry.body)
    if (rotation !== undefined && rotation.purpose !== purpose) continue
    if (keys.length === 0 && rotation !== undefined)
      keys.push({ vkey: rotation.from, from: 0, until: Number.POSITIVE_INFINITY })
    const wrong = whatIsWrong(rotation, entry, keys.at(-1)?.vkey)
    const last = keys.pop()
    if (wrong !== undefined || rotation === undefined || last === undefined) {
      if (last !== undefined) keys.push(last)
      problems.push({ seq: entry.seq, what: `the rotation of a signing key does not hold: ${wrong ?? 'it is none'}` })
      continue
    }
    keys.push({ ...last, until: entry.seq }, { vkey: rotation.to, from: entry.seq, until: Number.POSITIVE_INFINITY })
  }
  return { keys, problems }
}

function whatIsWrong(rotation: Rotation | undefined, at: Position, current: string | undefined): string | undefined {
  if (rotation === undefined) return 'its body is not that of one'
  if (rotation.from !== current) return 'it does not start from the key that was in force'
  try {
    const [old, fresh] = [parseVkey(rotation.from), parseVkey(rotation.to)]
    if (old.name !== fresh.name) return 'the two keys do not carry the same name'
    const bytes = Buffer.from(rotationText(rotation, at), 'utf8')
    const signed = (key: KeyObject, signature: string) => verify(null, bytes, key, Buffer.from(signature, 'base64'))
    if (!signed(old.key, rotation.signedByOld)) return 'the old key has not signed it'
    return signed(fresh.key, rotation.signedByNew) ? undefined : 'the new key has not signed it'
  } catch (error) {
    if (error instanceof NoteRefused) return error.message
    throw error
  }
}
