import { z } from 'zod'
import { liveCaller } from './bearer.ts'
import { readBody, textField } from './body.ts'
import { authenticateClient, type ClientRow } from './clients.ts'
import { claim, readClaims, verifyRs256 } from './jwt.ts'
import type { Handler } from './router.ts'
import { programTime, readTime } from './time.ts'
import { hasScope } from './tokens.ts'
import { findUser, profileColumns, type UserRow } from './users.ts'
import { type Call, type Reply, raw, refuse, refuseBearer } from './wire.ts'
import type { World } from './world.ts'

/** Revocation (RFC 7009). The token's row is stamped, its session row is not. */
export function revokeEndpoint(world: World): Handler {
  return (call) => {
    const by = tokenAuthority(world, call, 'revocation')
    if (by !== undefined && 'status' in by) return by
    const token = call.form.get('token') ?? ''
    if (token === '') return refuse(400, 'invalid_request', 'Token is required')
    const issuedTo = claim(readClaims(token), 'azp')
    if (by === undefined || issuedTo === '' || issuedTo === by.client_id) {
      world.db
        .prepare('UPDATE tokens SET revoked_at = ? WHERE access_token = ? OR refresh_token = ?')
        .run(programTime(world.now()), token, token)
    }
    return { status: 200, headers: {}, body: '' }
  }
}

/** Introspection (RFC 7662), by the token's row: a refresh token counts as inactive with its access token. */
export function introspectEndpoint(world: World): Handler {
  return (call) => {
    const by = tokenAuthority(world, call, 'introspection')
    if (by !== undefined && 'status' in by) return by
    const isForm = (call.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
    const json = isForm ? undefined : readBody(call.body, z.object({ token: textField }))
    if (!isForm && json === undefined) return refuse(400, 'invalid_request', 'Invalid request payload')
    const token = json?.token ?? call.form.get('token') ?? ''
    if (token === '') return refuse(400, 'invalid_request', 'Token is required')

    const row = liveToken(world, token)
    const issuedTo = row === undefined ? '' : claim(readClaims(row.access_token), 'azp')
    const foreign = by !== undefined && issuedTo !== '' && issuedTo !== by.client_id
    if (row === undefined || foreign || !hasLiveOwner(world, row)) return raw(200, { active: false })
    return raw(200, introspection(world, row))
  }
}

/** The client that asks, undefined for an admin's bearer token, or the refusal. */
function tokenAuthority(world: World, call: Call, purpose: string): ClientRow | undefined | Reply {
  const client = authenticateClient(world, call)
  if (typeof client === 'string') return refuse(401, 'invalid_client', 'Client authentication failed')
  if (client !== undefined) return client
  if ((call.headers.authorization ?? '') === '') return refuse(401, 'invalid_client', 'Client authentication required')
  const caller = liveCaller(world, call)
  if (caller === undefined) {
    return refuse(401, 'invalid_token', 'Bearer token is invalid, expired, or its session has been revoked')
  }
  if (caller.user.role === 'admin') return undefined
  return refuse(403, 'insufficient_scope', `Admin access required for bearer token ${purpose}`)
}

type TokenRow = {
  readonly id: string
  readonly user_id: string | null
  readonly access_token: string
  readonly access_token_type: string
  readonly access_token_expires_at: string
  readonly issued_at: string
  readonly scope: string
  readonly grant_type: string
  readonly revoked_at: string | null
}

/** The row of an access or refresh token that is neither revoked nor past the access token's expiry. */
function liveToken(world: World, token: string): TokenRow | undefined {
  const row = world.db
    .prepare<[string, string], TokenRow>('SELECT * FROM tokens WHERE access_token = ? OR refresh_token = ?')
    .get(token, token)
  if (row === undefined || row.revoked_at !== null) return undefined
  return (readTime(row.access_token_expires_at) ?? new Date(0)) < world.now() ? undefined : row
}

function hasLiveSession(world: World, row: TokenRow): boolean {
  const sql = 'SELECT 1 FROM sessions WHERE access_token = ? AND deactivated_at IS NULL'
  return world.db.prepare(sql).get(row.access_token) !== undefined
}

function hasLiveOwner(world: World, row: TokenRow): boolean {
  if (row.grant_type !== 'client_credentials' && !hasLiveSession(world, row)) return false
  return row.user_id === null || findUser(world, row.user_id) !== undefined
}

function introspection(world: World, row: TokenRow): unknown {
  const audience = world.settings.words('access_token_audience').join(' ')
  return {
    active: true,
    ...(row.scope === '' ? {} : { scope: row.scope }),
    token_type: row.access_token_type,
    exp: Math.floor(Number(readTime(row.access_token_expires_at)) / 1000),
    iat: Math.floor(Number(readTime(row.issued_at)) / 1000),
    ...(row.user_id === null ? {} : { sub: row.user_id }),
    ...(audience === '' ? {} : { aud: audience }),
    iss: world.issuer,
    jti: row.id,
  }
}

/** Claims about the owner of a live token. */
export function userInfoEndpoint(world: World): Handler {
  return (call) => {
    const header = /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? ''
    const body = call.method === 'POST' ? (call.form.get('access_token') ?? '') : ''
    if (header !== '' && body !== '') {
      return refuse(400, 'invalid_request', 'Request must not pass the access token using more than one method')
    }
    const token = header || body
    if (token === '') return refuseBearer(world.issuer, '', '')
    const claims = verifyRs256(token, world.environment, world.now())
    if (claims === undefined || !Array.isArray(claims['aud'])) {
      return refuseBearer(world.issuer, 'invalid_token', 'Token is invalid or expired')
    }
    const row = liveToken(world, token)
    if (row === undefined) return refuseBearer(world.issuer, 'invalid_token', 'Invalid or expired token')
    if (!hasLiveSession(world, row)) return refuseBearer(world.issuer, 'invalid_token', 'Session has been deactivated')
    const user = findUser(world, row.user_id ?? '')
    if (user === undefined) return refuse(500, 'server_error', 'Unable to fetch user information')
    return raw(200, userInfo(user, row.scope))
  }
}

function userInfo(user: UserRow, scope: string): unknown {
  const full = `${user.given_name} ${user.family_name}`.trim()
  const shown = profileColumns.filter((column) => !column.startsWith('address_') && column !== 'phone_number')
  const profile = {
    ...Object.fromEntries(shown.map((column) => [column, user[column]] as const).filter(([, value]) => value !== '')),
    name: full || user.username,
    preferred_username: user.username,
    updated_at: Math.floor(Number(readTime(user.updated_at)) / 1000),
  }
  const claims: Readonly<Record<string, unknown>> = {
    ...(hasScope(scope, 'email') ? { email: user.email ?? '', email_verified: user.is_email_verified === 1 } : {}),
    ...(hasScope(scope, 'profile') ? profile : {}),
    scope,
    sub: user.id,
  }
  return Object.fromEntries(Object.entries(claims).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
