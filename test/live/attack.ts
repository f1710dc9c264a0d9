import { describe, expect, test } from 'vitest'
import { type Mallory, steal } from '#/drill/autentico/attacker.ts'
import type { Peer, Victim } from './peer.ts'

const totpSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

/** An attacker who tries every door, so that what we say about doors is true of this server. */
export function attackContract(peer: () => Peer): void {
  const rob = async (): Promise<{ readonly victim: Victim; readonly mallory: Mallory }> => {
    await peer().settings({ magic_link_enabled: 'true', trust_device_enabled: 'true' })
    const victim = await peer().victim()
    peer().sql((db) => {
      db.prepare('UPDATE users SET totp_secret = ?, totp_verified = 1 WHERE id = ?').run(totpSecret, victim.id)
    })
    const target = {
      url: peer().url,
      databaseFile: peer().origin.databaseFile ?? '',
      account: victim,
      totpSecret,
      scriptClientId: peer().clientId,
      deviceClientId: peer().clientId,
    }
    return { victim, mallory: await steal(target) }
  }
  const doors = async (mallory: Mallory, wanted: 'in' | 'out') =>
    (await mallory.attempts()).filter(({ got }) => got === wanted).map(({ door, detail }) => `${door}: ${detail}`)

  describe('an attacker', () => {
    test('gets in through every door before containment', async () => {
      const { mallory } = await rob()
      expect(await doors(mallory, 'out')).toEqual([])
    })

    test('still gets in through these after revocation and a new password', async () => {
      const { victim, mallory } = await rob()
      await peer().api('PUT', `/users/${victim.id}`, { password: 'nobody-knows-this-one' })
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      expect(await doors(mallory, 'in')).toEqual([
        'passkey: in',
        'authorization code: in',
        'device code: in',
        'pending second factor: in',
        'magic link: in',
        'e-mail verification link: in',
        'password-reset link: in',
      ])
    })

    test('gets in nowhere after the full clean-up', async () => {
      const { victim, mallory } = await rob()
      await peer().api('PUT', `/users/${victim.id}`, { password: 'nobody-knows-this-one' })
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      scrub(peer(), victim.id)
      await peer().api('PUT', `/users/${victim.id}`, { totp_verified: false })
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      expect(await doors(mallory, 'in')).toEqual([])
    })

    test('gets in nowhere while the account is deactivated', async () => {
      const { victim, mallory } = await rob()
      await peer().api('POST', `/users/${victim.id}/deactivate`)
      expect(await doors(mallory, 'in')).toEqual([])
      scrub(peer(), victim.id)
    })
  })
}

/** What the admin API cannot take away. */
function scrub(peer: Peer, userId: string): void {
  const tables = [
    'passkey_credentials',
    'passkey_challenges',
    'trusted_devices',
    'mfa_challenges',
    'auth_codes',
    'password_reset_tokens',
    'magic_link_tokens',
    'device_codes',
  ]
  peer.sql((db) => {
    for (const table of tables) db.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(userId)
    db.prepare(
      `UPDATE users SET totp_secret = '', totp_verified = 0, two_factor_enabled = 0, email_verification_token = NULL,
       email_verification_expires_at = NULL WHERE id = ?`,
    ).run(userId)
  })
}
