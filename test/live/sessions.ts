import { describe, expect, test } from 'vitest'
import { rows, text } from './answer.ts'
import { anyText, matching } from './matchers.ts'
import type { Peer, Victim } from './peer.ts'

/** Sessions, browser logins and tokens, each with a life of its own. */
export function sessionContract(peer: () => Peer): void {
  const sessionsOf = async (id: string) => rows((await peer().api('GET', `/sessions?user_id=${id}`)).json, 'data')
  const loginsOf = async (id: string) => rows((await peer().api('GET', `/users/${id}/idp-sessions`)).json, 'data')
  const tokensOf = async ({ id, username }: Victim) => {
    const { json } = await peer().api('GET', `/tokens?search=${username}`)
    return rows(json, 'data', 'items').filter((token) => token['user_id'] === id)
  }
  const browse = async (victim: Victim) => {
    const browser = peer().browser()
    const step = await browser.login(victim.username, victim.password)
    const tokens = step.kind === 'code' ? await browser.exchange(step.code) : JSON.stringify(step)
    if (typeof tokens === 'string') throw new Error(`no login: ${tokens}`)
    return { browser, tokens }
  }

  describe('a session', () => {
    test('is listed with all its fields, newest first and without pages', async () => {
      const victim = await peer().victim()
      await peer().grant(victim)
      const [session] = await sessionsOf(victim.id)
      expect(session).toEqual({
        id: matching(/^[0-9a-v]{20}$/),
        user_id: victim.id,
        user_agent: anyText(),
        ip_address: anyText(),
        device_id: null,
        last_activity_at: null,
        created_at: matching(/Z$/),
        expires_at: matching(/Z$/),
        deactivated_at: null,
        location: '',
        status: 'active',
      })
      expect((await peer().api('GET', '/sessions?user_id=no-such-user')).json).toEqual({ data: [] })
      expect(Array.isArray((await peer().api('GET', '/sessions?limit=1')).json['data'])).toBe(true)
    })

    test('ended alone leaves its token row as it was, and can be ended again', async () => {
      const victim = await peer().victim()
      const token = text((await peer().grant(victim)).json, 'access_token')
      const id = text((await sessionsOf(victim.id))[0], 'id')
      const ended = { status: 200, text: '{"data":{"result":"deactivated"}}\n' }
      expect(await peer().api('DELETE', `/sessions/${id}`)).toMatchObject(ended)
      expect(await peer().api('DELETE', `/sessions/${id}`)).toMatchObject(ended)
      expect(await peer().userinfo(token)).toBe(401)
      expect((await sessionsOf(victim.id))[0]).toMatchObject({
        status: 'deactivated',
        deactivated_at: anyText(),
      })
      expect(await tokensOf(victim)).toMatchObject([{ status: 'active', revoked_at: null }])
      expect(await peer().api('DELETE', '/sessions/no-such-session')).toMatchObject({
        status: 404,
        json: { error: 'not_found', error_description: 'Session not found' },
      })
    })

    test('of a browser can be ended while the browser stays logged in', async () => {
      const victim = await peer().victim()
      const { browser } = await browse(victim)
      await peer().api('DELETE', `/sessions/${text((await sessionsOf(victim.id))[0], 'id')}`)
      expect((await browser.silently()).kind).toBe('code')
    })
  })

  describe('a browser login', () => {
    test('is listed with names, and by user without them', async () => {
      const victim = await peer().victim()
      const { browser } = await browse(victim)
      const [own] = await loginsOf(victim.id)
      expect(own).toEqual({
        id: matching(/^[\w-]{43}$/),
        user_id: victim.id,
        username: '',
        email: '',
        user_agent: anyText(),
        ip_address: anyText(),
        last_activity_at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        created_at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        active_apps_count: 1,
      })
      const { json } = await peer().api('GET', `/idp-sessions?search=${victim.username}`)
      expect(rows(json, 'data', 'items')).toMatchObject([
        { id: own?.['id'], username: victim.username, email: victim.email },
      ])
      // The id is the browser's cookie.
      expect([...browser.cookies.values()]).toContain(own?.['id'])
      const children = await peer().api('GET', `/idp-sessions/${text(own, 'id')}/sessions`)
      expect(rows(children.json, 'data', 'items')).toMatchObject([{ user_id: victim.id, status: 'active' }])
    })

    test('ended takes its sessions and tokens with it, and no others', async () => {
      const victim = await peer().victim()
      const { browser, tokens } = await browse(victim)
      const script = text((await peer().grant(victim)).json, 'access_token')
      const id = text((await loginsOf(victim.id))[0], 'id')
      const ended = await peer().api('DELETE', `/idp-sessions/${id}`)
      expect(ended).toMatchObject({ status: 200, text: '{"data":{"result":"deactivated"}}\n' })
      expect((await browser.silently()).kind).toBe('refused')
      expect(await peer().userinfo(tokens.access_token)).toBe(401)
      expect((await peer().refresh(tokens.refresh_token)).status).toBe(400)
      expect(await peer().userinfo(script)).toBe(200)
      expect(await peer().api('DELETE', `/idp-sessions/${id}`)).toMatchObject({
        status: 404,
        json: { error: 'not_found', error_description: 'IdP session not found' },
      })
    })

    test('of someone unknown is an empty list, also of sessions', async () => {
      expect((await peer().api('GET', '/users/no-such-user/idp-sessions')).json).toEqual({ data: [] })
      expect((await peer().api('GET', '/idp-sessions/no-such-login/sessions')).json).toEqual({
        data: { items: [], total: 0 },
      })
    })
  })

  describe('a token', () => {
    test('is listed without its text, and revoked once', async () => {
      const victim = await peer().victim()
      const { json } = await peer().grant(victim)
      const [token] = await tokensOf(victim)
      expect(token).toEqual({
        id: matching(/^[0-9a-v]{20}$/),
        user_id: victim.id,
        username: victim.username,
        email: victim.email,
        scope: 'openid profile email offline_access',
        grant_type: 'password',
        access_token_expires_at: matching(/Z$/),
        issued_at: matching(/Z$/),
        revoked_at: null,
        status: 'active',
      })
      const revoked = await peer().api('DELETE', `/tokens/${text(token, 'id')}`)
      expect(revoked).toMatchObject({ status: 200, text: '{"data":{"result":"revoked"}}\n' })
      expect(await peer().api('DELETE', `/tokens/${text(token, 'id')}`)).toMatchObject({
        status: 404,
        json: { error_description: 'Token not found or already revoked' },
      })
      expect(await peer().userinfo(text(json, 'access_token'))).toBe(401)
      expect((await sessionsOf(victim.id))[0]).toMatchObject({ deactivated_at: null })
    })

    test('all revoked shows in all three lists', async () => {
      const victim = await peer().victim()
      await browse(victim)
      await peer().grant(victim)
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      expect((await sessionsOf(victim.id)).every((session) => session['status'] === 'deactivated')).toBe(true)
      expect(await loginsOf(victim.id)).toEqual([])
      expect((await tokensOf(victim)).every((token) => token['status'] === 'revoked')).toBe(true)
    })
  })
}
