import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { connectAutentico } from './connect.ts'
import { changeEnvironment, readEnvironment } from './environment-file.ts'
import { keyInUse } from './published-key.ts'
import { scriptedServer, unsignedToken } from './scripted-server.ts'
import { readSigningKey } from './signing-key.ts'
import { quickSigningKey } from './test-key.ts'

async function local() {
  const folder = mkdtempSync(join(tmpdir(), 'autentico-key-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return startLocalAutentico({ dir: folder, seed: 'empty' })
}

const configuredIn = async (file: string): Promise<string> => {
  const read = readSigningKey((await readEnvironment(file)).valueOf('AUTENTICO_PRIVATE_KEY'))
  if (read.kind !== 'usable') throw new Error(read.sentence)
  return read.fingerprint
}

test('the published key is the one of the environment file, before a change and after the restart', async () => {
  await using server = await local()
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  const old = await configuredIn(server.environmentFile)
  expect(await autentico.publishedKey()).toEqual({ keyId: 'autentico-key-1', fingerprint: old })

  const made = quickSigningKey()
  const set = { AUTENTICO_PRIVATE_KEY: made.value, AUTENTICO_JWK_CERT_KEY_ID: 'key-2' }
  await changeEnvironment({ file: server.environmentFile, set, now: new Date() })
  const keys = { configured: made.fingerprint, old }
  expect(keyInUse(await autentico.publishedKey(), keys)).toMatchObject({ kind: 'old' })

  await server.restart()
  await using again = connectAutentico({ url: server.url, credentials: { kind: 'password', ...server.credentials } })
  expect(await again.publishedKey()).toEqual({ keyId: 'key-2', fingerprint: made.fingerprint })
  expect(keyInUse(await again.publishedKey(), keys)).toMatchObject({ kind: 'configured' })
})

test('a key that could not be read leaves a throw-away one, which a change alone would not tell', async () => {
  await using server = await local()
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  const old = await configuredIn(server.environmentFile)
  const made = quickSigningKey()
  const text = readFileSync(server.environmentFile, 'utf8')
  writeFileSync(server.environmentFile, text.replace(/(AUTENTICO_PRIVATE_KEY=).*/, '$1bm90IGEga2V5'))
  await server.restart()
  const verdict = keyInUse(await autentico.publishedKey(), { configured: made.fingerprint, old })
  expect(verdict).toMatchObject({ kind: 'neither' })
  expect(verdict.sentence).toContain('throw-away')
})

test('the key set is asked for below the address the bot uses, whatever Autentico calls itself', async () => {
  const keys = [{ kty: 'RSA', kid: 'k', use: 'sig', alg: 'RS256', n: 'wP_u', e: 'AQAB' }]
  await using server = await scriptedServer((seen) => ({
    status: 200,
    json: seen.path.endsWith('openid-configuration')
      ? { issuer: 'https://id.acme.test/sso/oauth2', jwks_uri: 'https://id.acme.test/sso/oauth2/.well-known/jwks.json' }
      : { keys },
  }))
  await using autentico = connectAutentico({
    url: `${server.url}/sso`,
    credentials: { kind: 'bearer', token: unsignedToken('bot') },
  })
  expect(await autentico.publishedKey()).toMatchObject({ keyId: 'k' })
  expect(server.seen.map((one) => one.path)).toEqual([
    '/sso/oauth2/.well-known/openid-configuration',
    '/sso/oauth2/.well-known/jwks.json',
  ])
  expect(server.seen.map((one) => one.bearer)).toEqual(['', ''])
})

test.each([
  ['no key', []],
  ['two keys', [1, 2].map((kid) => ({ kty: 'RSA', kid: String(kid), n: 'wP_u', e: 'AQAB' }))],
  ['a key of another kind', [{ kty: 'EC', kid: 'k', n: 'wP_u' }]],
])('a key set with %s is none of Autentico', async (_what, keys) => {
  await using server = await scriptedServer((seen) => ({
    status: 200,
    json: seen.path.endsWith('openid-configuration') ? { issuer: 'http://x/oauth2', jwks_uri: 'http://x/j' } : { keys },
  }))
  await using autentico = connectAutentico({ url: server.url, credentials: { kind: 'bearer', token: 'x' } })
  await expect(autentico.publishedKey()).rejects.toMatchObject({ name: 'UnexpectedAnswer' })
})
