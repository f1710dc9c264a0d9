import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { changeEnvironment, readEnvironment } from './environment-file.ts'
import {
  type ByHand,
  commandsByHand,
  makeSigningKey,
  modulusFingerprint,
  randomSecret,
  readSigningKey,
  shortFingerprint,
} from './signing-key.ts'
import { quickSigningKey } from './test-key.ts'

function shell(command: string): string {
  return execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function byHand(makes: ByHand['makes'], file = '.env'): string {
  const found = commandsByHand(file).find((one) => one.makes === makes && one.on !== 'LibreSSL, OpenSSL 1')
  return found?.command ?? ''
}

function temporaryFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "autentico's key "))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, '.env')
  writeFileSync(file, text)
  return file
}

test('a key made here is RSA of 4096 bits in the form that Autentico takes', { timeout: 120_000 }, async () => {
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 1)
  const made = await makeSigningKey()
  clearInterval(ticking)
  expect(turns).toBeGreaterThan(5) // the event loop went on meanwhile
  expect(readSigningKey(made.value)).toEqual({ kind: 'usable', fingerprint: made.fingerprint, bits: 4096 })
  expect(Buffer.from(made.value, 'base64').toString()).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/)
})

test('what the command prints for the environment file is the fingerprint known here', async () => {
  const made = quickSigningKey()
  const file = temporaryFile('A=1\nAUTENTICO_PRIVATE_KEY=b2xk\n')
  await changeEnvironment({ file, set: { AUTENTICO_PRIVATE_KEY: made.value }, now: new Date() })
  expect(shell(byHand('fingerprint', file))).toBe(`${made.fingerprint}\n`)

  for (const line of [
    `export AUTENTICO_PRIVATE_KEY="${made.value}"\r`,
    `AUTENTICO_PRIVATE_KEY = '${made.value}' # new`,
  ]) {
    const other = temporaryFile(`#AUTENTICO_PRIVATE_KEY=no\n${line}\nB=2\n`)
    expect((await readEnvironment(other)).valueOf('AUTENTICO_PRIVATE_KEY')).toBe(made.value)
    expect(shell(byHand('fingerprint', other))).toBe(`${made.fingerprint}\n`)
  }
})

test('a key made by the command for OpenSSL 3 is usable; without -traditional it would be thrown away', {
  timeout: 120_000,
}, () => {
  const made = shell(byHand('key'))
  expect(readSigningKey(made)).toMatchObject({ kind: 'usable', bits: 4096 })
  const file = temporaryFile(`AUTENTICO_PRIVATE_KEY=${made}\n`)
  expect(readSigningKey(made)).toMatchObject({ fingerprint: shell(byHand('fingerprint', file)).trim() })

  const document = shell('openssl genrsa 2048 | base64 -w 0')
  expect(readSigningKey(document)).toMatchObject({ kind: 'thrown-away', why: 'pkcs8' })
})

test('the command for another openssl gives one line of base64', () => {
  const other = commandsByHand('.env').find((one) => one.on === 'LibreSSL, OpenSSL 1')?.command ?? ''
  expect(shell(other.replace('genrsa 4096', 'genrsa -traditional 2048'))).toMatch(/^[A-Za-z0-9+/]+=*$/)
})

const pem = '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n'
test.each([
  [undefined, 'missing'],
  [' ', 'missing'],
  [pem, 'bare-pem'],
  ['no base64!', 'not-base64'],
  ['YWJ', 'not-base64'],
  [Buffer.from('hello').toString('base64'), 'no-key'],
  [Buffer.from(pem).toString('base64'), 'no-key'],
  [Buffer.from(pem.replaceAll('RSA ', 'EC ')).toString('base64'), 'no-key'],
])('%j would be thrown away: %s', (value, why) => {
  const read = readSigningKey(value)
  expect(read).toMatchObject({ kind: 'thrown-away', why })
  expect(read.kind === 'thrown-away' && read.sentence).toContain('throw-away key')
})

test('leading zeros of a modulus do not count, and the short form is for reading aloud', () => {
  const modulus = Buffer.from('00c0ffee', 'hex')
  expect(modulusFingerprint(modulus)).toBe(modulusFingerprint(modulus.subarray(1)))
  expect(shortFingerprint(modulusFingerprint(modulus))).toMatch(/^[0-9a-f]{4}( [0-9a-f]{4}){3}$/)
})

test('a secret has 256 bits and needs no quotes', () => {
  const secret = randomSecret(randomBytes)
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(randomSecret(randomBytes)).not.toBe(secret)
})
