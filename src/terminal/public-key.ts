import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** What a text is as the public key of a person. `publicKey`: base64 of the DER (RFC 8410, SPKI) on one line, as the ledger keeps it. */
export type ReadPublicKey =
  | { readonly kind: 'key'; readonly publicKey: string; readonly fingerprint: string }
  | { readonly kind: 'private' }
  | { readonly kind: 'unreadable'; readonly why: string }

/**
 * Reads an Ed25519 public key: the line that OpenSSH writes, PEM, or the base64 of its DER. Says `private` of what holds a private key, so
 * that it is thrown away and never kept.
 */
export function readPublicKey(text: string): ReadPublicKey {
  if (/PRIVATE KEY/.test(text)) return { kind: 'private' }
  const [, line] = /^\s*ssh-ed25519\s+([A-Za-z0-9+/]{20,200}={0,2})(?:\s[^\n]*)?\s*$/.exec(text) ?? []
  if (line !== undefined) return ofWireForm(Buffer.from(line, 'base64'))
  const base64 = text.replace(/-----(?:BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]{40,600}={0,2}$/.test(base64))
    return { kind: 'unreadable', why: 'it is neither an ssh-ed25519 line nor base64' }
  const der = Buffer.from(base64, 'base64')
  if (der.subarray(0, ed25519Private.length).equals(ed25519Private)) return { kind: 'private' }
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const kind = key.asymmetricKeyType
    if (kind !== 'ed25519') return { kind: 'unreadable', why: `it is of the kind ${kind ?? 'unknown'}, not ed25519` }
    return found(key)
  } catch {
    return { kind: 'unreadable', why: 'it is no key in SPKI form' }
  }
}

/** The key as the ledger keeps it made one that verifies. */
export function publicKeyOf(kept: string): KeyObject {
  return createPublicKey({ key: Buffer.from(kept, 'base64'), format: 'der', type: 'spki' })
}

/**
 * How OpenSSH names a public key: `SHA256:` and the base64 of the digest over its wire form (RFC 4253, 6.6; RFC 8709), without padding.
 * `ssh-keygen -l` prints the same for the same key. Only for Ed25519 keys.
 */
export function fingerprintOf(key: KeyObject): string {
  return `SHA256:${createHash('sha256').update(wireForm(key)).digest('base64').replaceAll('=', '')}`
}

/** The key as one line, the way OpenSSH writes public keys and {@link readPublicKey} reads them. Only for Ed25519 keys. */
export function publicLine(key: KeyObject): string {
  return `${kind} ${wireForm(key).toString('base64')}`
}

const kind = 'ssh-ed25519'

/** How the DER of an Ed25519 private key (PKCS#8, RFC 8410 section 7) begins. */
const ed25519Private = Buffer.from('302e020100300506032b657004220420', 'hex')

function found(key: KeyObject): ReadPublicKey {
  const publicKey = key.export({ type: 'spki', format: 'der' }).toString('base64')
  return { kind: 'key', publicKey, fingerprint: fingerprintOf(key) }
}

function ofWireForm(bytes: Buffer): ReadPublicKey {
  const start = withLength(Buffer.from(kind)).length + 4
  const x = bytes.subarray(start).toString('base64url')
  if (bytes.length === start + 32) {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    if (wireForm(key).equals(bytes)) return found(key)
  }
  return { kind: 'unreadable', why: 'what follows ssh-ed25519 is no such key' }
}

function wireForm(key: KeyObject): Buffer {
  const { x = '', crv } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  if (crv !== 'Ed25519') throw new Error(`a key of the kind ${key.asymmetricKeyType ?? 'unknown'}, not ed25519`)
  return Buffer.concat([Buffer.from(kind), Buffer.from(x, 'base64url')].map(withLength))
}

/** A string of RFC 4251: its length in four bytes, then itself. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
