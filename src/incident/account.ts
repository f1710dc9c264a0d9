/** An account in Autentico. Its `id` is exact and is read again before every change; the names are for people. */
export type AccountId = string & { readonly __brand: 'AccountId' }

export type Account = {
  readonly id: AccountId
  readonly username: string
  /** "" when the account has none. */
  readonly email: string
}

/**
 * Autentico as a whole, where an incident is about that and no account. It stands where an account would: its id is none that
 * Autentico gives (those have 20 characters), so no action on an account can take it for one.
 */
export const instanceTarget: Account = { id: 'autentico' as AccountId, username: 'Autentico', email: '' }

export function isInstance({ id }: Pick<Account, 'id'>): boolean {
  return id === instanceTarget.id
}

/** How many of each thing the account had. `null`: cannot be seen without the database. */
export type AccountCounts = {
  readonly sessions: number
  readonly ssoSessions: number
  readonly tokens: number
  readonly passkeys: number | null
  readonly trustedDevices: number | null
  readonly pendingLogins: number | null
  /** Unused codes and links that open a new session. */
  readonly codesAndLinks: number | null
  readonly linkedAccounts: number | null
}

/** What was true of the account when a worker looked. */
export type AccountFacts = {
  readonly readAt: string
  readonly account: Account
  readonly role: string
  /** The account that the bot itself signs in with. No action ever touches it. */
  readonly isBot: boolean
  /** The only administrator left, apart from the bot. */
  readonly isLastAdmin: boolean
  readonly suspended: boolean
  readonly counts: AccountCounts
  readonly mfa: { readonly enrolled: boolean; readonly required: boolean }
  /** Whether the worker can reach Autentico's database. */
  readonly database: boolean
  /** When the last access token that is checked without asking Autentico dies. ISO 8601, UTC. */
  readonly accessTokensEndAt: string | null
}

/** What was true of Autentico as a whole when a worker looked. `null`: cannot be seen from this worker. */
export type InstanceFacts = {
  readonly readAt: string
  readonly users: number
  readonly admins: number
  readonly clients: number
  readonly providers: number
  readonly mfaRequired: boolean
  readonly auditing: { readonly on: boolean | 'unknown'; readonly sentence: string }
  /** What the worker can reach: each decides what can be promised. */
  readonly database: boolean
  readonly environment: boolean
  /** The kind of the configured reverse proxy. */
  readonly proxy: string | null
  readonly keyId: string | null
  /** SHA-256 over the modulus of the published signing key, hex. */
  readonly keyFingerprint: string | null
  /** When the last access token that may be out now dies. ISO 8601, UTC. */
  readonly accessTokensEndAt: string | null
}

/** One thing read back from Autentico after an action. `unknown`: it could not be read, so it is not proven. */
export type Check = {
  readonly name: string
  readonly proven: boolean | 'unknown'
  readonly detail: string
}

/** A piece of evidence in the store beside the ledger, named by the SHA-256 of its bytes (lower-case hex). */
export type EvidenceRef = { readonly name: string; readonly digest: string }

/** A piece of evidence that people are to have as a file in the thread. */
export type FileRef = EvidenceRef & {
  readonly title: string
  /** It names people who are affected: never in a channel that anybody can join, or that is shared with others. */
  readonly privateOnly: boolean
}
