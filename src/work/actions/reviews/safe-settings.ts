import type { ChangeableSetting } from '#/autentico/settings.ts'

/** What a setting that opens a door is put right to. What has no value that is right everywhere is put right by people. */
export const safeValues: Readonly<Record<string, string | undefined>> = {
  require_mfa: 'true',
  trust_device_enabled: 'false',
  magic_link_enabled: 'false',
  allow_self_signup: 'false',
  access_token_expiration: '15m',
  account_lockout_max_attempts: '5',
  audit_log_retention: '720h',
} satisfies Partial<Record<ChangeableSetting, string>>

export function isSafelyChangeable(key: string): key is ChangeableSetting {
  return safeValues[key] !== undefined
}
