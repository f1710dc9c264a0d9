import { describe, expect, test } from 'vitest'
import { text } from './answer.ts'
import type { Peer } from './peer.ts'

/** Who may call the admin API, and what everyone else is told. */
export function bearerContract(peer: () => Peer): void {
  const call = async (authorization: string) =>
    peer().send('GET', '/admin/api/stats', { headers: authorization === '' ? {} : { Authorization: authorization } })

  describe('the admin API', () => {
    test('without a token says nothing but the realm', async () => {
      const answer = await call('')
      expect(answer).toMatchObject({ status: 401, json: {} })
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${peer().url}/oauth2"`)
    })

    test('refuses another scheme and a token it has not signed', async () => {
      expect(await call('Basic abc')).toMatchObject({
        status: 401,
        json: { error: 'invalid_request', error_description: 'Invalid Authorization header format' },
      })
      const forged = await call('Bearer a.b.c')
      expect(forged).toMatchObject({
        status: 401,
        json: { error: 'invalid_token', error_description: 'Invalid or expired token' },
      })
      expect(forged.headers.get('www-authenticate')).toContain('error="invalid_token"')
    })

    test('takes the scheme in any case', async () => {
      expect((await call(`bEaReR ${await peer().renewToken()}`)).status).toBe(200)
    })

    test('refuses an ID token', async () => {
      const { json } = await peer().botGrant({ scope: 'openid profile' })
      expect(await call(`Bearer ${text(json, 'id_token')}`)).toMatchObject({ status: 401 })
    })

    test('wants a token for the admin API, of a user who is admin now', async () => {
      const victim = await peer().victim()
      const foreign = text((await peer().grant(victim)).json, 'access_token')
      expect(await call(`Bearer ${foreign}`)).toMatchObject({
        status: 403,
        json: { error: 'forbidden', error_description: 'Token not issued for admin API' },
      })
      const own = text((await peer().botGrant(victim)).json, 'access_token')
      const refusal = { status: 403, json: { error: 'forbidden', error_description: 'Admin access required' } }
      expect(await call(`Bearer ${own}`)).toMatchObject(refusal)
      await peer().api('PUT', `/users/${victim.id}`, { role: 'admin' })
      expect((await call(`Bearer ${own}`)).status).toBe(200)
      await peer().api('PUT', `/users/${victim.id}`, { role: 'user' })
      expect(await call(`Bearer ${own}`)).toMatchObject(refusal)
    })

    test('refuses a token whose session, whose row or whose user has ended', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { role: 'admin' })
      const token = async () => text((await peer().botGrant(victim)).json, 'access_token')

      const ended = await token()
      const revoked = await token()
      await peer().form('/oauth2/revoke', { token: revoked }, { Authorization: `Bearer ${await peer().renewToken()}` })
      expect(await call(`Bearer ${revoked}`)).toMatchObject({
        status: 401,
        json: { error: 'invalid_token', error_description: 'Token has been revoked' },
      })
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      expect(await call(`Bearer ${ended}`)).toMatchObject({
        status: 401,
        json: { error: 'invalid_token', error_description: 'Session has been deactivated' },
      })
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect(await call(`Bearer ${ended}`)).toMatchObject({
        status: 401,
        json: { error: 'invalid_token', error_description: 'User not found' },
      })
    })

    test('lets an admin revoke its own sessions: 204 first, 401 from then on', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { role: 'admin' })
      const token = text((await peer().botGrant(victim)).json, 'access_token')
      const headers = { Authorization: `Bearer ${token}` }
      const path = `/admin/api/users/${victim.id}/revoke-sessions`
      expect((await peer().send('POST', path, { headers })).status).toBe(204)
      expect((await peer().send('POST', path, { headers })).status).toBe(401)
    })

    test('takes no token that a client got for itself', async () => {
      const { json } = await peer().createClient({
        client_secret: 'live-secret',
        grant_types: ['client_credentials'],
        allowed_audiences: ['autentico-admin'],
      })
      const fields = {
        grant_type: 'client_credentials',
        client_id: text(json, 'client_id'),
        client_secret: 'live-secret',
      }
      const issued = await peer().form('/oauth2/token', fields)
      expect(issued).toMatchObject({ status: 200, json: { scope: 'profile email offline_access' } })
      expect(issued.json).not.toHaveProperty('refresh_token')
      expect(await call(`Bearer ${text(issued.json, 'access_token')}`)).toMatchObject({
        status: 401,
        json: { error_description: 'User not found' },
      })
    })
  })
}
