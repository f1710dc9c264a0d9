import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { at, rows, text } from './answer.ts'
import type { Peer } from './peer.ts'

/** What ends and what lives on when keys and secrets are replaced, each together with a restart. */
export function rotationContract(peer: () => Peer): void {
  const signIn = async () => {
    const victim = await peer().victim()
    const { json } = await peer().grant(victim)
    const browser = peer().browser()
    expect((await browser.login(victim.username, victim.password)).kind).toBe('code')
    return { victim, access: text(json, 'access_token'), refresh: text(json, 'refresh_token'), browser }
  }
  const published = async () => {
    const keys = rows((await peer().send('GET', '/oauth2/.well-known/jwks.json')).json, 'keys')
    expect(keys).toHaveLength(1)
    return { kid: text(keys[0], 'kid'), n: text(keys[0], 'n') }
  }
  const setting = async (key: string) => at((await peer().api('GET', '/settings')).json, 'data', key)

  describe('Autentico', () => {
    test('with the same environment goes on as before', async () => {
      const { access, refresh } = await signIn()
      const before = await published()
      await peer().restart({})
      expect(await published()).toEqual(before)
      expect(await peer().userinfo(access)).toBe(200)
      expect((await peer().refresh(refresh)).status).toBe(200)
    })

    test('with a new key publishes it and ends access tokens, but logs nobody out', async () => {
      const { access, refresh, browser } = await signIn()
      const admin = await peer().renewToken()
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
      await peer().restart({ ...keyLine(privateKey.export({ type: 'pkcs1', format: 'pem' })), ...keyId('rotated-1') })

      expect(await published()).toEqual({ kid: 'rotated-1', n: privateKey.export({ format: 'jwk' }).n })
      expect(await peer().userinfo(access)).toBe(401)
      const refused = await peer().send('GET', '/admin/api/stats', { headers: { Authorization: `Bearer ${admin}` } })
      expect(refused).toMatchObject({ status: 401, json: { error_description: 'Invalid or expired token' } })

      const refreshed = await peer().refresh(refresh)
      expect(refreshed.status).toBe(200)
      const fresh = text(refreshed.json, 'access_token')
      expect(headerOf(fresh)).toMatchObject({ kid: 'rotated-1', alg: 'RS256' })
      expect(await peer().userinfo(fresh)).toBe(200)
      expect((await browser.silently()).kind).toBe('code')
    })

    test.each([
      ['in PKCS#8', () => encoded(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8))],
      ['that is bare PEM', () => 'not-base64!'],
      ['of no length', () => ''],
    ])('with a key %s starts all the same, on a throw-away key', async (_what, key) => {
      const { access, refresh } = await signIn()
      const before = await published()
      const environment = { AUTENTICO_PRIVATE_KEY: key(), ...keyId('rotated-2') }
      await peer().restart(environment)
      const first = await published()
      expect(first.kid).toBe('rotated-2')
      expect(first.n).not.toBe(before.n)
      expect(await peer().userinfo(access)).toBe(401)
      expect((await peer().refresh(refresh)).status).toBe(200)
      await peer().restart(environment)
      expect((await published()).n).not.toBe(first.n)
    })

    test('with a new refresh secret ends refresh tokens and nothing else', async () => {
      const { access, refresh, browser } = await signIn()
      await peer().restart({ AUTENTICO_REFRESH_TOKEN_SECRET: randomBytes(32).toString('hex') })
      expect(await peer().refresh(refresh)).toMatchObject({
        status: 400,
        json: { error: 'invalid_grant', error_description: 'Invalid or expired refresh token' },
      })
      expect(await peer().userinfo(access)).toBe(200)
      expect((await browser.silently()).kind).toBe('code')
    })

    test('with a new access-token secret changes nothing', async () => {
      const { access, refresh } = await signIn()
      await peer().restart({ AUTENTICO_ACCESS_TOKEN_SECRET: randomBytes(32).toString('hex') })
      expect(await peer().userinfo(access)).toBe(200)
      expect((await peer().refresh(refresh)).status).toBe(200)
    })

    test('with a new CSRF secret refuses forms that were handed out before, and keeps browsers logged in', async () => {
      const { victim, browser } = await signIn()
      const open = peer().browser()
      const fields = await open.loginFields()
      await peer().restart({ AUTENTICO_CSRF_SECRET_KEY: randomBytes(32).toString('hex') })
      const { username, password } = victim
      expect((await open.post('/oauth2/login', { ...fields, username, password })).status).toBe(403)
      expect((await browser.silently()).kind).toBe('code')
    })

    test('without a refresh secret does not start', async () => {
      await peer()
        .restart({ AUTENTICO_REFRESH_TOKEN_SECRET: '' })
        .catch(() => undefined)
      expect(await peer().isUp()).toBe(false)
    })

    test('keeps an audit log switched off, as an upgrade from 1.6 does, and takes an empty retention for unset', async () => {
      const before = String(await setting('audit_log_retention'))
      await peer().settings({ audit_log_retention: '0' })
      await peer().restart({})
      expect(await setting('audit_log_retention')).toBe('0')
      await peer().settings({ audit_log_retention: '' })
      expect(await setting('audit_log_retention')).toBe('')
      await peer().restart({})
      expect(await setting('audit_log_retention')).toBe('720h')
      await peer().settings({ audit_log_retention: before })
    })
  })
}

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const

function encoded(pem: string | Buffer): string {
  return Buffer.from(pem).toString('base64')
}

function keyLine(pem: string | Buffer) {
  return { AUTENTICO_PRIVATE_KEY: encoded(pem) }
}

function keyId(kid: string) {
  return { AUTENTICO_JWK_CERT_KEY_ID: kid }
}

function headerOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'))
}
