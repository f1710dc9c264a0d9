import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { SealedEvidence } from '../outcome.ts'
import { seal } from '../seal.ts'
import type { ActionContext } from './action.ts'

type For = Pick<ActionContext, 'sealTo' | 'order'>

/** A record as evidence: its canonical JSON (RFC 8785), sealed to the bot and named by the SHA-256 of its bytes. */
export function jsonEvidence(ctx: For, name: string, content: object): SealedEvidence {
  return evidence(ctx, name, Buffer.from(canonicalize(wellFormed(content)) ?? '', 'utf8'))
}

/** The same for bytes that are what they are, such as a table that people open. */
export function evidence({ sealTo, order }: For, name: string, bytes: Uint8Array): SealedEvidence {
  return { name, digest: createHash('sha256').update(bytes).digest('hex'), sealed: seal(bytes, sealTo, order.id) }
}

/** Half a surrogate pair, in a user agent say, has no place in canonical JSON (RFC 8785); nor has `undefined`. */
function wellFormed(content: object): unknown {
  return JSON.parse(
    JSON.stringify(content, (_key, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value)),
  )
}
