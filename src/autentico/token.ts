import { z } from 'zod'
import { notAutentico, readAnswer, readError, unavailable } from './answers.ts'
import { AutenticoUnavailable, type CredentialProblem, WrongCredentials } from './failures.ts'
import { totp } from './totp.ts'
import type { Answer, Exchange, Transport } from './transport.ts'

/** How the bot signs in. */
export type Credentials =
  | {
      readonly kind: 'password'
      readonly clientId: string
      /** Absent for a public client; a confidential one of the bot's own is better. */
      readonly clientSecret?: string | undefined
      readonly username: string
      readonly password: string
      /** Base32, for an account with TOTP. */
      readonly totpSecret?: string | undefined
    }
  | { readonly kind: 'bearer'; readonly token: string }

export type Witness = (exchange: Exchange) => void

/** The bot's access token. Callers at the same time share one sign-in. */
export type TokenSource = {
  readonly kind: Credentials['kind']
  /** A token that should still be valid, signing in if there is none. */
  current(record: Witness): Promise<string>
  /**
   * A token other than the one Autentico has just refused with 401.
   *
   * @throws WrongCredentials `bearer_refused` for a ready bearer, which cannot be renewed.
   */
  renew(refused: string, record: Witness): Promise<string>
}

export type TokenDeps = {
  readonly transport: Transport
  readonly oauthPath: string
  readonly credentials: Credentials
  readonly now: () => Date
}

export type PasswordCredentials = Extract<Credentials, { kind: 'password' }>
type Held = { readonly token: string; readonly useUntil: number }

/** After a refusal the same credentials are not sent again for this long: five wrong passwords lock the account. */
const quietAfterRefusalMs = 60_000

/**
 * Signs in by the password grant, anew each time: the refresh grant is never used, because a refresh answered but lost
 * makes the next one revoke every token of the bot.
 *
 * `current` and `renew` throw WrongCredentials, AutenticoUnavailable (a sign-in may always be tried again) or
 * UnexpectedAnswer.
 */
export function tokenSource(deps: TokenDeps): TokenSource {
  const { credentials, now } = deps
  if (credentials.kind === 'bearer') {
    return {
      kind: 'bearer',
      current: () => Promise.resolve(credentials.token),
      renew: () => Promise.reject(new WrongCredentials('bearer_refused')),
    }
  }

  let held: Held | undefined
  let signingIn: Promise<Held> | undefined
  let quiet: { readonly until: number; readonly because: Error } | undefined

  async function signInOnce(record: Witness): Promise<string> {
    if (quiet !== undefined && now().getTime() < quiet.until) throw quiet.because
    signingIn ??= signIn(deps, passwordOf(deps), record).finally(() => {
      signingIn = undefined
    })
    try {
      held = await signingIn
      quiet = undefined
      return held.token
    } catch (error) {
      const wait = quietFor(error)
      if (error instanceof Error && wait > 0) quiet = { until: now().getTime() + wait, because: error }
      throw error
    }
  }

  return {
    kind: 'password',
    current: async (record) =>
      held !== undefined && now().getTime() < held.useUntil ? held.token : signInOnce(record),
    renew: async (refused, record) => {
      // Somebody else may have been refused first and have signed in meanwhile.
      if (held !== undefined && held.token !== refused) return held.token
      held = undefined
      return signInOnce(record)
    },
  }
}

function passwordOf({ credentials }: TokenDeps): PasswordCredentials {
  if (credentials.kind !== 'password') throw new Error('Only a password signs in.')
  return credentials
}

function quietFor(error: unknown): number {
  if (error instanceof WrongCredentials) return quietAfterRefusalMs
  return error instanceof AutenticoUnavailable ? (error.retryAfterMs ?? 0) : 0
}

const granted = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
  // Absent where Autentico gives it as a cookie only.
  refresh_token: z.string().min(1).optional(),
})

async function signIn(deps: TokenDeps, credentials: PasswordCredentials, record: Witness): Promise<Held> {
  const { access_token, expires_in } = await grantByPassword(deps, credentials, record)
  // Shortly before expiry, so that a token does not die under way; short-lived ones are used for nine tenths.
  const early = Math.min(30, expires_in / 10)
  return { token: access_token, useUntil: deps.now().getTime() + (expires_in - early) * 1_000 }
}

/** One sign-in by the password grant. Throws what `tokenSource` says. */
export async function grantByPassword(
  deps: Omit<TokenDeps, 'credentials'>,
  credentials: PasswordCredentials,
  record: Witness,
): Promise<z.infer<typeof granted>> {
  const { transport, oauthPath, now } = deps
  const call = `POST ${oauthPath}/token`
  const answer = await transport.send({
    method: 'POST',
    path: `${oauthPath}/token`,
    call,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form(credentials, now()),
    // A token too many does no harm, so a lost answer is no riddle.
    mayChange: false,
  })
  record({ call, status: answer.status, requestId: answer.requestId })

  if (answer.status === 429 || answer.status === 503) throw unavailable(call, answer, now())
  const problem = answer.status >= 400 && answer.status < 500 ? problemOf(answer) : undefined
  if (problem !== undefined) throw new WrongCredentials(problem, { requestId: answer.requestId })
  if (answer.status === 404) throw notAutentico(call, answer)

  const expected = {
    call,
    expect: 200,
    answer: granted,
    mayChange: false,
    secrets: secretsOf(credentials),
    now,
  } as const
  return readAnswer(expected, answer)
}

function form(credentials: PasswordCredentials, at: Date): string {
  const fields = new URLSearchParams({
    grant_type: 'password',
    client_id: credentials.clientId,
    username: credentials.username,
    password: credentials.password,
  })
  if (credentials.clientSecret !== undefined) fields.set('client_secret', credentials.clientSecret)
  if (credentials.totpSecret !== undefined) fields.set('totp_code', totp(credentials.totpSecret, at))
  return fields.toString()
}

function secretsOf({ password, clientSecret, totpSecret }: PasswordCredentials): readonly string[] {
  return [password, clientSecret, totpSecret].filter((secret) => secret !== undefined)
}

function problemOf(answer: Answer): CredentialProblem | undefined {
  const { code, description } = readError(answer)
  switch (code) {
    case 'account_locked':
    case 'invalid_client':
    case 'unauthorized_client':
    case 'invalid_grant':
      return code
    case 'invalid_mfa_code':
      return 'totp_wrong'
    case 'mfa_required':
      // Two different problems share the code; only the description tells them apart.
      return /not enrolled/i.test(description) ? 'mfa_not_enrolled' : 'totp_required'
    default:
      return undefined
  }
}

/** Who a token says it belongs to. */
export type Bearer = {
  readonly userId: string
  /** The client it was issued to. */
  readonly clientId: string | undefined
  readonly expiresAt: Date | undefined
}

const claims = z.object({ sub: z.string().min(1), azp: z.string().optional(), exp: z.number().optional() })

/**
 * Reads the account id out of an access token (`sub`, RFC 7519). The signature is not checked: the token is our own, and
 * Autentico judges it on every call.
 *
 * @throws WrongCredentials `bearer_unreadable` if it is not a JWT that names an account.
 */
export function readBearer(token: string): Bearer {
  const payload = token.split('.')[1] ?? ''
  const parsed = claims.safeParse(decodeJson(payload))
  if (!parsed.success) throw new WrongCredentials('bearer_unreadable')
  const { sub, azp, exp } = parsed.data
  return { userId: sub, clientId: azp, expiresAt: exp === undefined ? undefined : new Date(exp * 1_000) }
}

function decodeJson(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
