import { parseGoDuration } from './times.ts'

/** A setting with a value that opens a door, or that decides where mail and tokens go. */
export type RiskySetting = { readonly key: string; readonly value: string; readonly why: string }

/**
 * The settings that a person should look at. None of them proves an attack: each is either weaker than it could be, or, as where
 * mail is sent from, good or bad by its value alone. A setting that this server does not have is left out.
 */
export function riskySettings(settings: ReadonlyMap<string, string>): readonly RiskySetting[] {
  return risks.flatMap(({ key, isRisky, why }) => {
    const value = settings.get(key)
    return value !== undefined && isRisky(value) ? [{ key, value, why }] : []
  })
}

type Risk = { readonly key: string; readonly isRisky: (value: string) => boolean; readonly why: string }

const on = (value: string): boolean => value === 'true'
const off = (value: string): boolean => value === 'false'
const given = (value: string): boolean => value.trim() !== '' && value.trim() !== '[]'

const risks: readonly Risk[] = [
  { key: 'require_mfa', isRisky: off, why: 'MFA is not required: whoever has none signs in with the password alone.' },
  {
    key: 'trust_device_enabled',
    isRisky: on,
    why: 'A device that was trusted once skips MFA, for 30 days unless set otherwise.',
  },
  {
    key: 'audit_log_retention',
    isRisky: (value) => value === '' || value === '0',
    why: 'Auditing is off: nothing that is done leaves a trace.',
  },
  { key: 'allow_self_signup', isRisky: on, why: 'Anybody may make an account.' },
  {
    key: 'account_lockout_max_attempts',
    isRisky: (value) => value === '0',
    why: 'Accounts are never locked: passwords can be guessed without end.',
  },
  {
    key: 'pkce_enforce_s256',
    isRisky: off,
    why: 'Codes can be exchanged by whoever intercepts them: PKCE is not enforced.',
  },
  {
    key: 'magic_link_enabled',
    isRisky: on,
    why: 'A link in an e-mail signs in without a password: whoever reads the mail gets in.',
  },
  {
    key: 'allow_email_change',
    isRisky: on,
    why: 'Whoever is signed in may change the address that password resets are sent to.',
  },
  {
    key: 'access_token_audience',
    isRisky: given,
    why: 'Tokens are also for these services. Changed, it makes every older token useless.',
  },
  { key: 'cors_allowed_origins', isRisky: given, why: 'Pages of these addresses may call Autentico from a browser.' },
  {
    key: 'access_token_expiration',
    isRisky: (value) => (parseGoDuration(value) ?? 0) > 3_600_000,
    why: 'Services that check tokens by themselves accept one for more than an hour after it is revoked.',
  },
  ...['smtp_host', 'smtp_username', 'smtp_from'].map((key) => ({
    key,
    isRisky: given,
    why: 'Reset links and codes are sent this way: whoever runs it reads them. Compare it with what it should be.',
  })),
]
