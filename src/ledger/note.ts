import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** A public key by the name it signs under. The four bytes of `id` are a label, not a fingerprint (C2SP signed-note). */
export type NoteKey = { readonly name: string; readonly id: Buffer; readonly key: KeyObject }

/** The note is malformed, signed by nobody we know, or its text was altered. The message says which. */
export class NoteRefused extends Error {
  override readonly name = 'NoteRefused'
}

/**
 * A C2SP signed note: `text` with one Ed25519 signature line under it. `text` must end in a newline and hold no other
 * control characters; `key` is an Ed25519 private key.
 */
export function signNote(text: string, signer: { readonly name: string; readonly key: KeyObject }): string {
  if (!isNoteText(text)) throw new NoteRefused('a note text ends in a newline and holds no other control characters')
  const { id } = noteKey(signer.name, createPublicKey(signer.key))
  const signature = sign(null, Buffer.from(text, 'utf8'), signer.key)
  return `${text}\n— ${signer.name} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

/**
 * The text of a note, once at least one of `keys` has signed it. Signatures of unknown keys are ignored, a bad one of a known key
 * refuses the whole note (C2SP signed-note). The newline at the very end may be missing: copying from a chat loses it, and
 * it is not part of what is signed. Throws {@link NoteRefused}.
 */
export function openNote(note: string, keys: readonly NoteKey[]): string {
  const { text, signatures } = splitNote(note)
  const known = signatures.flatMap((line) => {
    const key = keys.find(({ name, id }) => name === line.name && id.equals(line.id))
    return key === undefined ? [] : [{ key: key.key, signature: line.signature }]
  })
  if (known.length === 0) {
    throw new NoteRefused(`signed by ${signatures.map(({ name }) => name).join(', ')}, which is none of the given keys`)
  }
  const bytes = Buffer.from(text, 'utf8')
  if (!known.every(({ key, signature }) => verify(null, bytes, key, signature))) {
    throw new NoteRefused('the signature does not match the text')
  }
  return text
}

/** The one-line form of a public key that other tools read: `name+hex id+base64(0x01 || 32 bytes)`. */
export function encodeVkey(name: string, key: KeyObject): string {
  const { id } = noteKey(name, key)
  return `${name}+${id.toString('hex')}+${Buffer.concat([ed25519, rawPublicKey(key)]).toString('base64')}`
}

/** Reads what {@link encodeVkey} writes. Refuses other algorithms and an id that is not the key's own. */
export function parseVkey(vkey: string): NoteKey {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(vkey.trim()) ?? []
  const bytes = decodeBase64(encoded)
  if (bytes?.length !== 33 || bytes[0] !== 1) {
    throw new NoteRefused(
      'a verifier key is name+8 hex digits+base64 of 0x01 and the 32 bytes of an Ed25519 public key',
    )
  }
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') }
  const key = noteKey(name, createPublicKey({ key: jwk, format: 'jwk' }))
  if (key.id.toString('hex') !== id) throw new NoteRefused(`the id ${id} does not belong to this name and key`)
  return key
}

/** The verifier's side of a key. Takes a public key or the private one it belongs to. */
export function noteKey(name: string, key: KeyObject): NoteKey {
  if (name === '' || /[\s+]/u.test(name))
    throw new NoteRefused('a key name is not empty and holds no space and no plus')
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const id = createHash('sha256')
    .update(`${name}\n`)
    .update(ed25519)
    .update(rawPublicKey(publicKey))
    .digest()
    .subarray(0, 4)
  return { name, id, key: publicKey }
}

/** C2SP's signature type byte for Ed25519. */
const ed25519 = Buffer.from([1])

type SignatureLine = { readonly name: string; readonly id: Buffer; readonly signature: Buffer }

function splitNote(note: string): { readonly text: string; readonly signatures: readonly SignatureLine[] } {
  const whole = note.endsWith('\n') ? note : `${note}\n`
  const blank = whole.lastIndexOf('\n\n')
  const text = whole.slice(0, blank + 1)
  const lines = whole.slice(blank + 2, -1).split('\n')
  if (blank < 0 || !isNoteText(text)) throw new NoteRefused('a note is a text, an empty line and signature lines')
  // The specification asks for at least 16; without a limit a forged note could make us work for nothing.
  if (lines.length > 16) throw new NoteRefused('a note may carry at most 16 signatures')
  return { text, signatures: lines.map(parseSignatureLine) }
}

function parseSignatureLine(line: string): SignatureLine {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line)
  const bytes = decodeBase64(match?.[2] ?? '')
  if (match?.[1] === undefined || bytes === undefined || bytes.length < 5) {
    throw new NoteRefused('a signature line is "— name base64"')
  }
  return { name: match[1], id: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}

function isNoteText(text: string): boolean {
  const isAllowed = (byte: number) => byte >= 0x20 || byte === 0x0a
  return text.endsWith('\n') && text.isWellFormed() && Buffer.from(text, 'utf8').every(isAllowed)
}

/** Buffer.from() skips what it cannot read; a signed format must not. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new NoteRefused('only Ed25519 keys sign notes')
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
