import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'

/**
 * Bytes that only the bot can read. The key is fresh for each: X25519 of an ephemeral key with the bot's (RFC 7748),
 * through HKDF-SHA-256 (RFC 5869), for AES-256-GCM with the order id as associated data. All in base64url.
 */
export type Sealed = {
  readonly ephemeral: string
  readonly nonce: string
  /** The ciphertext with its tag of 16 bytes behind it. */
  readonly box: string
}

/** The box was altered, was sealed to another key, or belongs to another order. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
}

/** Seals bytes to a public X25519 key, bound to an order: opened for any other order, it is refused. */
export function seal(content: Uint8Array, recipient: KeyObject, order: string): Sealed {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const ephemeral = rawOf(publicKey)
  const { key, nonce } = derive(diffieHellman({ privateKey, publicKey: recipient }), ephemeral, rawOf(recipient))
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(order, 'utf8'))
  const box = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  return {
    ephemeral: ephemeral.toString('base64url'),
    nonce: nonce.toString('base64url'),
    box: box.toString('base64url'),
  }
}

/** A public X25519 key in 43 characters of base64url, as an order carries it. */
export function writtenKey(publicKey: KeyObject): string {
  return rawOf(publicKey).toString('base64url')
}

export function readKey(text: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: text }, format: 'jwk' })
}

/** The bytes inside. Throws {@link SealBroken} without saying more: what exactly does not fit is no help to anybody honest. */
export function open(sealed: Sealed, recipient: KeyObject, order: string): Buffer {
  try {
    const ephemeral = Buffer.from(sealed.ephemeral, 'base64url')
    const publicKey = readKey(sealed.ephemeral)
    const shared = diffieHellman({ privateKey: recipient, publicKey })
    const { key, nonce } = derive(shared, ephemeral, rawOf(createPublicKey(recipient)))
    if (!nonce.equals(Buffer.from(sealed.nonce, 'base64url'))) throw new Error('another nonce')
    const box = Buffer.from(sealed.box, 'base64url')
    if (box.length < tagBytes) throw new Error('too short')
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAAD(Buffer.from(order, 'utf8'))
    decipher.setAuthTag(box.subarray(-tagBytes))
    return Buffer.concat([decipher.update(box.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    throw new SealBroken(`What came sealed for ${order} cannot be opened: it was altered or belongs elsewhere.`)
  }
}

const tagBytes = 16

/** Key and nonce come from one secret that is never used twice, so the nonce need not be random. */
function derive(
  shared: Buffer,
  ephemeral: Buffer,
  recipient: Buffer,
): { readonly key: Buffer; readonly nonce: Buffer } {
  const salt = Buffer.concat([ephemeral, recipient])
  const bytes = Buffer.from(hkdfSync('sha256', shared, salt, 'autentico-responder seal v1', 44))
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) }
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
