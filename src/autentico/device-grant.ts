import { z } from 'zod'
import { notAutentico, readAnswer, readError, unavailable } from './answers.ts'
import { AutenticoUnavailable, isFailure, OutcomeUnknown } from './failures.ts'
import type { Answer, Transport } from './transport.ts'

/** A client of Autentico that may use the device grant. Without a secret it is a public one. */
export type DeviceClient = { readonly clientId: string; readonly clientSecret?: string | undefined }

export type DeviceGrantDeps = {
  readonly transport: Transport
  readonly oauthPath: string
  readonly client: DeviceClient
  readonly now: () => Date
  /** Returns after `ms`, or as soon as it is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/** What a person has to be shown (RFC 8628 section 3.3), and what the device polls with. */
export type DeviceGrant = {
  readonly deviceCode: string
  /** `WDJB-MJHT` */
  readonly userCode: string
  readonly verificationUri: string
  /** The same with the code in it, where Autentico gives one. */
  readonly verificationUriComplete: string | undefined
  readonly expiresAt: Date
  readonly intervalMs: number
}

/** What came of the person's visit. The tokens are the caller's to revoke. */
export type GrantEnd =
  | { readonly kind: 'tokens'; readonly tokens: DeviceTokens }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'aborted' }
  /** Autentico answered something that no waiting will change. */
  | { readonly kind: 'failed'; readonly sentence: string }

export type DeviceTokens = {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
/** With these the ID token names the account. */
const scope = 'openid profile email'
/** RFC 8628 section 3.5. */
const slowDownMs = 5_000
const usualIntervalSeconds = 5
const longestWaitMs = 60_000

const started = z.object({
  device_code: z.string().min(1).max(500),
  user_code: z.string().regex(/^[A-Z0-9]{2,10}(-[A-Z0-9]{2,10}){0,3}$/),
  verification_uri: z.url({ protocol: /^https?$/ }),
  verification_uri_complete: z.url({ protocol: /^https?$/ }).optional(),
  expires_in: z.number().positive(),
  interval: z.number().nonnegative().optional(),
})

/**
 * Starts a device grant.
 *
 * @throws the failures of `failures.ts`: AutenticoRejected where the client may not do this.
 */
export async function startDeviceGrant(deps: DeviceGrantDeps): Promise<DeviceGrant> {
  const { oauthPath, now } = deps
  const call = `POST ${oauthPath}/device_authorization`
  const answer = await send(deps, { path: `${oauthPath}/device_authorization`, call, form: { scope } })
  const read = readAnswer(
    { call, expect: 200, answer: started, mayChange: false, secrets: secretsOf(deps), now },
    answer,
  )
  return {
    deviceCode: read.device_code,
    userCode: read.user_code,
    verificationUri: read.verification_uri,
    verificationUriComplete: read.verification_uri_complete,
    expiresAt: new Date(now().getTime() + Math.min(read.expires_in, 3_600) * 1_000),
    intervalMs: Math.max(1, read.interval ?? usualIntervalSeconds) * 1_000,
  }
}

/**
 * Asks, no more often than Autentico wants to be asked, until the person has decided or the code is over. Once tokens came, or a no,
 * the code is never sent again. An answer that got lost may have been the tokens: then the next one says that the code was used.
 */
export async function awaitDeviceGrant(
  deps: DeviceGrantDeps,
  { deviceCode, expiresAt, intervalMs }: DeviceGrant,
  signal: AbortSignal,
): Promise<GrantEnd> {
  let interval = intervalMs
  let wait = interval
  for (;;) {
    await deps.pause(Math.min(wait, longestWaitMs), signal)
    if (signal.aborted) return { kind: 'aborted' }
    if (deps.now() >= expiresAt) return { kind: 'expired' }
    const polled = await poll(deps, deviceCode)
    if (polled.kind === 'slower') interval += slowDownMs
    if (polled.kind !== 'later' && polled.kind !== 'slower' && polled.kind !== 'pending') return polled
    // RFC 8628 section 3.5: back off where no answer came.
    wait = polled.kind === 'later' ? Math.max(wait * 2, polled.afterMs) : interval
  }
}

/**
 * Why the client could not be used for this, as a sentence. Undefined: it can. Asked with a code that is none, so nothing is begun.
 *
 * @throws AutenticoUnavailable and UnexpectedAnswer where Autentico does not say.
 */
export async function whyNoDeviceGrant(deps: DeviceGrantDeps): Promise<string | undefined> {
  const { oauthPath } = deps
  const call = `POST ${oauthPath}/token for a device`
  const form = { grant_type: grantType, device_code: 'none' }
  const answer = await send(deps, { path: `${oauthPath}/token`, call, form, mayChange: false })
  if (answer.status === 429 || answer.status === 503) throw unavailable(call, answer, deps.now())
  if (answer.mediaType !== 'application/json') throw notAutentico(call, answer)
  const { code } = readError(answer)
  if (answer.status === 400 && code === 'invalid_grant') return undefined
  return clientAdvice[code] ?? `Autentico answered ${answer.status} ${code} to it.`
}

const clientAdvice: Readonly<Record<string, string>> = {
  invalid_client:
    'Autentico does not accept it. Check STEP_UP_CLIENT_ID and STEP_UP_CLIENT_SECRET, and that it is active.',
  unauthorized_client: `It may not use the device grant. Register one with grant_types ["${grantType}"].`,
}

/** Takes back what the grant gave (RFC 7009): Autentico forgets the access token together with the refresh token. */
export async function revokeTokens(deps: DeviceGrantDeps, { accessToken, refreshToken }: DeviceTokens): Promise<void> {
  const { oauthPath } = deps
  const call = `POST ${oauthPath}/revoke`
  const token = refreshToken ?? accessToken
  const answer = await send(deps, { path: `${oauthPath}/revoke`, call, form: { token } })
  if (answer.status === 429 || answer.status === 503) throw unavailable(call, answer, deps.now())
  if (answer.status !== 200) throw notAutentico(call, answer)
}

type Polled =
  | Exclude<GrantEnd, { kind: 'aborted' }>
  | { readonly kind: 'pending' }
  | { readonly kind: 'slower' }
  | { readonly kind: 'later'; readonly afterMs: number }

const tokensAnswer = z.object({
  access_token: z.string().min(1),
  // Absent where Autentico gives refresh tokens as cookies only.
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
})

async function poll(deps: DeviceGrantDeps, deviceCode: string): Promise<Polled> {
  const { oauthPath, now } = deps
  const call = `POST ${oauthPath}/token for a device`
  const form = { grant_type: grantType, device_code: deviceCode }
  try {
    const answer = await send(deps, { path: `${oauthPath}/token`, call, form })
    if (answer.status === 400) return refusedPoll(answer)
    const secrets = [deviceCode, ...secretsOf(deps)]
    const tokens = readAnswer({ call, expect: 200, answer: tokensAnswer, mayChange: true, secrets, now }, answer)
    const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = tokens
    return { kind: 'tokens', tokens: { accessToken, refreshToken, idToken } }
  } catch (error) {
    if (error instanceof AutenticoUnavailable) return { kind: 'later', afterMs: error.retryAfterMs ?? 0 }
    if (error instanceof OutcomeUnknown) return { kind: 'later', afterMs: 0 }
    if (isFailure(error)) return { kind: 'failed', sentence: error.message }
    throw error
  }
}

function refusedPoll(answer: Answer): Polled {
  const { code } = readError(answer)
  switch (code) {
    case 'authorization_pending':
      return { kind: 'pending' }
    case 'slow_down':
      return { kind: 'slower' }
    case 'access_denied':
      return { kind: 'denied' }
    case 'expired_token':
      return { kind: 'expired' }
    default:
      return { kind: 'failed', sentence: `Autentico answered ${answer.status} ${code}.` }
  }
}

async function send(
  { transport, client: { clientId, clientSecret } }: DeviceGrantDeps,
  {
    path,
    call,
    form,
    mayChange = true,
  }: {
    readonly path: string
    readonly call: string
    readonly form: Readonly<Record<string, string>>
    readonly mayChange?: boolean
  },
): Promise<Answer> {
  const secret = clientSecret === undefined ? {} : { client_secret: clientSecret }
  return transport.send({
    method: 'POST',
    path,
    call,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...form, client_id: clientId, ...secret }).toString(),
    mayChange,
  })
}

function secretsOf({ client: { clientSecret } }: DeviceGrantDeps): readonly string[] {
  return clientSecret === undefined ? [] : [clientSecret]
}
