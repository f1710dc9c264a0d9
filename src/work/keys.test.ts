import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  exportPublicKey,
  KeyUnusable,
  keyIdOf,
  loadOrMakeKey,
  makeKey,
  readPrivateKey,
  readPublicKeys,
} from './keys.ts'
import { scratch } from './test-support.ts'

test('a key is made on first use, for its owner alone, and found again afterwards', async () => {
  const dir = join(await scratch(), 'keys')
  const first = loadOrMakeKey(dir, 'orders', 'ed25519')
  const second = loadOrMakeKey(dir, 'orders', 'ed25519')

  expect(keyIdOf(second.publicKey)).toBe(keyIdOf(first.privateKey))
  expect(statSync(join(dir, 'orders.pem')).mode & 0o777).toBe(0o600)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
})

test('a key that others can read is refused, with the command that helps', async () => {
  const dir = await scratch()
  loadOrMakeKey(dir, 'orders', 'ed25519')
  chmodSync(join(dir, 'orders.pem'), 0o644)

  expect(() => readPrivateKey(join(dir, 'orders.pem'), 'ed25519')).toThrow(/chmod 600/)
})

test('a key of another kind is refused by name', async () => {
  const dir = await scratch()
  loadOrMakeKey(dir, 'seal', 'x25519')

  expect(() => readPrivateKey(join(dir, 'seal.pem'), 'ed25519')).toThrow(/of the kind x25519; it has to be ed25519/)
})

test('a missing file and a file that is no key are told apart', async () => {
  const dir = await scratch()
  writeFileSync(join(dir, 'text.pem'), 'no key', { mode: 0o600 })

  expect(() => readPrivateKey(join(dir, 'none.pem'), 'ed25519')).toThrow(/cannot be read \(ENOENT\)/)
  expect(() => readPrivateKey(join(dir, 'text.pem'), 'ed25519')).toThrow(/no usable private key/)
})

test('the public keys of the other side come in one file, and a private key there is refused', async () => {
  const dir = await scratch()
  const [signing, sealing] = [makeKey('ed25519'), makeKey('x25519')]
  const file = join(dir, 'bot.pem')
  writeFileSync(file, exportPublicKey(signing.privateKey) + exportPublicKey(sealing.publicKey))

  const keys = readPublicKeys(file)
  expect(keys.signing.map(keyIdOf)).toEqual([keyIdOf(signing.publicKey)])
  expect(keys.sealing.map(keyIdOf)).toEqual([keyIdOf(sealing.publicKey)])

  writeFileSync(file, signing.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  expect(() => readPublicKeys(file)).toThrow(KeyUnusable)
})
