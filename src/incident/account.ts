/** An account in Autentico. Its `id` is exact and is read again before every change; the names are for people. */
export type AccountId = string & { readonly __brand: 'AccountId' }

export type Account = {
  readonly id: AccountId
  readonly username: string
  /** "" when the account has none. */
  readonly email: string
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

/** One thing read back from Autentico after an action. `unknown`: it could not be read, so it is not proven. */
export type Check = {
  readonly name: string
  readonly proven: boolean | 'unknown'
  readonly detail: string
}

/** A piece of evidence in the store beside the ledger, named by the SHA-256 of its bytes (lower-case hex). */
export type EvidenceRef = { readonly name: string; readonly digest: string }
