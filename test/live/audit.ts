import { describe, expect, test } from 'vitest'
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

    test('falls silent when the retention is set to 0, without an entry about that', async () => {
      const victim = await peer().victim()
      const newest = async () => (await entries('limit=1&sort=created_at'))[0]?.['id']
      const before = at((await peer().api('GET', '/audit-logs?limit=1&event=settings_updated')).json, 'data', 'total')
      await peer().settings({ audit_log_retention: '0' })
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
