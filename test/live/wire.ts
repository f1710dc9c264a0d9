import { describe, expect, test } from 'vitest'
import { anyText, containing } from './matchers.ts'
import type { Peer } from './peer.ts'

/** Envelopes, errors, headers, and what answers where nothing should. */
export function wireContract(peer: () => Peer): void {
  describe('the wire', () => {
    test.each([
      ['POST', '/admin/api/no/such/thing'],
      ['PATCH', '/admin/api/users/some-id'],
      ['DELETE', '/admin/api/users/some-id/passkeys'],
      ['GET', '/admin/api/users/'],
      ['GET', '/admin/api/passkeys'],
      ['GET', '/account/api/no-such-thing'],
    ])('%s %s is answered by an interface page, 200 and without authentication', async (method, path) => {
      const answer = await peer().send(method, path)
      expect(answer.status).toBe(200)
      expect(answer.contentType).toMatch(/^text\/html/)
    })

    test('the look-up of users is missing in v2.1.3, which shows as a page', async () => {
      const answer = await peer().api('POST', '/users/lookup', { usernames: ['nobody'] })
      expect(answer).toMatchObject({ status: 200, contentType: 'text/html; charset=utf-8' })
    })

    test.each([
      ['GET', '/oauth2/token'],
      ['GET', '/nowhere'],
    ])('%s %s outside the interfaces is a plain 404, not a 405', async (method, path) => {
      const answer = await peer().send(method, path)
      expect(answer).toMatchObject({
        status: 404,
        contentType: 'text/plain; charset=utf-8',
        text: '404 page not found\n',
      })
    })

    test('an empty path segment is redirected to something else', async () => {
      const answer = await peer().api('POST', '/users//deactivate')
      expect(answer.status).toBe(307)
      expect(answer.headers.get('location')).toBe('/admin/api/users/deactivate')
    })

    test('every answer carries its own request id and is not to be cached', async () => {
      const one = await peer().send('GET', '/admin/api/users', { headers: { 'X-Request-ID': 'mine' } })
      const other = await peer().send('GET', '/nowhere')
      expect(one.headers.get('x-request-id')).toMatch(/^[0-9a-v]{20}$/)
      expect(other.headers.get('x-request-id')).not.toBe(one.headers.get('x-request-id'))
      expect(one.headers.get('x-frame-options')).toBe('DENY')
      expect(one.headers.get('x-content-type-options')).toBe('nosniff')
      expect(one.headers.get('cache-control')).toBe('no-store')
    })

    test('JSON ends in a newline and escapes what could end a script', async () => {
      const victim = await peer().victim()
      const answer = await peer().api('PUT', `/users/${victim.id}`, { nickname: '<b> & co' })
      expect(answer.contentType).toBe('application/json')
      expect(answer.text).toContain(String.raw`"nickname":"\u003cb\u003e \u0026 co"`)
      expect(answer.text.endsWith('}\n')).toBe(true)
    })

    test.each(['users', 'tokens', 'idp-sessions', 'audit-logs'])(
      'a bad date for %s gets the other error shape',
      async (name) => {
        const column = name === 'tokens' ? 'issued_at' : 'created_at'
        const bad = await peer().api('GET', `/${name}?${column}_from=yesterday`)
        expect(bad.status).toBe(400)
        expect(bad.json).toEqual({
          data: null,
          error: { code: 400, message: containing(`${column}_from`) },
        })
        const reversed = await peer().api('GET', `/${name}?${column}_from=2026-06-02&${column}_to=2026-06-01`)
        expect(reversed.json).toMatchObject({ data: null, error: { message: containing('is after') } })
        const plus = await peer().api('GET', `/${name}?${column}_from=2026-06-02T10:00:00+02:00`)
        expect(plus.status).toBe(400)
      },
    )

    test('health, discovery and the key set are raw objects', async () => {
      expect((await peer().send('GET', '/healthz')).json).toEqual({ status: 'ok', database: 'ok' })
      const issuer = `${peer().url}/oauth2`
      for (const base of ['', '/oauth2']) {
        const { json } = await peer().send('GET', `${base}/.well-known/openid-configuration`)
        expect(json).toMatchObject({
          issuer,
          jwks_uri: `${issuer}/.well-known/jwks.json`,
          device_authorization_endpoint: `${issuer}/device_authorization`,
          code_challenge_methods_supported: ['S256'],
        })
      }
      const { json } = await peer().send('GET', '/oauth2/.well-known/jwks.json')
      expect(json).toEqual({
        keys: [{ kty: 'RSA', kid: anyText(), use: 'sig', alg: 'RS256', n: anyText(), e: 'AQAB' }],
      })
    })
  })
}
