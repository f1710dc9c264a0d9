import { z } from 'zod'
import { noBody } from './answers.ts'
import type { AdminClient } from './client.ts'
import { NotSent, UnexpectedAnswer } from './failures.ts'
import { path } from './paths.ts'

/** The settings the bot may change. Each takes effect at once. */
export const changeableSettings = [
  'sso_enabled',
  'trust_device_enabled',
  'magic_link_enabled',
  'require_mfa',
  'allow_self_signup',
  'access_token_expiration',
  'account_lockout_max_attempts',
  'account_lockout_duration',
  'audit_log_retention',
] as const

export type ChangeableSetting = (typeof changeableSettings)[number]

export type Settings = {
  /** All settings, as text; secrets are left out. */
  read(): Promise<ReadonlyMap<string, string>>
  /**
   * Changes one setting and reads it back. Autentico stores an unknown key as readily as a known one, so the key must
   * be one it already has.
   *
   * @throws NotSent for a key that this server does not have, and for `require_mfa` while the bot's own account has no
   *   TOTP, which would lock the bot out; UnexpectedAnswer if the value read back is another.
   */
  put(key: ChangeableSetting, value: string): Promise<void>
}

export type SettingsDeps = {
  /** Whether the bot's own account could still sign in if MFA were required of everybody. */
  readonly botHasTotp: () => Promise<boolean>
}

export function settingsOf(client: AdminClient, deps: SettingsDeps): Settings {
  const to = path`/admin/api/settings`

  async function read(): Promise<ReadonlyMap<string, string>> {
    const answer = z.object({ data: z.record(z.string(), z.string()) })
    const { data } = await client.call({ method: 'GET', to, expect: 200, answer })
    return new Map(Object.entries(data).filter(([key]) => !/password|private|secret/.test(key)))
  }

  return {
    read,

    async put(key, value) {
      if (!changeableSettings.includes(key)) throw new NotSent(`The bot does not change the setting ${String(key)}.`)
      if (!(await read()).has(key)) throw new NotSent(`This Autentico has no setting ${key}; it is too old for it.`)
      if (key === 'require_mfa' && value === 'true' && !(await deps.botHasTotp())) {
        throw new NotSent(
          'Requiring MFA now would lock the bot out: its own Autentico account has no TOTP. Enrol it, set AUTENTICO_TOTP_SECRET, and try again.',
        )
      }
      await client.call({ method: 'PUT', to, body: { [key]: value }, expect: 204, answer: noBody })
      if ((await read()).get(key) !== value) {
        throw new UnexpectedAnswer(`Autentico accepted the setting ${key} and still shows another value.`)
      }
    },
  }
}
