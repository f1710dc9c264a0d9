import { type Claims, claim, verifyRs256 } from './jwt.ts'
import type { Handler } from './router.ts'
import { findUser, type UserRow } from './users.ts'
import { type Call, type Reply, refuse, refuseBearer } from './wire.ts'
import { accountClientId, adminClientId, type World } from './world.ts'

/** Whoever made a call, with the token that says so. */
export type Caller = { readonly user: UserRow; readonly token: string; readonly claims: Claims }
export type CallerHandler = (call: Call, caller: Caller) => Reply

/** Lets only live tokens of an admin through that were issued for the admin API. */
export function adminOnly(world: World, handler: CallerHandler): Handler {
  return (call) => {
    const verified = verifyHeader(world, call)
    if ('status' in verified) return verified
    const { token, claims } = verified
    if (!audience(claims).includes(adminClientId)) return refuse(403, 'forbidden', 'Token not issued for admin API')
    const user = findUser(world, claim(claims, 'sub'))
    if (user === undefined) return refuseBearer(world.issuer, 'invalid_token', 'User not found')
    if (user.role !== 'admin') return refuse(403, 'forbidden', 'Admin access required')
    return deadToken(world, token) ?? handler(call, { user, token, claims })
  }
}

/** Lets live tokens through that were issued for the self-service or the admin API with the three usual scopes. */
export function accountOnly(world: World, handler: CallerHandler): Handler {
  return (call) => {
    const verified = verifyHeader(world, call)
    if ('status' in verified) return verified
    const { token, claims } = verified
    if (!audience(claims).some((value) => value === accountClientId || value === adminClientId)) {
      return refuse(403, 'forbidden', 'Token not issued for account API')
    }
    const scopes = claim(claims, 'scope').split(' ')
    if (!['openid', 'profile', 'email'].every((scope) => scopes.includes(scope))) {
      return refuse(403, 'insufficient_scope', 'Token requires openid, profile, and email scopes')
    }
    const user = findUser(world, claim(claims, 'sub'))
    if (user === undefined) return refuseBearer(world.issuer, 'invalid_token', 'User not found')
    return deadToken(world, token) ?? handler(call, { user, token, claims })
  }
}

/** The caller of an endpoint that does not say why a token is no good; undefined when it is none. */
export function liveCaller(world: World, call: Call): Caller | undefined {
  const verified = verifyHeader(world, call)
  if ('status' in verified || deadToken(world, verified.token) !== undefined) return undefined
  const user = findUser(world, claim(verified.claims, 'sub'))
  return user === undefined ? undefined : { user, ...verified }
}

function verifyHeader(world: World, call: Call): Reply | { readonly token: string; readonly claims: Claims } {
  const header = call.headers.authorization ?? ''
  if (header === '') return refuseBearer(world.issuer, '', '')
  const space = header.indexOf(' ')
  if (space < 0 || header.slice(0, space).toLowerCase() !== 'bearer') {
    return refuseBearer(world.issuer, 'invalid_request', 'Invalid Authorization header format')
  }
  const token = header.slice(space + 1)
  const claims = verifyAccessToken(world, token)
  if (claims === undefined) return refuseBearer(world.issuer, 'invalid_token', 'Invalid or expired token')
  return { token, claims }
}

/** Signature, expiry, and the audiences that the instance asks of every access token. */
function verifyAccessToken(world: World, token: string): Claims | undefined {
  const claims = verifyRs256(token, world.environment, world.now())
  // A token whose audience is not a list is not an access token; ID tokens are told apart by that.
  if (claims === undefined || !Array.isArray(claims['aud'])) return undefined
  const wanted = world.settings.words('access_token_audience')
  if (wanted.length > 0 && !audience(claims).some((value) => wanted.includes(value))) return undefined
  return claims
}

function audience(claims: Claims): readonly string[] {
  const value = claims['aud']
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}

/** Session first, token second, each found by the exact string. */
function deadToken(world: World, token: string): Reply | undefined {
  const session = world.db
    .prepare('SELECT 1 FROM sessions WHERE access_token = ? AND deactivated_at IS NULL')
    .get(token)
  if (session === undefined) return refuseBearer(world.issuer, 'invalid_token', 'Session has been deactivated')
  const row = world.db.prepare('SELECT 1 FROM tokens WHERE access_token = ? AND revoked_at IS NULL').get(token)
  if (row === undefined) return refuseBearer(world.issuer, 'invalid_token', 'Token has been revoked')
  return undefined
}
