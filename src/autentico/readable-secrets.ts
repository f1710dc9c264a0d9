import type { AutenticoDatabase } from './database.ts'
import type { SecretKind } from './everybody-rows.ts'

/** Secrets of one kind that whoever has the database file can read and use. */
export type ReadableSecret = {
  readonly kind: SecretKind
  /** So many lie there now. */
  readonly rows: number
  /** Who makes them worthless: this bot, a person elsewhere, or time. */
  readonly endedBy: 'bot' | 'person' | 'time'
  readonly sentence: string
}

/**
 * What lies readable in Autentico's database at this moment, the kinds that a person has to see to first; kinds with none are
 * there too. Passwords and the secrets of clients are not among them: of those only bcrypt hashes are kept.
 */
export async function readableSecrets(database: AutenticoDatabase): Promise<readonly ReadableSecret[]> {
  const counts = await database.everybody.secretsInClear()
  return kinds.map(({ kind, endedBy, sentence }) => ({ kind, rows: counts[kind], endedBy, sentence }))
}

const kinds: readonly Omit<ReadableSecret, 'rows'>[] = [
  {
    kind: 'smtp-password',
    endedBy: 'person',
    sentence:
      'The password of the mail server. Change it there, then in the settings: whoever has it sends mail in your name.',
  },
  {
    kind: 'provider-secrets',
    endedBy: 'person',
    sentence:
      'The client secrets at other identity providers. Have each provider issue a new one, and enter it in Autentico.',
  },
  {
    kind: 'private-key',
    endedBy: 'bot',
    sentence: 'A signing key among the settings. Replace the signing key, and its id with it.',
  },
  {
    kind: 'sessions',
    endedBy: 'bot',
    sentence:
      "Access and refresh tokens. They end when everybody's sessions are revoked; the signing key and the refresh secret are replaced as well.",
  },
  {
    kind: 'sso-cookies',
    endedBy: 'bot',
    sentence: "Sign-in cookies of browsers. They end when everybody's sessions are revoked.",
  },
  {
    kind: 'trusted-devices',
    endedBy: 'bot',
    sentence: 'Cookies of trusted devices, which skip MFA. They are forgotten for everybody.',
  },
  {
    kind: 'totp-secrets',
    endedBy: 'bot',
    sentence:
      'The secrets of authenticator apps. They are cleared for everybody but the bot, whose authenticator a person has to enrol anew.',
  },
  { kind: 'codes', endedBy: 'time', sentence: 'Codes of sign-ins under way. They run out within ten minutes.' },
  {
    kind: 'one-time-codes',
    endedBy: 'time',
    sentence: 'Codes sent by e-mail, so short that their hashes can be guessed. They run out within fifteen minutes.',
  },
]
