import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { fingerprintOf, publicKeyOf, publicLine, readPublicKey } from './public-key.ts'

// The first test vector of RFC 8032. The fingerprint is what `ssh-keygen -l` prints for the line.
const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea'
const der = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
const fingerprint = 'SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8'

test('a key is written, and named, as OpenSSH does it', () => {
  const key = publicKeyOf(der)
  expect([publicLine(key), fingerprintOf(key)]).toEqual([line, fingerprint])
})

test.each([
  ['the line of OpenSSH', line],
  ['with a comment behind it', `  ${line} bao@acme.test\n`],
  ['the DER as base64', der],
  ['PEM', `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`],
])('the same key is read from %s', (_what, text) => {
  expect(readPublicKey(text)).toEqual({ kind: 'key', publicKey: der, fingerprint })
})

test.each([
  ['PEM', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ['base64', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
  ['the form of OpenSSH', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'],
])('a private key in %s is known for one', (_what, text) => {
  expect(readPublicKey(text)).toEqual({ kind: 'private' })
})

test.each([
  ['nothing', '', /neither/],
  ['another kind of OpenSSH', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ', /neither/],
  ['a line that was cut', line.slice(0, -4), /no such key/],
  ['a line that says one kind and holds another', line.replace('AAAAC3', 'AAAAD3'), /no such key/],
  ['an X25519 key', spki(generateKeyPairSync('x25519').publicKey), /x25519, not ed25519/],
  ['chance', Buffer.alloc(44, 7).toString('base64'), /no key in SPKI form/],
])('%s is no key', (_what, text, why) => {
  expect(readPublicKey(text)).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(why) as string })
})

function spki(key: ReturnType<typeof generateKeyPairSync>['publicKey']): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64')
}
