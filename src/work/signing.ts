import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import canonicalize from 'canonicalize'
import { z } from 'zod'
import { keyIdOf } from './keys.ts'

/** What a signature is for. The same text signed for one purpose is worth nothing for another. */
export type Purpose = 'order' | 'outcome' | 'notice' | 'progress' | 'question' | 'answer' | 'presence' | 'stop'

/** A signed text as it lies in Redis. */
export type Envelope = {
  /** RFC 8785 canonical JSON; exactly these characters are signed. */
  readonly body: string
  /** {@link keyIdOf} the signer. */
  readonly key: string
  /** Ed25519 (RFC 8032), base64url. */
  readonly signature: string
}

export type Verified<T> =
  | { readonly kind: 'genuine'; readonly value: T; readonly key: string }
  /** Not to be acted on. `digest` is the SHA-256 of what was found, hex, so that it can be recognised. */
  | { readonly kind: 'refused'; readonly why: string; readonly digest: string }

/** Signs a value for one purpose. Throws on what has no canonical JSON form. */
export function signed(purpose: Purpose, value: object, key: KeyObject): Envelope {
  const body = canonicalize(value)
  if (body === undefined) throw new Error('only JSON can be signed')
  return { body, key: keyIdOf(key), signature: sign(null, message(purpose, body), key).toString('base64url') }
}

/**
 * Whether `found` was signed for this purpose by one of `keys` and is of the shape of `schema`. Nothing of `found` is
 * looked into before its signature holds. `longest` bounds the text, in UTF-16 units.
 */
export function verified<T>(
  found: unknown,
  {
    purpose,
    schema,
    keys,
    longest,
  }: {
    readonly purpose: Purpose
    readonly schema: z.ZodType<T>
    readonly keys: readonly KeyObject[]
    readonly longest: number
  },
): Verified<T> {
  const refuse = (why: string): Verified<T> => ({ kind: 'refused', why, digest: digestOf(found) })
  const parsed = envelope.safeParse(found)
  if (!parsed.success) return refuse(`It is not a signed ${names[purpose]}.`)
  const { body, key: id, signature } = parsed.data
  if (body.length > longest) return refuse(`It is longer than any ${names[purpose]} (${body.length} characters).`)

  const key = keys.find((one) => keyIdOf(one) === id)
  if (key === undefined)
    return refuse(`It is signed with a key that is not known here (${/^[0-9a-f]{16}$/.test(id) ? id : 'no key id'}).`)
  if (!verify(null, message(purpose, body), key, Buffer.from(signature, 'base64url'))) {
    return refuse('The signature does not match: it was altered, or signed for another purpose.')
  }
  const value = schema.safeParse(JSON.parse(body))
  if (value.success) return { kind: 'genuine', value: value.data, key: id }
  const where = value.error.issues.map((issue) => issue.path.join('.')).slice(0, 3)
  return refuse(
    `It is signed, but not of a shape understood here (${where.join(', ') || 'the top'}). Run the same version on both sides.`,
  )
}

/** SHA-256, hex, of something found: what a forgery is recognised by. */
export function digestOf(found: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(found ?? null))
    .digest('hex')
}

const envelope = z.strictObject({ body: z.string(), key: z.string(), signature: z.string() })

const names: Readonly<Record<Purpose, string>> = {
  order: 'work order',
  outcome: 'outcome',
  notice: 'notice',
  progress: 'progress note',
  question: 'question',
  answer: 'answer',
  presence: 'word of presence',
  stop: 'stop notice',
}

function message(purpose: Purpose, body: string): Buffer {
  return Buffer.from(`autentico-responder ${purpose} v1\n${body}`, 'utf8')
}
