import { describe, expect, test } from 'vitest'
import { rows, text } from './answer.ts'
import { anyText, matching } from './matchers.ts'
import type { Peer } from './peer.ts'

/** One user: create, read, change, end. */
export function userContract(peer: () => Peer): void {
  const notFound = { status: 404, json: { error: 'not_found', error_description: 'User not found' } }

  describe('a user', () => {
    test('is created as an ordinary one, whatever role is asked for', async () => {
      const name = (await peer().victim()).username
      const body = { username: `${name}-x`, password: 'a-password', email: `${name}-X@Acme.test`, role: 'admin' }
      const created = await peer().api('POST', '/users', body)
      expect(created.status).toBe(201)
      expect(created.json).toEqual({
        data: {
          id: matching(/^[0-9a-v]{20}$/),
          username: `${name}-x`,
          email: `${name}-x@acme.test`,
          created_at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          role: 'user',
          failed_login_attempts: 0,
          is_email_verified: false,
          totp_verified: false,
        },
      })
      expect((await peer().api('DELETE', `/users/${text(created.json, 'data', 'id')}`)).status).toBe(204)
    })

    test('may not have a name or an address that is taken: 400 at creation, 409 at change', async () => {
      const one = await peer().victim()
      const other = await peer().victim()
      const taken = await peer().api('POST', '/users', { username: one.username, password: 'a-password' })
      const error_description = 'A user with that username or email already exists'
      expect(taken).toMatchObject({ status: 400, json: { error: 'invalid_request', error_description } })
      expect(await peer().api('PUT', `/users/${other.id}`, { email: one.email })).toMatchObject({
        status: 409,
        json: { error: 'conflict', error_description },
      })
    })

    test.each([
      [{ username: 'abc', password: 'a-password' }, 'username is invalid: the length must be between 4 and 64'],
      [{ username: '', password: 'a-password' }, 'username is invalid: cannot be blank'],
      [{ username: 'long-enough', password: 'short' }, 'password is invalid: the length must be between 6 and 64'],
      [
        { username: 'long-enough', password: 'a-password', email: 'no address' },
        'email is invalid: must be a valid email address',
      ],
    ])('is refused as %j', async (body, complaint) => {
      expect(await peer().api('POST', '/users', body)).toMatchObject({
        status: 400,
        json: { error: 'invalid_request', error_description: `User validation error. ${complaint}` },
      })
    })

    test('changed, keeps what is not given and cannot be blanked', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { given_name: 'Vic', is_email_verified: true })
      const { status, json } = await peer().api('PUT', `/users/${victim.id}`, {
        given_name: '',
        email: null,
        nonsense: 1,
      })
      expect(status).toBe(200)
      expect(json).toMatchObject({ data: { given_name: 'Vic', email: victim.email, is_email_verified: true } })
      expect((await peer().api('PUT', `/users/${victim.id}`, {})).status).toBe(200)
    })

    test.each([
      [{ role: 'owner' }, 'role is invalid: must be a valid value'],
      [{ website: 'javascript:alert(1)' }, 'website is invalid: URL must use http or https scheme'],
      [{ password: 'x'.repeat(65) }, 'password is invalid: the length must be between 6 and 64'],
    ])('refuses the change %j', async (body, error_description) => {
      const victim = await peer().victim()
      const refused = await peer().api('PUT', `/users/${victim.id}`, body)
      expect(refused).toMatchObject({ status: 400, json: { error: 'invalid_request', error_description } })
    })

    test('refuses a change that is no JSON or has the wrong type', async () => {
      const victim = await peer().victim()
      const refused = await peer().api('PUT', `/users/${victim.id}`, { totp_verified: 'no' })
      expect(refused).toMatchObject({ status: 400, json: { error_description: 'Invalid request payload' } })
    })

    test('is read forgivingly: null is an empty object, and the case of a field does not matter', async () => {
      const victim = await peer().victim()
      const renamed = await peer().api('PUT', `/users/${victim.id}`, { NickName: 'Vic' })
      expect(renamed).toMatchObject({ status: 200, json: { data: { nickname: 'Vic' } } })
      expect(await peer().api('PUT', `/users/${victim.id}`, null)).toMatchObject({ status: 200, json: renamed.json })
    })

    test('with a new password keeps every session it had', async () => {
      const victim = await peer().victim()
      const { json } = await peer().grant(victim)
      expect((await peer().api('PUT', `/users/${victim.id}`, { password: 'another-password' })).status).toBe(200)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(200)
      expect((await peer().refresh(text(json, 'refresh_token'))).status).toBe(200)
      expect((await peer().grant(victim)).status).toBe(400)
      expect((await peer().grant({ ...victim, password: 'another-password' })).status).toBe(200)
    })

    test('with a new password keeps its lock', async () => {
      const victim = await peer().victim()
      for (let n = 0; n < 5; n += 1) await peer().grant(victim, { password: 'wrong-password' })
      const { json } = await peer().api('PUT', `/users/${victim.id}`, { password: 'another-password' })
      expect(json).toMatchObject({ data: { failed_login_attempts: 5, locked_until: anyText() } })
      expect((await peer().grant({ ...victim, password: 'another-password' })).status).toBe(403)
    })

    test('that does not exist is 404 for everything but revoke-sessions, which says 204 and writes an entry', async () => {
      expect(await peer().api('GET', '/users/no-such-user')).toMatchObject(notFound)
      expect(await peer().api('PUT', '/users/no-such-user', { role: 'user' })).toMatchObject(notFound)
      expect(await peer().api('DELETE', '/users/no-such-user')).toMatchObject(notFound)
      expect((await peer().api('POST', '/users/no-such-user/unlock')).status).toBe(404)
      const unknown = `no-such-user-${Date.now()}`
      const revoked = await peer().api('POST', `/users/${unknown}/revoke-sessions`)
      expect(revoked).toMatchObject({ status: 204, text: '', contentType: '' })
      const { json } = await peer().api('GET', `/audit-logs?event=all_user_sessions_revoked&search=${unknown}`)
      expect(rows(json, 'data', 'items')).toHaveLength(1)
    })

    test('deactivated, is gone for the admin API, loses its access, and comes back with reactivation', async () => {
      const victim = await peer().victim()
      const { json } = await peer().grant(victim)
      expect((await peer().api('POST', `/users/${victim.id}/deactivate`)).status).toBe(204)
      expect(await peer().api('GET', `/users/${victim.id}`)).toMatchObject(notFound)
      expect(await peer().api('PUT', `/users/${victim.id}`, { password: 'another-password' })).toMatchObject(notFound)
      expect(await peer().api('POST', `/users/${victim.id}/deactivate`)).toMatchObject({
        status: 404,
        json: { error_description: 'User not found or already deactivated' },
      })
      expect((await peer().api('POST', `/users/${victim.id}/revoke-sessions`)).status).toBe(204)
      const listed = await peer().api('GET', `/users?search=${victim.username}`)
      expect(listed.json).toEqual({ data: { items: [], total: 0 } })
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)

      expect((await peer().api('POST', `/users/${victim.id}/reactivate`)).status).toBe(204)
      expect(await peer().api('POST', `/users/${victim.id}/reactivate`)).toMatchObject({
        status: 404,
        json: { error_description: 'User not found or not deactivated' },
      })
      expect((await peer().grant(victim)).status).toBe(200)
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)
    })

    test('deactivated, is unlocked all the same although the answer is 500', async () => {
      const victim = await peer().victim()
      for (let n = 0; n < 5; n += 1) await peer().grant(victim, { password: 'wrong-password' })
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect(await peer().api('POST', `/users/${victim.id}/unlock`)).toMatchObject({
        status: 500,
        json: { error: 'server_error', error_description: 'Failed to read user' },
      })
      await peer().api('POST', `/users/${victim.id}/reactivate`)
      expect((await peer().grant(victim)).status).toBe(200)
    })

    test('can be deleted while deactivated', async () => {
      const victim = await peer().victim()
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect((await peer().api('DELETE', `/users/${victim.id}`)).status).toBe(204)
      expect((await peer().api('POST', `/users/${victim.id}/reactivate`)).status).toBe(404)
    })

    test('revoked, loses every token at once', async () => {
      const victim = await peer().victim()
      const one = (await peer().grant(victim)).json
      const two = (await peer().grant(victim)).json
      expect((await peer().api('POST', `/users/${victim.id}/revoke-sessions`)).status).toBe(204)
      for (const json of [one, two]) {
        expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)
        expect((await peer().refresh(text(json, 'refresh_token'))).status).toBe(400)
      }
      expect((await peer().grant(victim)).status).toBe(200)
    })
  })
}
