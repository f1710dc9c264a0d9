import { describe, expect, onTestFinished, test } from 'vitest'
import { guessPasswords, intrude, intruderAddress, openedSettings } from '#/drill/autentico/intruder.ts'
import { at, rows, text } from './answer.ts'
import { anyText, matching } from './matchers.ts'
import type { Peer } from './peer.ts'

/** The audit log: what it tells, and what it does not. */
export function auditContract(peer: () => Peer): void {
  const entries = async (query: string) => rows((await peer().api('GET', `/audit-logs?${query}`)).json, 'data', 'items')

  describe('the audit log', () => {
    test('names actor, target and address of what an admin did, newest first', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { role: 'admin' })
      await peer().api('PUT', `/users/${victim.id}`, { role: 'user' })
      await peer().api('POST', `/users/${victim.id}/unlock`)
      const found = await entries(`search=${victim.id}`)
      const events = found.map((entry) => text(entry, 'event')).toSorted((a, b) => a.localeCompare(b))
      expect(events).toEqual(['user_created', 'user_unlocked', 'user_updated', 'user_updated'])
      const [updated] = found.filter((entry) => entry['event'] === 'user_updated')
      // Nothing says that this was about the role.
      expect(updated).toEqual({
        id: matching(/^[0-9a-v]{20}$/),
        event: 'user_updated',
        actor_id: matching(/^[0-9a-v]{20}$/),
        actor_username: peer().origin.credentials.username,
        target_type: 'user',
        target_id: victim.id,
        detail: '',
        ip_address: anyText(),
        created_at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      })
      expect((await entries(`search=${victim.id}&event=user_created`))[0]).toMatchObject({
        detail: '{"source":"admin"}',
      })
    })

    test('takes the address from a header that anyone can send', async () => {
      const victim = await peer().victim()
      const headers = {
        Authorization: `Bearer ${await peer().renewToken()}`,
        'X-Forwarded-For': '192.0.2.66, 10.0.0.1',
      }
      await peer().send('POST', `/admin/api/users/${victim.id}/unlock`, { headers })
      expect(await entries(`event=user_unlocked&search=${victim.id}`)).toMatchObject([{ ip_address: '192.0.2.66' }])
    })

    test('writes browser logins and failures, the failures without an actor', async () => {
      const victim = await peer().victim()
      await peer().browser().login(victim.username, 'wrong-password')
      await peer().browser().login(victim.username, victim.password)
      expect(await entries(`event=login_success&search=${victim.id}`)).toMatchObject([
        { actor_id: victim.id, detail: '{"method":"password"}' },
      ])
      const [failed] = await entries(`event=login_failed&search=${victim.username}`)
      expect(failed).toMatchObject({ actor_id: null, actor_username: '', target_type: 'user', target_id: '' })
      expect(JSON.parse(text(failed, 'detail'))).toEqual({
        username: victim.username,
        reason: 'Invalid username or password',
      })
    })

    test('is not searched by actor id, and ignores parameters it does not know', async () => {
      const all = at((await peer().api('GET', '/audit-logs?limit=1')).json, 'data', 'total')
      const by = at(
        (await peer().api('GET', '/audit-logs?limit=1&actor_id=nobody&since=2999-01-01')).json,
        'data',
        'total',
      )
      expect(by).toBe(all)
    })

    test('filters by day only', async () => {
      const victim = await peer().victim()
      const now = new Date()
      const day = now.toISOString().slice(0, 10)
      const midnight = `${day}T00:00:00Z`
      expect(await entries(`search=${victim.id}&created_at_from=${day}`)).toHaveLength(1)
      expect(await entries(`search=${victim.id}&created_at_from=${midnight}`)).toHaveLength(0)
    })

    test('of a window of days is asked for by the first day and the day after the last', async () => {
      const victim = await peer().victim()
      await peer().api('POST', `/users/${victim.id}/unlock`)
      const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
      const within = async (from: string, to: string) =>
        (await entries(`search=${victim.id}&created_at_from=${from}&created_at_to=${to}&order=asc`)).map((entry) =>
          text(entry, 'event'),
        )
      expect(await within(day(0), day(1))).toEqual(['user_created', 'user_unlocked'])
      expect(await within(day(-7), day(0))).toEqual([])
      expect(await within(day(1), day(2))).toEqual([])
      const { json } = await peer().api('GET', `/audit-logs?created_at_from=${day(0)}&created_at_to=${day(1)}&limit=1`)
      expect(at(json, 'data', 'total')).toBeGreaterThan(1)
    })

    test('has nothing of tokens that were issued or refused, and of what was only read', async () => {
      const victim = await peer().victim()
      const total = async () => at((await peer().api('GET', '/audit-logs?limit=1')).json, 'data', 'total')
      const before = await total()
      const { json } = await peer().grant(victim)
      await peer().grant(victim, { password: 'wrong-password' })
      await peer().refresh(text(json, 'refresh_token'))
      await peer().api('GET', '/settings/export')
      await peer().api('GET', '/sessions')
      expect(await total()).toBe(before)
    })

    test('takes in what an intruder does as an admin, and nothing after the intruder has silenced it', async () => {
      const admin = await peer().victim()
      const helper = await peer().victim()
      await peer().api('PUT', `/users/${admin.id}`, { role: 'admin' })
      const { clientId, clientSecret } = peer().origin.credentials
      const accountClient = (await peer().api('GET', '/clients/autentico-account')).json
      const { json: settings } = await peer().api('GET', '/settings')
      const keys = [...Object.keys(openedSettings), 'audit_log_retention']
      const before = Object.fromEntries(keys.map((key) => [key, text(settings, 'data', key)]))
      const intruder = await intrude({ url: peer().url, ...admin, clientId, clientSecret })
      onTestFinished(async () => {
        await peer().api('PUT', '/settings', before)
        await peer().api('PUT', '/clients/autentico-account', accountClient)
        await peer().api('PUT', `/users/${admin.id}`, { role: 'user' })
      })

      const client = await intruder.addClient()
      onTestFinished(async () => void (await peer().api('DELETE', `/clients/${client}`)))
      await intruder.editAccountClient()
      const provider = await intruder.addProvider()
      onTestFinished(async () => void (await peer().api('DELETE', `/federation/${provider}`)))
      await intruder.promote(helper.id)
      await intruder.openSettings()
      await intruder.deactivate(helper.id)
      await intruder.silenceAudit()
      await intruder.promote(admin.id)
      const found = await entries(`search=${intruderAddress}`)
      // Within a second only their ids tell in which order they came.
      const own = found
        .filter((entry) => entry['actor_id'] === admin.id)
        .toSorted((a, b) => (text(a, 'id') < text(b, 'id') ? -1 : 1))
      expect(own.map((entry) => [entry['event'], entry['target_id']])).toEqual([
        ['client_created', client],
        ['client_updated', 'autentico-account'],
        ['federation_created', provider],
        ['user_updated', helper.id],
        ['settings_updated', ''],
        ['user_deactivated', helper.id],
      ])
      expect((await peer().api('GET', '/settings')).json).toMatchObject({ data: openedSettings })
    })

    test('has an entry for every password guessed at the login page, with the address that was claimed', async () => {
      const victim = await peer().victim()
      await guessPasswords({
        url: peer().url,
        clientId: peer().clientId,
        redirectUri: 'http://localhost:3000/callback',
        usernames: [victim.username],
        times: 6,
      })
      const guesses = await entries(`event=login_failed&search=${victim.username}`)
      expect(guesses.map((entry) => text(entry, 'ip_address')).toSorted((a, b) => a.localeCompare(b))).toEqual(
        [1, 2, 3, 4, 5, 6].map((n) => `203.0.113.${n}`),
      )
      expect((await peer().api('GET', `/users/${victim.id}`)).json).toMatchObject({
        data: { failed_login_attempts: 5, locked_until: anyText() },
      })
    })

    test('is kept for ever with -1', async () => {
      await peer().settings({ audit_log_retention: '-1' })
      const victim = await peer().victim()
      expect(await entries(`search=${victim.id}`)).toHaveLength(1)
      await peer().settings({ audit_log_retention: '720h' })
    })

    test.each(['0', ''])('falls silent when the retention is set to %j, without an entry about that', async (off) => {
      const victim = await peer().victim()
      const newest = async () => (await entries('limit=1&sort=created_at'))[0]?.['id']
      const before = at((await peer().api('GET', '/audit-logs?limit=1&event=settings_updated')).json, 'data', 'total')
      await peer().settings({ audit_log_retention: off })
      try {
        await peer().api('PUT', `/users/${victim.id}`, { nickname: 'unseen' })
        expect(await entries(`event=user_updated&search=${victim.id}`)).toHaveLength(0)
        const after = at((await peer().api('GET', '/audit-logs?limit=1&event=settings_updated')).json, 'data', 'total')
        expect(after).toBe(before)
        expect(await newest()).toBeTypeOf('string')
      } finally {
        await peer().settings({ audit_log_retention: '720h' })
      }
    })
  })
}
