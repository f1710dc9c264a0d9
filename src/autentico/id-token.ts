import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { z } from 'zod'

/** What a genuine ID token says of who signed in. */
export type SignedIn = {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  /** Seconds since 1970. Autentico's device grant puts there when the device got its token. */
  readonly authTime: number
  readonly username: string | undefined
  /** In lower case. */
  readonly email: string | undefined
  /** False unless the token says so. */
  readonly emailVerified: boolean
  /** SHA-256 over the token as it was given, lower-case hex. */
  readonly digest: string
}

/** An ID token that is not believed. The message says why, and nothing of the token. */
export class IdTokenNotAcceptable extends Error {
  override readonly name = 'IdTokenNotAcceptable'
}

export type IdTokenRules = {
  /** Exactly as Autentico names itself. */
  readonly issuer: string
  readonly clientId: string
  /** The token was asked for then, and cannot be older. */
  readonly askedAt: Date
  readonly now: () => Date
  /** The access token that came with it, which it names. */
  readonly accessToken?: string | undefined
  /** Reads the published keys. Called again, once, for a key that was not among them. */
  readonly keys: () => Promise<JSONWebKeySet>
}

/** How far Autentico's clock may be from ours. */
const skewSeconds = 60
const longest = 16_384

/**
 * Reads an ID token by the rules of OpenID Connect Core 1.0, section 3.1.3.7, with no choice left where they leave one: RS256 alone,
 * a named key that Autentico publishes, one audience, and `auth_time`.
 *
 * @throws IdTokenNotAcceptable for every token that does not keep them; what `keys` throws.
 */
export async function readIdToken(token: string, rules: IdTokenRules): Promise<SignedIn> {
  if (token.length > longest) throw new IdTokenNotAcceptable('it is too long')
  const header = protectedHeader(token)
  if (header.alg !== 'RS256') throw new IdTokenNotAcceptable('it is not signed with RS256')
  if (header.kid === undefined || header.kid === '') throw new IdTokenNotAcceptable('it names no key')
  const read = claims.safeParse(await verified(token, rules))
  if (!read.success) {
    const missing = read.error.issues.map(({ path }) => path.join('.')).slice(0, 3)
    throw new IdTokenNotAcceptable(`its claims are not as they should be (${missing.join(', ')})`)
  }
  const { iss, aud, sub, iat, auth_time: authTime, azp, nonce, at_hash: hash, ...rest } = read.data
  if (aud !== rules.clientId) throw new IdTokenNotAcceptable('it was issued to another client')
  if (azp !== undefined && azp !== rules.clientId) throw new IdTokenNotAcceptable('it was issued for another client')
  // A device asks without one, so this token answers something else.
  if (nonce !== undefined) throw new IdTokenNotAcceptable('it was not issued to a device')
  const askedAt = Math.floor(rules.askedAt.getTime() / 1000)
  if (iat < askedAt - skewSeconds) throw new IdTokenNotAcceptable('it is older than what asked for it')
  if (iat > seconds(rules.now()) + skewSeconds) throw new IdTokenNotAcceptable('it was issued in the future')
  if (hash !== undefined && rules.accessToken !== undefined && hash !== halfHash(rules.accessToken))
    throw new IdTokenNotAcceptable('it does not belong to the access token that came with it')
  return {
    iss,
    aud,
    sub,
    authTime,
    username: present(rest.preferred_username),
    email: present(rest.email?.trim().toLowerCase()),
    emailVerified: rest.email_verified === true,
    digest: createHash('sha256').update(token).digest('hex'),
  }
}

const whole = z.int().nonnegative()
const claims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string().min(1).max(200),
  exp: whole,
  iat: whole,
  auth_time: whole,
  azp: z.string().optional(),
  nonce: z.string().optional(),
  at_hash: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
})

/** The claims, once signature, issuer, audience and expiry are right. */
async function verified(token: string, { issuer, clientId, now, keys }: IdTokenRules): Promise<unknown> {
  const check = async () => {
    const { payload } = await jwtVerify(token, createLocalJWKSet(await keys()), {
      algorithms: ['RS256'],
      issuer,
      audience: clientId,
      currentDate: now(),
      clockTolerance: skewSeconds,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time'],
    })
    return payload
  }
  try {
    return await check().catch(async (error: unknown) => {
      // Autentico publishes one key at a time; it may have been replaced a moment ago.
      if (error instanceof errors.JWKSNoMatchingKey) return check()
      throw error
    })
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new IdTokenNotAcceptable(reasonOf(error), { cause: error })
    throw error
  }
}

function protectedHeader(token: string): { readonly alg?: string | undefined; readonly kid?: string | undefined } {
  try {
    return decodeProtectedHeader(token)
  } catch (error) {
    throw new IdTokenNotAcceptable('it is no signed token', { cause: error })
  }
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWKSNoMatchingKey) return 'it names a key that Autentico does not publish'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'another issuer made it'
    if (error.claim === 'aud') return 'it was issued to another client'
    return `its claims are not as they should be (${error.claim})`
  }
  return 'it cannot be verified'
}

/** OpenID Connect Core 1.0, section 3.1.3.6: the left half of the digest. */
function halfHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url')
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}
