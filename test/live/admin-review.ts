import { describe, expect, test } from 'vitest'
import { at, type Json, rows, text } from './answer.ts'
import { anyText, containingAll } from './matchers.ts'
import type { Peer } from './peer.ts'

/** What a review after an admin's account was taken over looks at and puts back. */
export function adminReviewContract(peer: () => Peer): void {
  const admins = async (query = '') =>
    rows((await peer().api('GET', `/users?role=admin${query}`)).json, 'data', 'items')
  const promote = async () => {
    const victim = await peer().victim()
    await peer().api('PUT', `/users/${victim.id}`, { role: 'admin' })
    return victim
  }
  const stats = async (token: string) =>
    (await peer().send('GET', '/admin/api/stats', { headers: { Authorization: `Bearer ${token}` } })).status

  describe('an admin', () => {
    test('demoted, is refused at the next call, keeps every token, and leaves the list', async () => {
      const admin = await promote()
      expect((await admins()).map(({ id }) => id)).toContain(admin.id)
      const own = (await peer().botGrant(admin)).json
      expect(await stats(text(own, 'access_token'))).toBe(200)
      const demoted = await peer().api('PUT', `/users/${admin.id}`, { role: 'user' })
      expect(demoted).toMatchObject({ status: 200, json: { data: { id: admin.id, role: 'user' } } })
      expect(await stats(text(own, 'access_token'))).toBe(403)
      expect(await peer().userinfo(text(own, 'access_token'))).toBe(200)
      const refreshed = await peer().form('/oauth2/token', {
        grant_type: 'refresh_token',
        refresh_token: text(own, 'refresh_token'),
      })
      expect(refreshed.status).toBe(200)
      expect((await admins()).map(({ id }) => id)).not.toContain(admin.id)
    })

    test('deactivated, is in no list, and comes back as admin', async () => {
      const admin = await promote()
      await peer().api('POST', `/users/${admin.id}/deactivate`)
      expect((await admins()).map(({ id }) => id)).not.toContain(admin.id)
      expect((await peer().api('PUT', `/users/${admin.id}`, { role: 'user' })).status).toBe(404)
      await peer().api('POST', `/users/${admin.id}/reactivate`)
      expect((await peer().api('GET', `/users/${admin.id}`)).json).toMatchObject({ data: { role: 'admin' } })
      await peer().api('PUT', `/users/${admin.id}`, { role: 'user' })
    })
  })

  describe('an account locked by an attack', () => {
    test('is found by its fields, counted in the statistics, and free after unlocking', async () => {
      const victim = await peer().victim()
      const locked = async () => Number(at((await peer().api('GET', '/stats')).json, 'data', 'locked_accounts'))
      const before = await locked()
      for (let n = 0; n < 5; n += 1) await peer().grant(victim, { password: 'wrong-password' })
      const listed = rows((await peer().api('GET', `/users?search=${victim.username}`)).json, 'data', 'items')
      expect(listed).toMatchObject([{ id: victim.id, failed_login_attempts: 5, locked_until: anyText() }])
      expect(new Date(text(listed[0], 'locked_until')).getTime()).toBeGreaterThan(Date.now())
      expect(await locked()).toBe(before + 1)
      const unlocked = await peer().api('POST', `/users/${victim.id}/unlock`)
      expect(unlocked).toMatchObject({ status: 200, json: { data: { id: victim.id, failed_login_attempts: 0 } } })
      expect(unlocked.json['data']).not.toHaveProperty('locked_until')
      expect(await locked()).toBe(before)
      expect((await peer().grant(victim)).status).toBe(200)
    })

    test('stops counting as attempts begin: no entry in the audit log says that it was locked', async () => {
      const victim = await peer().victim()
      for (let n = 0; n < 6; n += 1) await peer().grant(victim, { password: 'wrong-password' })
      const found = rows((await peer().api('GET', `/audit-logs?search=${victim.username}`)).json, 'data', 'items')
      expect(found).toEqual([])
    })
  })

  describe('a rogue client', () => {
    const rogue = {
      client_type: 'public',
      grant_types: ['password', 'refresh_token', 'authorization_code'],
      redirect_uris: ['https://attacker.test/*'],
      allowed_audiences: ['autentico-admin'],
      access_token_expiration: '24h',
    }
    test('shows every red flag in the list of clients, and gives admin tokens to anyone with the password', async () => {
      const admin = await promote()
      const { json } = await peer().createClient(rogue)
      const client_id = text(json, 'client_id')
      // Newest first, and nothing says how new.
      const listed = rows((await peer().api('GET', '/clients')).json, 'data', 'items')
      expect(listed).toContainEqual(containingAll({ ...rogue, client_id, is_active: true }))
      const token = text((await peer().grant(admin, { client_id })).json, 'access_token')
      expect(await stats(token)).toBe(200)
      await peer().api('PUT', `/users/${admin.id}`, { role: 'user' })
    })

    test('disabled, keeps all its fields, gives no new tokens, and leaves the old ones alive', async () => {
      const victim = await peer().victim()
      const { json } = await peer().createClient(rogue)
      const path = `/clients/${text(json, 'client_id')}`
      const before = (await peer().api('GET', path)).json
      const own = (await peer().grant(victim, { client_id: text(json, 'client_id') })).json
      expect((await peer().api('DELETE', path)).status).toBe(204)
      expect(await peer().api('GET', path)).toMatchObject({ status: 200, json: { ...before, is_active: false } })
      expect(await peer().grant(victim, { client_id: text(json, 'client_id') })).toMatchObject({
        status: 401,
        json: { error: 'invalid_client', error_description: 'unknown client_id' },
      })
      expect(await peer().userinfo(text(own, 'access_token'))).toBe(200)
      const { json: audit } = await peer().api(
        'GET',
        `/audit-logs?event=client_deleted&search=${text(json, 'client_id')}`,
      )
      expect(rows(audit, 'data', 'items')).toHaveLength(1)
    })

    test('disabled, is back with one change that gives back what it was', async () => {
      const { json } = await peer().createClient(rogue)
      const path = `/clients/${text(json, 'client_id')}`
      const before = (await peer().api('GET', path)).json
      await peer().api('DELETE', path)
      expect((await peer().api('PUT', path, { ...before, is_active: true })).status).toBe(200)
      expect((await peer().api('GET', path)).json).toEqual(before)
    })
  })

  describe('the account client', () => {
    const path = '/clients/autentico-account'

    test('edited by an attacker, is as before when all of it is written back', async () => {
      const before = (await peer().api('GET', path)).json
      const uris = [...strings(before, 'redirect_uris'), 'https://attacker.test/callback']
      const edited = await peer().api('PUT', path, { redirect_uris: uris, grant_types: ['password', 'refresh_token'] })
      expect(edited).toMatchObject({ status: 200, json: { redirect_uris: uris } })
      // The change has wiped what it was not given.
      expect(edited.json).not.toHaveProperty('sso_session_idle_timeout')
      expect((await peer().api('PUT', path, before)).status).toBe(200)
      expect((await peer().api('GET', path)).json).toEqual(before)
    })
  })

  describe('the settings that open doors', () => {
    test.each([
      'access_token_audience',
      'account_lockout_duration',
      'account_lockout_max_attempts',
      'allow_self_signup',
      'audit_log_retention',
      'auth_mode',
      'cors_allowed_origins',
      'magic_link_enabled',
      'mfa_method',
      'passkey_login_mode',
      'require_email_verification',
      'require_mfa',
      'smtp_from',
      'smtp_host',
      'smtp_port',
      'smtp_username',
      'sso_enabled',
      'sso_session_idle_timeout',
      'sso_session_max_age',
      'trust_device_enabled',
      'trust_device_expiration',
    ])('%s can be read', async (key) => {
      expect(at((await peer().api('GET', '/settings')).json, 'data', key)).toBeTypeOf('string')
    })

    test('are read as they stand, also those that no version knows', async () => {
      await peer().settings({ attackers_note: 'was here', allow_self_signup: 'true' })
      expect((await peer().api('GET', '/settings')).json).toMatchObject({
        data: { attackers_note: 'was here', allow_self_signup: 'true' },
      })
      await peer().settings({ attackers_note: '', allow_self_signup: 'false' })
    })

    test('changed, tell in the audit log that something was changed and not what', async () => {
      await peer().settings({ require_mfa: 'false' })
      const { username } = peer().origin.credentials
      const { json } = await peer().api('GET', `/audit-logs?event=settings_updated&search=${username}&limit=1`)
      expect(rows(json, 'data', 'items')).toMatchObject([
        { actor_username: username, target_type: 'settings', target_id: '', detail: '' },
      ])
    })
  })
}

function strings(json: Json, key: string): readonly string[] {
  const value = json[key]
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []
}
