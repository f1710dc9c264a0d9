import { z } from 'zod'
import { readError } from './answers.ts'
import { AutenticoUnavailable, isFailure, WrongCredentials } from './failures.ts'
import type { Check } from './proof.ts'
import { type Credentials, grantByPassword, readBearer, type Witness } from './token.ts'
import type { Answer, Transport } from './transport.ts'

/**
 * A pair of tokens that the bot obtained for itself before a change, to try afterwards whether such tokens still open anything. The
 * tokens leave this object only as {@link Keeping} says.
 */
export type OldTokens = {
  readonly issuedAt: Date
  /**
   * Tries them: `old-access-token-refused`, `old-refresh-token-refused`, and `refresh-secret-changed`, which is proven only where
   * Autentico did not even recognise the refresh token. May be called again; a refresh token is sent once at most, because one that is
   * sent twice makes Autentico revoke everything of its user.
   */
  tried(): Promise<readonly Check[]>
}

/** Lets the tokens outlive a crash of this program. The text holds them in clear. */
export type Keeping = {
  /** What was kept before; then no others are obtained. */
  readonly kept: string | undefined
  /** Must have returned before the tokens are of any use. */
  readonly keep: (secret: string) => Promise<void>
}

export type OldTokensDeps = {
  readonly transport: Transport
  readonly oauthPath: string
  readonly credentials: Credentials
  readonly now: () => Date
  readonly record: Witness
}

/**
 * Obtains a pair now, and sees that it is accepted: a token that never was would prove nothing.
 *
 * @returns undefined with a ready bearer, which cannot sign in.
 * @throws what a sign-in throws; WrongCredentials `token_refused` if the new token is not accepted.
 */
export async function obtainOldTokens(deps: OldTokensDeps, keeping?: Keeping): Promise<OldTokens | undefined> {
  const pair = keeping?.kept === undefined ? await obtained(deps) : keptPair.parse(JSON.parse(keeping.kept))
  if (pair === undefined) return undefined
  if (keeping !== undefined && keeping.kept === undefined) await keeping.keep(JSON.stringify(pair))
  const { access_token, refresh_token } = pair
  const issuedAt = new Date(pair.issued_at)
  const { expiresAt } = readBearer(access_token)

  let refreshed: readonly Check[] | undefined
  return {
    issuedAt,
    async tried() {
      // The access token first: a refresh would end it.
      const access = await accessCheck(deps, { token: access_token, expiresAt })
      if (refreshed === undefined) {
        const tried = await refreshChecks(deps, refresh_token)
        if (tried.isSettled) refreshed = tried.checks
        return [access, ...tried.checks]
      }
      return [access, ...refreshed]
    },
  }
}

const keptPair = z.strictObject({
  access_token: z.string(),
  refresh_token: z.string().exactOptional(),
  issued_at: z.iso.datetime(),
})

async function obtained(deps: OldTokensDeps): Promise<z.infer<typeof keptPair> | undefined> {
  const { credentials, now, record } = deps
  if (credentials.kind !== 'password') return undefined
  const issuedAt = now()
  const { access_token, refresh_token } = await grantByPassword(deps, credentials, record)
  const first = await tryAccess(deps, access_token)
  if (first.status !== 200 || first.mediaType !== 'application/json') {
    throw new WrongCredentials('token_refused', { requestId: first.requestId })
  }
  return {
    access_token,
    ...(refresh_token === undefined ? {} : { refresh_token }),
    issued_at: issuedAt.toISOString(),
  }
}

async function accessCheck(
  deps: OldTokensDeps,
  { token, expiresAt }: { readonly token: string; readonly expiresAt: Date | undefined },
): Promise<Check> {
  const name = 'old-access-token-refused'
  if (expiresAt !== undefined && deps.now() >= expiresAt) {
    return {
      name,
      proven: 'unknown',
      detail: 'The access token from before has ended by itself meanwhile, so it shows nothing.',
    }
  }
  try {
    const { status, mediaType } = await tryAccess(deps, token)
    if (status === 401) return { name, proven: true, detail: 'An access token from before is refused.' }
    return status === 200 && mediaType === 'application/json'
      ? { name, proven: false, detail: 'An access token from before is still accepted.' }
      : { name, proven: 'unknown', detail: `Autentico answered ${status} to an access token from before.`, again: true }
  } catch (error) {
    if (!isFailure(error)) throw error
    return { name, proven: 'unknown', detail: error.message, again: true }
  }
}

async function tryAccess({ transport, record }: OldTokensDeps, token: string): Promise<Answer> {
  const call = 'GET /admin/api/idp-sessions with a token from before'
  const answer = await transport.send({
    method: 'GET',
    path: '/admin/api/idp-sessions?limit=1',
    call,
    headers: { authorization: `Bearer ${token}` },
    mayChange: false,
  })
  record({ call, status: answer.status, requestId: answer.requestId })
  return answer
}

/** `isSettled`: the token has been sent, or there is none; it is not to be sent again. */
type Refreshed = { readonly checks: readonly Check[]; readonly isSettled: boolean }

async function refreshChecks(deps: OldTokensDeps, token: string | undefined): Promise<Refreshed> {
  if (token === undefined) {
    return {
      isSettled: true,
      checks: both('unknown', 'Autentico gives refresh tokens as cookies only, so the bot has none to try.'),
    }
  }
  try {
    return { isSettled: true, checks: verdict(await tryRefresh(deps, token)) }
  } catch (error) {
    if (!isFailure(error)) throw error
    // Only then was nothing sent.
    const isUnsent = error instanceof AutenticoUnavailable
    const checks = both('unknown', `${error.message} A refresh is not tried twice.`)
    return isUnsent
      ? { isSettled: false, checks: checks.map((check) => ({ ...check, detail: error.message, again: true })) }
      : { isSettled: true, checks }
  }
}

/** Without the name of a client, as a thief would: it is then not compared with any, and needs no grant of its own. */
async function tryRefresh({ transport, oauthPath, record }: OldTokensDeps, token: string): Promise<Answer> {
  const call = `POST ${oauthPath}/token with a refresh token from before`
  const answer = await transport.send({
    method: 'POST',
    path: `${oauthPath}/token`,
    call,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString(),
    mayChange: true,
  })
  record({ call, status: answer.status, requestId: answer.requestId })
  if (answer.status === 429 || answer.status === 503) {
    throw new AutenticoUnavailable(`Autentico answered ${answer.status} to ${call}; nothing happened.`, {
      retryAfterMs: 3_000,
      requestId: answer.requestId,
    })
  }
  return answer
}

function verdict(answer: Answer): readonly Check[] {
  if (answer.status === 200 && answer.mediaType === 'application/json') {
    return both(false, 'A refresh token from before still gives new tokens.')
  }
  const { code, description } = readError(answer)
  if (answer.status !== 400 || code !== 'invalid_grant' || answer.mediaType !== 'application/json') {
    return both('unknown', `Autentico answered ${answer.status} ${code} to a refresh token from before.`)
  }
  const refused = {
    name: 'old-refresh-token-refused',
    proven: true,
    detail: 'A refresh token from before is refused.',
  } as const
  const name = 'refresh-secret-changed'
  return /^invalid or expired refresh token$/i.test(description)
    ? [refused, { name, proven: true, detail: 'Autentico no longer recognises a refresh token from before.' }]
    : [
        refused,
        {
          name,
          proven: 'unknown',
          detail:
            'The refresh token from before was refused because it had been revoked; that shows nothing of the secret.',
        },
      ]
}

function both(proven: false | 'unknown', detail: string): readonly Check[] {
  return (['old-refresh-token-refused', 'refresh-secret-changed'] as const).map((name) => ({ name, proven, detail }))
}
