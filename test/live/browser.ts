import { describe, expect, test } from 'vitest'
import { totpCode } from '#/drill/autentico/totp.ts'
import { rows, text } from './answer.ts'
import { anyText } from './matchers.ts'
import type { Peer } from './peer.ts'

/** What a browser can still do after its user was revoked. */
export function browserContract(peer: () => Peer): void {
  describe('a browser', () => {
    test('gets codes silently until its login is revoked', async () => {
      const victim = await peer().victim()
      const browser = peer().browser()
      expect((await browser.login(victim.username, victim.password)).kind).toBe('code')
      expect((await browser.silently()).kind).toBe('code')
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      expect((await browser.silently()).kind).toBe('refused')
    })

    test('can exchange a code it got before the revocation', async () => {
      const victim = await peer().victim()
      const browser = peer().browser()
      const step = await browser.login(victim.username, victim.password)
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      const tokens = step.kind === 'code' ? await browser.exchange(step.code) : 'no code'
      expect(tokens).toMatchObject({ access_token: anyText() })
      // The browser login it hangs from is dead, so it is in no list of live ones.
      expect((await peer().api('GET', `/users/${victim.id}/idp-sessions`)).json).toEqual({ data: [] })
    })

    test('is told the same of a wrong password as of an unknown name', async () => {
      const victim = await peer().victim()
      const refused = { kind: 'refused', detail: 'Invalid username or password' }
      expect(await peer().browser().login(victim.username, 'wrong-password')).toEqual(refused)
      expect(await peer().browser().login('nobody-at-all', 'wrong-password')).toEqual(refused)
    })

    test('may not post a form it was not given, nor change what it was given for', async () => {
      const victim = await peer().victim()
      const { username, password } = victim
      const bare = await peer().browser().post('/oauth2/login', { username, password })
      expect(bare.status).toBe(403)
      const browser = peer().browser()
      const fields = await browser.loginFields()
      const changed = await browser.post('/oauth2/login', { ...fields, scope: 'openid', username, password })
      expect(changed.status).toBe(400)
    })

    test('may enrol its own authenticator when TOTP is reset while a challenge is pending', async () => {
      const victim = await peer().victim()
      const { json } = await peer().grant(victim)
      const headers = { Authorization: `Bearer ${text(json, 'access_token')}` }
      const setup = { headers, body: { current_password: victim.password } }
      const secret = text((await peer().send('POST', '/account/api/mfa/totp/setup', setup)).json, 'data', 'secret')
      const verify = { headers, body: { code: totpCode(secret, new Date()) } }
      await peer().send('POST', '/account/api/mfa/totp/verify', verify)

      const browser = peer().browser()
      const step = await browser.login(victim.username, victim.password)
      expect(step.kind).toBe('challenge')
      const id = step.kind === 'challenge' ? step.id : ''
      const fields = await browser.challengeFields(id)
      await peer().api('PUT', `/users/${victim.id}`, { totp_verified: false })
      const own = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
      const submitted = { ...fields, challenge_id: id, totp_secret: own, code: totpCode(own, new Date()) }
      const page = await browser.post('/oauth2/mfa', submitted)
      expect(page.location).toContain('code=')
      expect((await peer().api('GET', `/users/${victim.id}`)).json).toMatchObject({ data: { totp_verified: true } })
      expect((await peer().grant(victim, { totp_code: totpCode(own, new Date()) })).status).toBe(200)
      const enrolled = await peer().api('GET', `/audit-logs?event=mfa_enrolled&search=${victim.id}`)
      expect(rows(enrolled.json, 'data', 'items').map((entry) => entry['detail'])).toContain('{"method":"totp"}')
    })
  })
}
