/**
 * What can go wrong between us and Autentico, one class per thing the caller may do next. No message carries a token, a
 * password, a secret or the text of an answer.
 */

type About = {
  /** Autentico's `X-Request-ID`, where an answer arrived. */
  readonly requestId?: string | undefined
  readonly status?: number | undefined
  readonly cause?: unknown
}

/** Autentico said no and will keep saying no: retrying is noise. */
export class AutenticoRejected extends Error {
  override readonly name = 'AutenticoRejected'
  readonly status: number
  /** Autentico's error code (`not_found`, `forbidden`, ...), or `unknown` where it gave none. */
  readonly code: string
  readonly requestId: string | undefined

  constructor(message: string, about: About & { readonly status: number; readonly code: string }) {
    super(message, { cause: about.cause })
    this.status = about.status
    this.code = about.code
    this.requestId = about.requestId
  }
}

/** It did not happen, and may work later: refused connection, 503, 429, or a read that got no whole answer. */
export class AutenticoUnavailable extends Error {
  override readonly name = 'AutenticoUnavailable'
  /** Not before this many milliseconds from now. Absent: whenever the caller likes. */
  readonly retryAfterMs: number | undefined
  readonly requestId: string | undefined

  constructor(message: string, about: About & { readonly retryAfterMs?: number | undefined } = {}) {
    super(message, { cause: about.cause })
    this.retryAfterMs = about.retryAfterMs
    this.requestId = about.requestId
  }
}

/**
 * The request was sent and its effect is not known (time limit, reset, cut answer, 500 in the middle): read the state
 * before trying again.
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
  /** Present when an answer did arrive, such as 500 for a deactivation that stopped half-way. */
  readonly status: number | undefined
  readonly requestId: string | undefined

  constructor(message: string, about: About = {}) {
    super(message, { cause: about.cause })
    this.status = about.status
    this.requestId = about.requestId
  }
}

/**
 * The answer is not one that Autentico gives to this call: the administration page instead of JSON, a redirect, another
 * shape. It counts as not done and will not change by itself: the version is too old, or the address is wrong.
 */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer'
  readonly status: number | undefined
  readonly requestId: string | undefined

  constructor(message: string, about: About = {}) {
    super(message, { cause: about.cause })
    this.status = about.status
    this.requestId = about.requestId
  }
}

/** Why Autentico does not let the bot in. Each has a sentence that says what to do. */
export type CredentialProblem =
  | 'account_locked'
  | 'mfa_not_enrolled'
  | 'totp_required'
  | 'totp_wrong'
  | 'totp_secret_unusable'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'invalid_grant'
  | 'bearer_refused'
  | 'bearer_unreadable'
  | 'token_refused'

export const credentialAdvice: Readonly<Record<CredentialProblem, string>> = {
  account_locked: `The bot's Autentico account is locked after too many wrong passwords. Have another administrator unlock it, or wait until the lock ends (15 minutes by default), and find out who guessed.`,
  mfa_not_enrolled: `Autentico requires MFA and the bot's account has none. Sign in once in a browser as the bot, enrol TOTP, and put the secret into AUTENTICO_TOTP_SECRET.`,
  totp_required: `The bot's account asks for a TOTP code. Put its TOTP secret (base32) into AUTENTICO_TOTP_SECRET.`,
  totp_wrong: `Autentico refused the TOTP code. Check AUTENTICO_TOTP_SECRET and that this machine's clock is right to within 30 seconds.`,
  totp_secret_unusable: 'AUTENTICO_TOTP_SECRET is not a base32 secret. Copy it again from the enrolment page.',
  invalid_client:
    'Autentico does not accept the client. Check AUTENTICO_CLIENT_ID and AUTENTICO_CLIENT_SECRET, and that the client is active.',
  unauthorized_client:
    'The client may not use the password grant. Give the bot a confidential client of its own with grant_types ["password"] and allowed_audiences ["autentico-admin"].',
  invalid_grant:
    'Autentico does not accept the username and password. Check AUTENTICO_USERNAME (exact spelling, not the e-mail address) and AUTENTICO_PASSWORD, and that the account is not deactivated.',
  bearer_refused:
    'Autentico no longer accepts the ready bearer in AUTENTICO_ADMIN_TOKEN (such tokens live 15 minutes by default). Provide a new one, or a client with username and password instead.',
  bearer_unreadable:
    'The token names no account, so the bot could not recognise its own account and refuse to act on it. Provide an access token (a JWT) issued by Autentico.',
  token_refused: `Autentico refuses a token it issued a moment ago. Check that AUTENTICO_URL names the server that issues the tokens, that its access_token_audience setting is as before, and that nobody is revoking the bot's sessions.`,
}

/** The bot cannot sign in, or is no longer accepted: stop and tell a person. */
export class WrongCredentials extends Error {
  override readonly name = 'WrongCredentials'
  readonly problem: CredentialProblem
  readonly requestId: string | undefined

  constructor(problem: CredentialProblem, about: About = {}) {
    super(credentialAdvice[problem], { cause: about.cause })
    this.problem = problem
    this.requestId = about.requestId
  }
}

/** Nothing was sent, because something in the request is unusable or would harm the bot itself. Retrying is noise. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

/** The database file cannot be used; what only the database can do or show stays undone and unproven. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable'
}

/** Autentico's environment file cannot be used as it is. Unless the message says otherwise, nothing was changed. */
export class EnvironmentUnusable extends Error {
  override readonly name = 'EnvironmentUnusable'
}

export type Failure =
  | AutenticoRejected
  | AutenticoUnavailable
  | OutcomeUnknown
  | UnexpectedAnswer
  | WrongCredentials
  | NotSent
  | DatabaseUnusable
  | EnvironmentUnusable

/** Tells the outside world's failures from our own bugs, which nobody but the boundary may catch. */
export function isFailure(error: unknown): error is Failure {
  return (
    error instanceof AutenticoRejected ||
    error instanceof AutenticoUnavailable ||
    error instanceof OutcomeUnknown ||
    error instanceof UnexpectedAnswer ||
    error instanceof WrongCredentials ||
    error instanceof NotSent ||
    error instanceof DatabaseUnusable ||
    error instanceof EnvironmentUnusable
  )
}
