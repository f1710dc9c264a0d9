import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a key is for: `ed25519` signs (RFC 8032), `x25519` is what secrets are sealed to (RFC 7748). */
export type KeyKind = 'ed25519' | 'x25519'

/** A private key of ours and the public half that others are given. */
export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

/** The key cannot be used; the message names the file, says why and what to do. It never holds key material. */
export class KeyUnusable extends Error {
  override readonly name = 'KeyUnusable'
}

/**
 * The key `<name>.pem` of a directory, made on first use. The directory becomes 0700 and the file 0600; two processes that
 * start at once end up with the same key. Throws {@link KeyUnusable} like {@link readPrivateKey}.
 */
export function loadOrMakeKey(directory: string, name: string, kind: KeyKind): KeyPair {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  const file = join(directory, `${name}.pem`)
  try {
    writeFileSync(file, makeKey(kind).privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
  return readPrivateKey(file, kind)
}

/** A new key that is nowhere but in memory. */
export function makeKey(kind: KeyKind): KeyPair {
  return kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
}

/**
 * A private key from a PEM file (PKCS#8).
 *
 * @throws KeyUnusable if the file is missing, is readable by others than its owner, or holds another kind of key.
 */
export function readPrivateKey(file: string, kind: KeyKind): KeyPair {
  const mode = permissionsOf(file)
  if ((mode & 0o077) !== 0) {
    throw new KeyUnusable(
      `The key ${file} can be read by others (mode ${mode.toString(8)}). Run: chmod 600 ${file}. If somebody may have read it, delete it so that a new one is made.`,
    )
  }
  const privateKey = parse(file, (pem) => createPrivateKey(pem), 'private')
  expectKind(privateKey, kind, `The key ${file}`)
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/** The public keys that another process is known by: those it signs with, and those that secrets for it are sealed to. */
export type PublicKeys = { readonly signing: readonly KeyObject[]; readonly sealing: readonly KeyObject[] }

/**
 * The public keys in a PEM file (SPKI), one or more, in any order.
 *
 * @throws KeyUnusable if the file is missing, holds no key, a key of another kind, or a private key.
 */
export function readPublicKeys(file: string): PublicKeys {
  permissionsOf(file)
  const text = readFileSync(file, 'utf8')
  if (text.includes('PRIVATE KEY')) {
    throw new KeyUnusable(`The file ${file} holds a private key. Put only public keys there.`)
  }
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length === 0)
    throw new KeyUnusable(
      `The file ${file} holds no public key in PEM form. The command “responder keys” on the other side prints them.`,
    )
  const keys = blocks.map((pem) => parse(file, () => createPublicKey(pem), 'public'))
  const other = keys.find(({ asymmetricKeyType: kind }) => kind !== 'ed25519' && kind !== 'x25519')
  if (other !== undefined) {
    throw new KeyUnusable(
      `A key in ${file} is of the kind ${other.asymmetricKeyType ?? 'unknown'}; only ed25519 and x25519 are used here.`,
    )
  }
  return {
    signing: keys.filter(({ asymmetricKeyType: kind }) => kind === 'ed25519'),
    sealing: keys.filter(({ asymmetricKeyType: kind }) => kind === 'x25519'),
  }
}

/** The public key as PEM (SPKI), to be given to the other side. */
export function exportPublicKey(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** Names a key: the first 16 hex digits of the SHA-256 of its public bytes. Two keys of ours never share it by chance. */
export function keyIdOf(key: KeyObject): string {
  const known = keyIds.get(key)
  if (known !== undefined) return known
  const { x = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  const id = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, 16)
  keyIds.set(key, id)
  return id
}

/** Asked for with every message that is signed or checked, a key does not change. */
const keyIds = new WeakMap<KeyObject, string>()

function permissionsOf(file: string): number {
  try {
    return statSync(file).mode & 0o777
  } catch (error) {
    throw new KeyUnusable(`The key ${file} cannot be read (${codeOf(error)}).`, { cause: error })
  }
}

function parse(file: string, read: (pem: string) => KeyObject, what: string): KeyObject {
  try {
    return read(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new KeyUnusable(`The file ${file} holds no usable ${what} key in PEM form (${codeOf(error)}).`)
  }
}

function expectKind(key: KeyObject, kind: KeyKind, what: string): void {
  if (key.asymmetricKeyType === kind) return
  throw new KeyUnusable(`${what} is of the kind ${key.asymmetricKeyType ?? 'unknown'}; it has to be ${kind}.`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable'
}

function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code
}
