import { generateKeyPairSync } from 'node:crypto'
import { type NewSigningKey, readSigningKey } from './signing-key.ts'

/** A key such as `makeSigningKey` makes, of half the size: one of 4096 bits takes many seconds on a busy machine. */
export function quickSigningKey(): NewSigningKey {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const value = Buffer.from(privateKey).toString('base64')
  const read = readSigningKey(value)
  if (read.kind !== 'usable') throw new Error(read.sentence)
  return { value, fingerprint: read.fingerprint }
}
