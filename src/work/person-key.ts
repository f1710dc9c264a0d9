import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** What a text is as the public key of a person. `fingerprint`: SHA-256 over the 32 bytes of the key, lower-case hex. */
export type ReadPersonKey =
  | { readonly kind: 'key'; readonly publicKey: string; readonly fingerprint: string }
  | { readonly kind: 'private' }
  | { readonly kind: 'unreadable'; readonly why: string }

/**
 * Reads an Ed25519 public key (RFC 8410, SPKI): PEM, or the base64 of its DER on one line. Says `private` of what holds a private key, so
 * that it is thrown away and never kept.
 */
export function readPersonKey(text: string): ReadPersonKey {
  if (/PRIVATE KEY/.test(text)) return { kind: 'private' }
  const base64 = text.replace(/-----(?:BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]{40,600}={0,2}$/.test(base64)) return { kind: 'unreadable', why: 'it is not base64' }
  const der = Buffer.from(base64, 'base64')
  if (der.subarray(0, ed25519Private.length).equals(ed25519Private)) return { kind: 'private' }
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const kind = key.asymmetricKeyType
    if (kind !== 'ed25519') return { kind: 'unreadable', why: `it is of the kind ${kind ?? 'unknown'}, not ed25519` }
    return { kind: 'key', publicKey: writePersonKey(key), fingerprint: fingerprintOf(key) }
  } catch {
    return { kind: 'unreadable', why: 'it is no key in SPKI form' }
  }
}

/** The public key on one line, as {@link readPersonKey} reads it. */
export function writePersonKey(key: KeyObject): string {
  return publicHalf(key).export({ type: 'spki', format: 'der' }).toString('base64')
}

/** Names a person's key: SHA-256 over its 32 bytes, lower-case hex. */
export function fingerprintOf(key: KeyObject): string {
  const { x = '' } = publicHalf(key).export({ format: 'jwk' })
  return createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex')
}

/** How the DER of an Ed25519 private key (PKCS#8, RFC 8410 section 7) begins. */
const ed25519Private = Buffer.from('302e020100300506032b657004220420', 'hex')

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}
