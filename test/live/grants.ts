import { describe, expect, test } from 'vitest'
import { totpCode } from '#/drill/autentico/totp.ts'
import { rows, text } from './answer.ts'
import { anyText, matching } from './matchers.ts'
import type { Peer, Victim } from './peer.ts'

/** The password grant: what it gives and the order in which it refuses. */
export function grantContract(peer: () => Peer): void {
  const refusal = (status: number, error: string, error_description: string) => ({
    status,
    json: { error, error_description },
  })

  describe('the password grant', () => {
    test('gives a token pair, and an ID token when that is in the scope', async () => {
      const victim = await peer().victim()
      const before = await peer().api('GET', '/audit-logs?limit=1')
      const { status, json } = await peer().grant(victim)
      expect(status).toBe(200)
      expect(Object.keys(json).toSorted()).toEqual(
        ['access_token', 'expires_in', 'id_token', 'refresh_token', 'scope', 'token_type'].toSorted(),
      )
      expect(json).toMatchObject({
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'openid profile email offline_access',
      })
      expect((await peer().grant(victim, { scope: 'profile' })).json).not.toHaveProperty('id_token')
      const after = await peer().api('GET', '/audit-logs?limit=1')
      expect(after.json).toEqual(before.json)
    })

    test('names the user, the client and every audience in the access token', async () => {
      const victim = await peer().victim()
      const token = text((await peer().grant(victim)).json, 'access_token')
      const [header = '', payload = ''] = token
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('utf8'))
      expect(JSON.parse(header)).toMatchObject({ alg: 'RS256', typ: 'JWT', kid: anyText() })
      expect(JSON.parse(payload)).toMatchObject({
        sub: victim.id,
        azp: peer().clientId,
        aud: [`${peer().url}/oauth2`, peer().clientId, 'autentico-account'],
        typ: 'Bearer',
        acr: '1',
        role: 'user',
        sid: matching(/^[0-9a-v]{20}$/),
        preferred_username: victim.username,
        email: victim.email,
      })
    })

    test('refuses what it cannot read, and a client it does not know, before anything else', async () => {
      const victim = await peer().victim()
      const token = async (fields: Readonly<Record<string, string>>) => peer().form('/oauth2/token', fields)
      expect(await token({})).toMatchObject(refusal(400, 'invalid_request', 'grant_type: cannot be blank.'))
      const json = await peer().send('POST', '/oauth2/token', { body: { grant_type: 'password' } })
      expect(json).toMatchObject(refusal(400, 'invalid_request', 'grant_type: cannot be blank.'))
      expect(await token({ grant_type: 'nonsense' })).toMatchObject(
        refusal(400, 'invalid_request', 'grant_type: must be a valid value.'),
      )
      expect(await peer().grant(victim, { client_id: 'no-such-client' })).toMatchObject(
        refusal(401, 'invalid_client', 'unknown client_id'),
      )
      const { clientId } = peer().origin.credentials
      expect(await peer().grant(victim, { client_id: clientId })).toMatchObject(
        refusal(401, 'invalid_client', 'client secret required'),
      )
      const wrong = await peer().grant(victim, { client_id: clientId, client_secret: 'wrong' })
      expect(wrong).toMatchObject(refusal(401, 'invalid_client', 'invalid client credentials'))
      expect(wrong.headers.get('www-authenticate')).toBeNull()
      const { username, password } = victim
      expect(await token({ grant_type: 'password', username, password })).toMatchObject(
        refusal(401, 'invalid_client', 'client_id is required for password grant'),
      )
      expect(await peer().grant(victim, { username: '', password: '' })).toMatchObject(
        refusal(400, 'invalid_request', 'password: cannot be blank; username: cannot be blank.'),
      )
    })

    test('refuses a client without that grant', async () => {
      const { json } = await peer().createClient({ client_type: 'public', grant_types: ['authorization_code'] })
      const victim = await peer().victim()
      expect(await peer().grant(victim, { client_id: text(json, 'client_id') })).toMatchObject(
        refusal(400, 'unauthorized_client', 'Grant type not allowed for this client'),
      )
    })

    test('says the same of a wrong password, an unknown name, an address and a deactivated user', async () => {
      const victim = await peer().victim()
      const same = refusal(400, 'invalid_grant', 'Invalid username or password')
      expect(await peer().grant(victim, { password: 'wrong-password' })).toMatchObject(same)
      expect(await peer().grant(victim, { username: 'nobody-at-all' })).toMatchObject(same)
      expect(await peer().grant(victim, { username: victim.email })).toMatchObject(same)
      expect(await peer().grant(victim, { username: victim.username.toUpperCase() })).toMatchObject(same)
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect(await peer().grant(victim)).toMatchObject(same)
    })

    test('refuses more scope than the client has', async () => {
      const victim = await peer().victim()
      expect(await peer().grant(victim, { scope: 'openid groups' })).toMatchObject({
        status: 400,
        json: { error: 'invalid_scope' },
      })
    })

    test('locks after five failures, even for the right password, until unlocked', async () => {
      const victim = await peer().victim()
      for (let n = 0; n < 5; n += 1) await peer().grant(victim, { password: 'wrong-password' })
      expect(await peer().grant(victim)).toMatchObject(
        refusal(403, 'account_locked', 'account is temporarily locked due to too many failed login attempts'),
      )
      const { json } = await peer().api('GET', `/users/${victim.id}`)
      expect(json).toMatchObject({ data: { failed_login_attempts: 5, locked_until: anyText() } })
      const unlocked = await peer().api('POST', `/users/${victim.id}/unlock`)
      expect(unlocked).toMatchObject({ status: 200, json: { data: { failed_login_attempts: 0 } } })
      expect(unlocked.text).not.toContain('locked_until')
      expect((await peer().grant(victim)).status).toBe(200)
    })

    test('takes HTTP Basic before the form', async () => {
      const answer = await peer().botGrant({ client_id: 'no-such-client', client_secret: 'x' })
      expect(answer.status).toBe(200)
    })
  })

  describe('the second factor', () => {
    const enrol = async (victim: Victim) => {
      const { json } = await peer().grant(victim)
      const headers = { Authorization: `Bearer ${text(json, 'access_token')}` }
      const setup = { headers, body: { current_password: victim.password } }
      const secret = text((await peer().send('POST', '/account/api/mfa/totp/setup', setup)).json, 'data', 'secret')
      const code = { headers, body: { code: totpCode(secret, new Date()) } }
      const verified = await peer().send('POST', '/account/api/mfa/totp/verify', code)
      return { secret, headers, verified, refreshToken: text(json, 'refresh_token') }
    }

    test('is asked for once enrolled, and only TOTP will do', async () => {
      const victim = await peer().victim()
      const { secret, verified } = await enrol(victim)
      expect(verified).toMatchObject({ status: 200, json: { data: { message: 'TOTP enabled successfully' } } })
      expect(await peer().grant(victim)).toMatchObject(refusal(403, 'mfa_required', 'TOTP code is required'))
      expect(await peer().grant(victim, { totp_code: '000000' })).toMatchObject(
        refusal(403, 'invalid_mfa_code', 'Invalid TOTP code'),
      )
      const code = totpCode(secret, new Date())
      expect((await peer().grant(victim, { totp_code: code })).status).toBe(200)
      const again = await peer().grant(victim, { totp_code: code })
      expect(again.status).toBe(200)
      expect((await peer().grant(victim, { totp_code: totpCode(secret, new Date(Date.now() - 30_000)) })).status).toBe(
        200,
      )
    })

    test('ends refresh tokens that were issued before it was enrolled', async () => {
      const victim = await peer().victim()
      const { refreshToken } = await enrol(victim)
      expect(await peer().refresh(refreshToken)).toMatchObject(
        refusal(403, 'mfa_required', 'Session was not authenticated with MFA. Please re-login.'),
      )
    })

    test('reset by an admin is switched off, and the old secret can be armed again without a password', async () => {
      const victim = await peer().victim()
      const { secret, headers } = await enrol(victim)
      const reset = await peer().api('PUT', `/users/${victim.id}`, { totp_verified: false })
      expect(reset).toMatchObject({ status: 200, json: { data: { totp_verified: false } } })
      expect((await peer().grant(victim)).status).toBe(200)

      const body = { code: totpCode(secret, new Date()) }
      expect((await peer().send('POST', '/account/api/mfa/totp/verify', { headers, body })).status).toBe(200)
      expect((await peer().grant(victim)).status).toBe(403)
      const { json } = await peer().api('GET', '/audit-logs?event=mfa_enrolled')
      expect(rows(json, 'data', 'items').filter((entry) => entry['target_id'] === victim.id)).toHaveLength(2)
    })

    test('required of everyone, it shuts out users who never enrolled', async () => {
      const victim = await peer().victim()
      await peer().settings({ require_mfa: 'true' })
      try {
        expect(await peer().grant(victim)).toMatchObject(
          refusal(403, 'mfa_required', 'MFA is required but not enrolled. Please enroll via the login page.'),
        )
      } finally {
        await peer().settings({ require_mfa: 'false' })
      }
    })
  })
}
