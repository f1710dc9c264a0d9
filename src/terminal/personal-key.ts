import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fingerprintOf } from './public-key.ts'

/** The key that one person signs with at a terminal. Registered by two people, a signature by it counts as that person. */
export type PersonalKey = {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly fingerprint: string
}

/** The key file cannot be made or used; the message names it, says why and what to do. It never holds key material or a passphrase. */
export class PersonalKeyUnusable extends Error {
  override readonly name = 'PersonalKeyUnusable'
}

/** A stolen file is guessed at as fast as its thief can count: PKCS#8 stretches a passphrase, and not by much. */
export const shortestPassphrase = 12

/**
 * Makes a key and keeps it in `file` (PEM, PKCS#8, mode 0600; a folder that it makes is 0700), encrypted with the passphrase
 * (PBES2, AES-256-CBC). Without one the file alone is the key. Never overwrites. Throws {@link PersonalKeyUnusable}.
 */
export function makePersonalKey(file: string, passphrase: string | undefined): PersonalKey {
  if (passphrase !== undefined && passphrase.length < shortestPassphrase)
    throw new PersonalKeyUnusable(`The passphrase is too short: at least ${shortestPassphrase} characters.`)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
  })
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, pem, { flag: 'wx', mode: 0o600 })
    // A umask may have taken bits away, and that is all it can do; this gives the owner's back.
    chmodSync(file, 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new PersonalKeyUnusable(`${file} exists, and a key is never overwritten. Name another file with --out.`)
    throw new PersonalKeyUnusable(`${file} cannot be written (${codeOf(error)}).`, { cause: error })
  }
  return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) }
}

/**
 * Reads a key file; the passphrase is asked for only where the file is encrypted. Throws {@link PersonalKeyUnusable} when it is missing,
 * readable by others than its owner, no Ed25519 key, or not opened by the passphrase.
 */
export async function readPersonalKey(file: string, passphrase: () => Promise<string>): Promise<PersonalKey> {
  const pem = readOwn(file)
  const isEncrypted = pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')
  const given = isEncrypted ? { passphrase: await passphrase() } : {}
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: pem, ...given })
  } catch {
    // What the library says of it may repeat what was in the file.
    throw new PersonalKeyUnusable(
      isEncrypted
        ? `The passphrase does not open ${file}.`
        : `${file} holds no private key in PEM form. \`responder key make\` makes one.`,
    )
  }
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new PersonalKeyUnusable(
      `${file} holds a key of the kind ${privateKey.asymmetricKeyType ?? 'unknown'}; it has to be ed25519.`,
    )
  const publicKey = createPublicKey(privateKey)
  return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) }
}

function readOwn(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777
    if ((mode & 0o077) !== 0)
      throw new PersonalKeyUnusable(
        `${file} can be read by others (mode ${mode.toString(8)}). Run: chmod 600 ${file}. If somebody may have read it, have it revoked and make a new one.`,
      )
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof PersonalKeyUnusable) throw error
    if (codeOf(error) === 'ENOENT')
      throw new PersonalKeyUnusable(
        `There is no key at ${file}. \`responder key make\` makes one; --key names another.`,
      )
    throw new PersonalKeyUnusable(`${file} cannot be read (${codeOf(error)}).`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable'
}
