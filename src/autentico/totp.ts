import { createHmac } from 'node:crypto'
import { WrongCredentials } from './failures.ts'

/**
 * The six-digit code for a moment, by RFC 6238 with the parameters Autentico uses: SHA-1, 30 seconds.
 *
 * @param secret base32 (RFC 4648), upper or lower case, spaces and padding allowed.
 * @throws WrongCredentials `totp_secret_unusable` for anything else. The message does not repeat the secret.
 */
export function totp(secret: string, at: Date): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / 30_000)))

  const digest = createHmac('sha1', decodeBase32(secret)).update(counter).digest()
  const offset = digest.readUInt8(digest.length - 1) & 0x0f
  const truncated = digest.readUInt32BE(offset) & 0x7fffffff
  return String(truncated % 1_000_000).padStart(6, '0')
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function decodeBase32(text: string): Buffer {
  const letters = text.replaceAll(/[\s-]/g, '').replace(/=+$/, '').toUpperCase()
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of letters) {
    const value = alphabet.indexOf(letter)
    if (value < 0) throw new WrongCredentials('totp_secret_unusable')
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  if (bytes.length === 0) throw new WrongCredentials('totp_secret_unusable')
  return Buffer.from(bytes)
}
