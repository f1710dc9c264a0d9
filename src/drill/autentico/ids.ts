import { randomBytes } from 'node:crypto'

/** Makes the ids that Autentico makes. */
export type Ids = {
  /** 20 characters that sort by time: users, sessions, tokens, audit entries, requests. */
  readonly ordered: () => string
  /** 43 characters nobody can guess: cookies, codes, challenges, generated secrets. */
  readonly secret: () => string
  /** 40 hexadecimal characters: device codes. */
  readonly hex: () => string
}

const alphabet = '0123456789abcdefghijklmnopqrstuv'

/** Ordered ids are unique within one maker: second, random machine part, counter. */
export function createIds(now: () => Date): Ids {
  const machine = randomBytes(5)
  let counter = randomBytes(3).readUIntBE(0, 3)

  function ordered(): string {
    counter = (counter + 1) & 0xffffff
    const bytes = Buffer.alloc(12)
    bytes.writeUInt32BE(Math.floor(now().getTime() / 1000), 0)
    machine.copy(bytes, 4)
    bytes.writeUIntBE(counter, 9, 3)
    return base32(bytes)
  }

  return {
    ordered,
    secret: () => randomBytes(32).toString('base64url'),
    hex: () => randomBytes(20).toString('hex'),
  }
}

/** Five bits a character, the last one filled up with zeros. */
function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet.charAt((value >> bits) & 31)
    }
    value &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31)
}
