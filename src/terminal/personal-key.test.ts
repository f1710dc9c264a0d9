import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makePersonalKey, PersonalKeyUnusable, readPersonalKey } from './personal-key.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'personal-key-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

const passphrase = 'correct horse battery'
const given = async (): Promise<string> => passphrase
const neverAsked = async (): Promise<string> => {
  throw new Error('nobody should have been asked')
}

test('a key that was made is read again with its passphrase, and with no other', async () => {
  const file = join(folder(), 'keys', 'mine.pem')
  const { fingerprint } = makePersonalKey(file, passphrase)
  expect((await readPersonalKey(file, given)).fingerprint).toBe(fingerprint)
  const wrong = readPersonalKey(file, async () => 'something else')
  await expect(wrong).rejects.toThrow(new PersonalKeyUnusable(`The passphrase does not open ${file}.`))
})

test('only its owner reads the file, and what is in it is encrypted', () => {
  const file = join(folder(), 'mine.pem')
  makePersonalKey(file, passphrase)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
})

test('without a passphrase nobody is asked for one', async () => {
  const file = join(folder(), 'mine.pem')
  const made = makePersonalKey(file, undefined)
  expect((await readPersonalKey(file, neverAsked)).fingerprint).toBe(made.fingerprint)
})

test('a short passphrase makes no key', () => {
  const file = join(folder(), 'mine.pem')
  expect(() => makePersonalKey(file, 'hunter2')).toThrow(/too short/)
  expect(statSync(file, { throwIfNoEntry: false })).toBe(undefined)
})

test('a key is never overwritten', () => {
  const file = join(folder(), 'mine.pem')
  makePersonalKey(file, passphrase)
  const before = readFileSync(file, 'utf8')
  expect(() => makePersonalKey(file, passphrase)).toThrow(/never overwritten/)
  expect(readFileSync(file, 'utf8')).toBe(before)
})

test('a file that others can read is not used', async () => {
  const file = join(folder(), 'mine.pem')
  makePersonalKey(file, undefined)
  chmodSync(file, 0o640)
  await expect(readPersonalKey(file, neverAsked)).rejects.toThrow(/can be read by others \(mode 640\)/)
})

test('what is no key, another kind of key, or not there is refused by name, and nothing of it is repeated', async () => {
  const path = folder()
  const write = (name: string, text: string) => {
    writeFileSync(join(path, name), text, { mode: 0o600 })
    return join(path, name)
  }
  const other = generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await expect(readPersonalKey(write('text', 'a secret'), neverAsked)).rejects.toThrow(/text holds no private key/)
  await expect(readPersonalKey(write('other', other), neverAsked)).rejects.toThrow(/of the kind ed448/)
  await expect(readPersonalKey(join(path, 'none'), neverAsked)).rejects.toThrow(/There is no key at/)
})
