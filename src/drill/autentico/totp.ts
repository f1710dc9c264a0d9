import { createHmac, randomBytes } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const stepSeconds = 30

/** A fresh secret, base32 without padding. */
export function createTotpSecret(): string {
  return [...randomBytes(32)].map((byte) => alphabet.charAt(byte & 31)).join('')
}

/** The six digits of RFC 6238 (SHA-1, 30 s) at a moment. */
export function totpCode(secret: string, at: Date): string {
  return codeAt(secret, Math.floor(at.getTime() / 1000 / stepSeconds))
}

/** True for the code of this half minute and of the ones just before and after. The same code counts again and again. */
export function isTotpCode(secret: string, code: string, at: Date): boolean {
  const step = Math.floor(at.getTime() / 1000 / stepSeconds)
  return secret !== '' && [step - 1, step, step + 1].some((candidate) => codeAt(secret, candidate) === code.trim())
}

function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', decodeBase32(secret)).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 15
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function decodeBase32(secret: string): Buffer {
  const letters = Array.from(secret.toUpperCase().replaceAll('=', ''))
  const bits = letters.map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
