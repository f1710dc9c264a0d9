import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { type IdTokenRules, readIdToken } from './id-token.ts'

const issuer = 'https://id.acme.test/oauth2'
const clientId = 'step-up'
const now = new Date('2026-11-23T03:05:00.000Z')
const at = Math.floor(now.getTime() / 1000)
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

type Parts = { readonly [name: string]: unknown }

const genuine: Parts = {
  iss: issuer,
  sub: 'cv3kbao',
  aud: clientId,
  exp: at + 900,
  iat: at,
  auth_time: at,
  azp: clientId,
  sid: 'cv3ksession',
  preferred_username: 'bao',
  email: 'Bao@Acme.test',
  email_verified: true,
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function token(
  claims: Parts = genuine,
  { header = {}, key = ours.privateKey }: { header?: Parts; key?: KeyObject } = {},
): string {
  const body = `${part({ alg: 'RS256', kid: 'key-1', typ: 'JWT', ...header })}.${part(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), key).toString('base64url')}`
}

function published({ publicKey }: { readonly publicKey: KeyObject }, kid = 'key-1') {
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] }
}

const rules: IdTokenRules = {
  issuer,
  clientId,
  askedAt: new Date(now.getTime() - 30_000),
  now: () => now,
  keys: async () => published(ours),
}

async function refused(text: string, change: Partial<IdTokenRules> = {}): Promise<string> {
  return readIdToken(text, { ...rules, ...change }).then(
    () => 'believed',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  )
}

test('a genuine ID token says who signed in and when, and leaves only its digest', async () => {
  const text = token()
  expect(await readIdToken(text, rules)).toEqual({
    iss: issuer,
    aud: clientId,
    sub: 'cv3kbao',
    authTime: at,
    username: 'bao',
    email: 'bao@acme.test',
    emailVerified: true,
    digest: createHash('sha256').update(text).digest('hex'),
  })
})

test('an e-mail address counts as verified only where the token says so', async () => {
  const { email_verified: _said, ...silent } = genuine
  expect(await readIdToken(token(silent), rules)).toMatchObject({ emailVerified: false })
})

describe('an ID token is not believed', () => {
  test.each<[string, string, string]>([
    ['of another client', token({ ...genuine, aud: 'portal' }), 'issued to another client'],
    ['of ours among others', token({ ...genuine, aud: [clientId, 'portal'] }), 'not as they should be (aud)'],
    ['issued for another client', token({ ...genuine, azp: 'portal' }), 'issued for another client'],
    ['of another issuer', token({ ...genuine, iss: `${issuer}/` }), 'another issuer made it'],
    ['that has expired', token({ ...genuine, exp: at - 61 }), 'it has expired'],
    ['from before it was asked for', token({ ...genuine, iat: at - 91 }), 'older than what asked for it'],
    ['from the future', token({ ...genuine, iat: at + 61 }), 'issued in the future'],
    ['that was no answer to a device', token({ ...genuine, nonce: 'n' }), 'not issued to a device'],
    ['without auth_time', token({ ...genuine, auth_time: undefined }), 'auth_time'],
    ['without a subject', token({ ...genuine, sub: '' }), 'sub'],
    ['signed with a key that is not published', token(genuine, { key: other.privateKey }), 'its signature is wrong'],
    [
      'that names a key that is not published',
      token(genuine, { header: { kid: 'key-2' } }),
      'a key that Autentico does not publish',
    ],
    ['that names no key', token(genuine, { header: { kid: undefined } }), 'it names no key'],
    ['that is too long', `${token()}${'a'.repeat(20_000)}`, 'it is too long'],
    ['that is none', 'no.token', 'it is no signed token'],
  ])('%s', async (_what, text, why) => {
    expect(await refused(text)).toMatch(/^IdTokenNotAcceptable: /)
    expect(await refused(text)).toContain(why)
  })

  test('that is not signed at all', async () => {
    const text = `${part({ alg: 'none', kid: 'key-1' })}.${part(genuine)}.`
    expect(await refused(text)).toContain('not signed with RS256')
  })

  test('that is signed with the published key as if it were a secret', async () => {
    const body = `${part({ alg: 'HS256', kid: 'key-1' })}.${part(genuine)}`
    const secret = ours.publicKey.export({ format: 'pem', type: 'spki' })
    const text = `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
    expect(await refused(text)).toContain('not signed with RS256')
  })

  test('that brings its own key along', async () => {
    const header = { jwk: other.publicKey.export({ format: 'jwk' }), jku: 'https://mallory.test/keys' }
    expect(await refused(token(genuine, { header, key: other.privateKey }))).toContain('its signature is wrong')
  })

  test('whose claims were changed after it was signed', async () => {
    const [header, , signature] = token().split('.')
    const text = `${header ?? ''}.${part({ ...genuine, sub: 'cv3kmallory' })}.${signature ?? ''}`
    expect(await refused(text)).toContain('its signature is wrong')
  })

  test('that belongs to another access token', async () => {
    const hash = createHash('sha256').update('one').digest().subarray(0, 16).toString('base64url')
    const text = token({ ...genuine, at_hash: hash })
    expect(await refused(text, { accessToken: 'another' })).toContain('does not belong to the access token')
    expect(await refused(text, { accessToken: 'one' })).toBe('believed')
  })
})

describe('a key that is not among the published ones', () => {
  test('is looked for once more, since it may be new', async () => {
    const keys = vi.fn<IdTokenRules['keys']>()
    keys.mockResolvedValueOnce(published(other, 'key-0')).mockResolvedValueOnce(published(ours))
    expect(await refused(token(), { keys })).toBe('believed')
    expect(keys).toHaveBeenCalledTimes(2)
  })

  test('is looked for no third time', async () => {
    const keys = vi.fn<IdTokenRules['keys']>().mockResolvedValue(published(other, 'key-0'))
    expect(await refused(token(), { keys })).toContain('a key that Autentico does not publish')
    expect(keys).toHaveBeenCalledTimes(2)
  })
})
