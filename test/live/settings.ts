import { describe, expect, test } from 'vitest'
import { at, text } from './answer.ts'
import { anyNumber, anyText, containing } from './matchers.ts'
import type { Peer } from './peer.ts'

/** Settings and statistics. */
export function settingsContract(peer: () => Peer): void {
  describe('the settings', () => {
    test('are strings, and the mail password is not among them', async () => {
      const { json } = await peer().api('GET', '/settings')
      const data = at(json, 'data') ?? {}
      expect(Object.values(data).every((value) => typeof value === 'string')).toBe(true)
      expect(json['data']).not.toHaveProperty('smtp_password')
      expect((await peer().api('GET', '/settings/export')).json).toMatchObject({
        data: { version: 1, exported_at: anyText(), settings: { smtp_password: anyText() } },
      })
    })

    test('refuse a value that is no string, and a duration that is none', async () => {
      expect(await peer().api('PUT', '/settings', { require_mfa: true })).toMatchObject({
        status: 400,
        json: { error: 'invalid_request', error_description: 'Invalid JSON body' },
      })
      expect(await peer().api('PUT', '/settings', { access_token_expiration: '1d' })).toMatchObject({
        status: 400,
        json: { error_description: containing('has invalid duration "1d"') },
      })
    })

    test('take null for the empty string', async () => {
      await peer().settings({ theme_tagline: 'Welcome' })
      expect((await peer().api('PUT', '/settings', { theme_tagline: null })).status).toBe(204)
      expect(at((await peer().api('GET', '/settings')).json, 'data', 'theme_tagline')).toBe('')
    })

    test('take effect at once, and do not let onboarding be undone', async () => {
      const before = text((await peer().api('GET', '/settings')).json, 'data', 'onboarded')
      await peer().settings({ account_lockout_max_attempts: '1' })
      try {
        const victim = await peer().victim()
        await peer().grant(victim, { password: 'wrong-password' })
        expect((await peer().grant(victim)).status).toBe(403)
      } finally {
        await peer().settings({ account_lockout_max_attempts: '5' })
      }
      expect((await peer().api('PUT', '/settings', { onboarded: 'false' })).status).toBe(204)
      expect(text((await peer().api('GET', '/settings')).json, 'data', 'onboarded')).toBe(before)
    })

    test('switch single sign-on off for every browser at once', async () => {
      const victim = await peer().victim()
      const browser = peer().browser()
      await browser.login(victim.username, victim.password)
      await peer().settings({ sso_enabled: 'false' })
      expect((await browser.silently()).kind).toBe('refused')
      await peer().settings({ sso_enabled: 'true' })
      expect((await browser.silently()).kind).toBe('code')
    })

    test('come with statistics, all of them numbers', async () => {
      const { json } = await peer().api('GET', '/stats')
      const number = anyNumber()
      expect(json).toEqual({
        data: {
          total_users: number,
          active_clients: number,
          active_devices: number,
          active_tokens: number,
          recent_logins: number,
          pending_deletion_requests: number,
          failed_logins_24h: number,
          locked_accounts: number,
        },
      })
    })
  })
}
