import { describe, expect, test } from 'vitest'
import { rows, text } from './answer.ts'
import { matching } from './matchers.ts'
import { deviceGrant, type Peer } from './peer.ts'

/** Refresh tokens, and the other ways to a token that outlive a revocation. */
export function refreshContract(peer: () => Peer): void {
  const signIn = async () => {
    const victim = await peer().victim()
    const { json } = await peer().grant(victim)
    return { victim, access: text(json, 'access_token'), refresh: text(json, 'refresh_token') }
  }
  const refusal = (error_description: string) => ({ status: 400, json: { error: 'invalid_grant', error_description } })

  describe('a refresh', () => {
    test('spends the old pair at once and gives a new one', async () => {
      const { victim, access, refresh } = await signIn()
      const { status, json } = await peer().refresh(refresh)
      expect(status).toBe(200)
      expect(await peer().userinfo(access)).toBe(401)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(200)
      const sessions = rows((await peer().api('GET', `/sessions?user_id=${victim.id}`)).json, 'data')
      expect(sessions.map((session) => session['deactivated_at'])).toEqual([null, null])
    })

    test('repeated with a spent token costs the user every token', async () => {
      const { victim, refresh } = await signIn()
      const second = text((await peer().refresh(refresh)).json, 'access_token')
      const elsewhere = text((await peer().grant(victim)).json, 'access_token')
      expect(await peer().refresh(refresh)).toMatchObject(refusal('Token has been revoked'))
      expect(await peer().userinfo(second)).toBe(401)
      expect(await peer().userinfo(elsewhere)).toBe(401)
      const sessions = rows((await peer().api('GET', `/sessions?user_id=${victim.id}`)).json, 'data')
      expect(sessions.every((session) => session['deactivated_at'] === null)).toBe(true)
    })

    test('with too much scope is refused, and the token is spent all the same', async () => {
      const { refresh } = await signIn()
      expect(await peer().refresh(refresh, { scope: 'openid groups' })).toMatchObject({
        status: 400,
        json: { error: 'invalid_scope' },
      })
      expect(await peer().refresh(refresh)).toMatchObject(refusal('Token has been revoked'))
    })

    test('is refused for a forged token, another client, and an ended session, without the penalty', async () => {
      const { victim, access, refresh } = await signIn()
      expect(await peer().refresh('a.b.c')).toMatchObject(refusal('Invalid or expired refresh token'))
      const { json } = await peer().createClient({ client_type: 'public' })
      expect(await peer().refresh(refresh, { client_id: text(json, 'client_id') })).toMatchObject(
        refusal('Refresh token was not issued to this client'),
      )
      expect(await peer().userinfo(access)).toBe(200)
      const elsewhere = text((await peer().grant(victim)).json, 'access_token')
      expect((await peer().api('DELETE', `/sessions/${sessionOf(access)}`)).status).toBe(200)
      expect(await peer().refresh(refresh)).toMatchObject(refusal('Session has been deactivated'))
      expect(await peer().userinfo(elsewhere)).toBe(200)
    })

    test('works without naming the client, even after the client was disabled', async () => {
      const victim = await peer().victim()
      const { json: client } = await peer().createClient({ client_type: 'public' })
      const client_id = text(client, 'client_id')
      const issued = await peer().grant(victim, { client_id })
      expect((await peer().api('DELETE', `/clients/${client_id}`)).status).toBe(204)
      const refresh_token = text(issued.json, 'refresh_token')
      const named = await peer().refresh(refresh_token, { client_id })
      expect(named).toMatchObject({
        status: 401,
        json: { error: 'invalid_client', error_description: 'unknown client_id' },
      })
      const unnamed = await peer().form('/oauth2/token', { grant_type: 'refresh_token', refresh_token })
      expect(unnamed.status).toBe(200)
    })

    test('of a deactivated user stays refused after reactivation', async () => {
      const { victim, refresh } = await signIn()
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      await peer().api('POST', `/users/${victim.id}/reactivate`)
      expect(await peer().refresh(refresh)).toMatchObject(refusal('Session has been deactivated'))
    })

    test('still works when the session shows as expired', async () => {
      const { json: client } = await peer().createClient({ client_type: 'public', access_token_expiration: '1s' })
      const victim = await peer().victim()
      const client_id = text(client, 'client_id')
      const { json } = await peer().grant(victim, { client_id })
      expect(json).toMatchObject({ expires_in: 1 })
      const status = async () =>
        rows((await peer().api('GET', `/sessions?user_id=${victim.id}`)).json, 'data')[0]?.['status']
      await expect.poll(status, { timeout: 10_000 }).toBe('expired')
      expect((await peer().refresh(text(json, 'refresh_token'), { client_id })).status).toBe(200)
    })
  })

  describe('a device login', () => {
    test('goes from pending to tokens, and survives a revocation in between', async () => {
      const { victim, access } = await signIn()
      const started = await peer().form('/oauth2/device_authorization', { client_id: peer().clientId })
      expect(started).toMatchObject({
        status: 200,
        json: {
          device_code: matching(/^[0-9a-f]{40}$/),
          user_code: matching(/^[A-Z]{4}-[A-Z]{4}$/),
          verification_uri: `${peer().url}/account/device`,
          expires_in: 600,
          interval: 5,
        },
      })
      const device_code = text(started.json, 'device_code')
      const poll = async () =>
        peer().form('/oauth2/token', { grant_type: deviceGrant(), device_code, client_id: peer().clientId })
      const headers = { Authorization: `Bearer ${access}` }
      const body = { user_code: text(started.json, 'user_code') }
      expect((await peer().send('POST', '/account/api/device/authorize', { headers, body })).status).toBe(200)
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      const { status, json } = await poll()
      expect(status).toBe(200)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(200)
    })

    test('polled too early is told to slow down', async () => {
      const started = await peer().form('/oauth2/device_authorization', { client_id: peer().clientId })
      const fields = {
        grant_type: deviceGrant(),
        device_code: text(started.json, 'device_code'),
        client_id: peer().clientId,
      }
      expect((await peer().form('/oauth2/token', fields)).json).toMatchObject({ error: 'authorization_pending' })
      expect((await peer().form('/oauth2/token', fields)).json).toMatchObject({ error: 'slow_down' })
    })
  })

  describe('introspection and revocation', () => {
    test('are open to an admin for any token', async () => {
      const { victim, access } = await signIn()
      const headers = { Authorization: `Bearer ${await peer().renewToken()}` }
      const active = await peer().form('/oauth2/introspect', { token: access }, headers)
      expect(active).toMatchObject({ status: 200, json: { active: true, sub: victim.id, token_type: 'Bearer' } })
      expect((await peer().form('/oauth2/revoke', { token: access }, headers)).status).toBe(200)
      expect((await peer().form('/oauth2/revoke', { token: 'unknown' }, headers)).status).toBe(200)
      const inactive = await peer().form('/oauth2/introspect', { token: access }, headers)
      expect(inactive).toMatchObject({ status: 200, text: '{"active":false}\n' })
    })

    test('are closed to everybody else', async () => {
      const { access } = await signIn()
      expect(await peer().form('/oauth2/introspect', { token: access })).toMatchObject({
        status: 401,
        json: { error: 'invalid_client' },
      })
      const own = { Authorization: `Bearer ${access}` }
      expect(await peer().form('/oauth2/revoke', { token: access }, own)).toMatchObject({
        status: 403,
        json: { error: 'insufficient_scope' },
      })
    })
  })
}

/** The session that an access token names. */
function sessionOf(token: string): string {
  const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return text(payload, 'sid')
}
