import { createHash, createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

/** A new signing key: what `AUTENTICO_PRIVATE_KEY` is to be, and how to know it again. */
export type NewSigningKey = {
  /** Secret: base64 of a PKCS#1 PEM, in one line. */
  readonly value: string
  readonly fingerprint: string
}

/** Makes an RSA key of 4096 bits in the only form that Autentico takes. Takes seconds, off the event loop. */
export async function makeSigningKey(): Promise<NewSigningKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  return { value: Buffer.from(privateKey).toString('base64'), fingerprint: fingerprintOf(createPrivateKey(privateKey)) }
}

/** What Autentico makes of a value of `AUTENTICO_PRIVATE_KEY`. */
export type ConfiguredKey =
  | { readonly kind: 'usable'; readonly fingerprint: string; readonly bits: number }
  /** Autentico starts all the same, with a key that nobody has chosen and that the next start replaces. */
  | { readonly kind: 'thrown-away'; readonly why: UnusableKey; readonly sentence: string }

export type UnusableKey = 'missing' | 'pkcs8' | 'bare-pem' | 'not-base64' | 'no-key'

/** Reads a value as Autentico would. No sentence repeats any of it. */
export function readSigningKey(value: string | undefined): ConfiguredKey {
  if (value === undefined || value.trim() === '') return thrownAway('missing')
  if (value.includes('-----BEGIN')) return thrownAway('bare-pem')
  const packed = value.replaceAll(/[\r\n]/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0) return thrownAway('not-base64')

  const pem = Buffer.from(packed, 'base64').toString('latin1')
  const type = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1]
  if (type === 'PRIVATE KEY' || type === 'ENCRYPTED PRIVATE KEY') return thrownAway('pkcs8')
  const key = type === 'RSA PRIVATE KEY' ? parseKey(pem) : undefined
  if (key === undefined) return thrownAway('no-key')
  return { kind: 'usable', fingerprint: fingerprintOf(key), bits: key.asymmetricKeyDetails?.modulusLength ?? 0 }
}

/** The SHA-256 of the modulus, big-endian without leading zeros, in hex: the same for a key pair and its public half. */
export function modulusFingerprint(modulus: Buffer): string {
  const first = modulus.findIndex((byte) => byte !== 0)
  return createHash('sha256')
    .update(modulus.subarray(Math.max(first, 0)))
    .digest('hex')
}

/** The first 64 bits in groups of four digits, for people to compare: `3f2a 9c11 04be 77d0`. */
export function shortFingerprint(fingerprint: string): string {
  return (fingerprint.slice(0, 16).match(/.{4}/g) ?? []).join(' ')
}

/** A value for a secret of Autentico's environment: 256 random bits, letters that need no quotes anywhere. */
export function randomSecret(randomBytes: (size: number) => Buffer): string {
  return randomBytes(32).toString('base64url')
}

/** Commands for a person at a shell of the machine that Autentico runs on. */
export type ByHand = {
  readonly makes: 'key' | 'secret' | 'fingerprint'
  /** Which `openssl` it is for: `openssl version` tells. */
  readonly on: 'any' | 'OpenSSL 3' | 'LibreSSL, OpenSSL 1'
  readonly command: string
}

/**
 * How to do by hand what the functions here do. `fingerprint` prints what `modulusFingerprint` gives for the key in the
 * environment file, and never the key.
 */
export function commandsByHand(file: string): readonly ByHand[] {
  const path = `'${file.replaceAll("'", String.raw`'\''`)}'`
  return [
    // Without -traditional OpenSSL 3 writes PKCS#8, which Autentico throws away.
    { makes: 'key', on: 'OpenSSL 3', command: 'openssl genrsa -traditional 4096 | base64 -w 0' },
    { makes: 'key', on: 'LibreSSL, OpenSSL 1', command: String.raw`openssl genrsa 4096 | base64 | tr -d '\n'` },
    { makes: 'secret', on: 'any', command: 'openssl rand -hex 32' },
    {
      makes: 'fingerprint',
      on: 'any',
      command: [
        String.raw`sed -n 's/^ *\(export \)\{0,1\} *AUTENTICO_PRIVATE_KEY *= *//p' ${path}`,
        String.raw`tail -n 1 | cut -d '#' -f 1 | tr -d "\"' \r"`,
        'base64 --decode | openssl rsa -noout -modulus',
        `cut -d = -f 2 | perl -ne 'chomp; print pack("H*", $_)'`,
        'openssl dgst -sha256 -r | cut -c 1-64',
      ].join(' | '),
    },
  ]
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function fingerprintOf(key: KeyObject): string {
  const { n } = key.export({ format: 'jwk' })
  return modulusFingerprint(Buffer.from(n ?? '', 'base64url'))
}

const sentences: Readonly<Record<UnusableKey, string>> = {
  missing: 'AUTENTICO_PRIVATE_KEY is empty.',
  pkcs8:
    'AUTENTICO_PRIVATE_KEY is a PKCS#8 key ("BEGIN PRIVATE KEY"), as OpenSSL 3 writes without `-traditional`. Autentico takes PKCS#1 only ("BEGIN RSA PRIVATE KEY").',
  'bare-pem': 'AUTENTICO_PRIVATE_KEY is a PEM as it is. Autentico takes base64 of the PEM, in one line.',
  'not-base64': 'AUTENTICO_PRIVATE_KEY is not base64.',
  'no-key': 'AUTENTICO_PRIVATE_KEY is base64, but not of an RSA private key in PKCS#1 PEM ("BEGIN RSA PRIVATE KEY").',
}

function thrownAway(why: UnusableKey): ConfiguredKey {
  const sentence = `${sentences[why]} Autentico does not fail on it: it makes a throw-away key, and another one at each start.`
  return { kind: 'thrown-away', why, sentence }
}
