import { createHash } from 'node:crypto'
import { type ClientRow, lifetime } from './clients.ts'
import { signHs256, signRs256 } from './jwt.ts'
import { readWords } from './settings.ts'
import { programTime, sqlTime } from './time.ts'
import type { UserRow } from './users.ts'
import type { Call } from './wire.ts'
import type { World } from './world.ts'

/** What a grant has established before tokens are issued. */
export type Granted = {
  readonly user: UserRow
  readonly scope: string
  readonly grant: string
  readonly clientId: string
  readonly client?: ClientRow | undefined
  readonly nonce?: string
  readonly authTime?: Date
  /** The browser login it came from; '' for the password and the device grant. */
  readonly browserLogin?: string
}

export type IssuedTokens = {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly refresh_token: string
  readonly id_token?: string
  readonly scope: string
}

/** Issues a token pair and writes its token row and its session row. */
export function issueTokens(world: World, call: Pick<Call, 'ip' | 'userAgent'>, granted: Granted): IssuedTokens {
  const now = world.now()
  const sessionId = world.ids.ordered()
  const accessMs = lifetime(world, granted.client, 'access_token_expiration')
  const accessExpiry = new Date(now.getTime() + accessMs)
  const refreshExpiry = new Date(now.getTime() + lifetime(world, granted.client, 'refresh_token_expiration'))
  const accessToken = signRs256(accessClaims(world, granted, sessionId, accessExpiry), world.environment)
  const refreshToken = signHs256(
    { sub: granted.user.id, iat: seconds(now), sid: sessionId, azp: granted.clientId, exp: seconds(refreshExpiry) },
    world.environment.refreshSecret,
  )

  writeToken(world, { userId: granted.user.id, accessToken, refreshToken, accessExpiry, refreshExpiry, ...granted })
  world.db
    .prepare(
      `INSERT INTO sessions (id, user_id, access_token, refresh_token, user_agent, ip_address, location, created_at,
       expires_at, idp_session_id) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)`,
    )
    .run(
      sessionId,
      granted.user.id,
      accessToken,
      refreshToken,
      call.userAgent,
      call.ip,
      sqlTime(now),
      programTime(accessExpiry),
      granted.browserLogin === undefined || granted.browserLogin === '' ? null : granted.browserLogin,
    )
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: Math.floor(accessMs / 1000),
    refresh_token: refreshToken,
    ...(hasScope(granted.scope, 'openid') ? { id_token: idToken(world, granted, sessionId, accessToken) } : {}),
    scope: granted.scope,
  }
}

/** An access token of a client for itself: no refresh token, no session, no user. */
export function issueClientToken(world: World, client: ClientRow, scope: string): Omit<IssuedTokens, 'refresh_token'> {
  const now = world.now()
  const accessMs = lifetime(world, client, 'access_token_expiration')
  const expiry = new Date(now.getTime() + accessMs)
  const claims = {
    ...commonClaims(world, client.client_id, client, world.ids.ordered(), expiry),
    sub: client.client_id,
    acr: '1',
    scope,
  }
  const accessToken = signRs256(claims, world.environment)
  writeToken(world, {
    userId: null,
    accessToken,
    refreshToken: '',
    accessExpiry: expiry,
    refreshExpiry: expiry,
    scope,
    grant: 'client_credentials',
  })
  return { access_token: accessToken, token_type: 'Bearer', expires_in: Math.floor(accessMs / 1000), scope }
}

type NewToken = {
  readonly userId: string | null
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessExpiry: Date
  readonly refreshExpiry: Date
  readonly scope: string
  readonly grant: string
}

function writeToken(world: World, token: NewToken): void {
  world.db
    .prepare(
      `INSERT INTO tokens (id, user_id, access_token, refresh_token, access_token_type, refresh_token_expires_at,
       access_token_expires_at, issued_at, scope, grant_type) VALUES (?, ?, ?, ?, 'Bearer', ?, ?, ?, ?, ?)`,
    )
    .run(
      world.ids.ordered(),
      token.userId,
      token.accessToken,
      token.refreshToken,
      programTime(token.refreshExpiry),
      programTime(token.accessExpiry),
      programTime(world.now()),
      token.scope,
      token.grant,
    )
}

/** `acr` tells whether the user has TOTP now, not whether it was asked for. */
function accessClaims(world: World, granted: Granted, sessionId: string, expiry: Date): Record<string, unknown> {
  const { user, scope } = granted
  return {
    ...commonClaims(world, granted.clientId, granted.client, sessionId, expiry),
    sub: user.id,
    acr: user.totp_verified === 1 ? '2' : '1',
    scope,
    role: user.role,
    ...scopedClaims(user, scope),
  }
}

function commonClaims(
  world: World,
  clientId: string,
  client: ClientRow | undefined,
  sessionId: string,
  expiry: Date,
): Record<string, unknown> {
  const own = client?.allowed_audiences ?? null
  const extra = own === null ? [] : readWords(own)
  const now = seconds(world.now())
  return {
    exp: seconds(expiry),
    iat: now,
    auth_time: now,
    jti: world.ids.ordered(),
    iss: world.issuer,
    aud: [...new Set([world.issuer, clientId, ...world.settings.words('access_token_audience'), ...extra])],
    typ: 'Bearer',
    azp: clientId,
    sid: sessionId,
  }
}

function scopedClaims(user: UserRow, scope: string): Record<string, unknown> {
  return {
    ...(hasScope(scope, 'profile') ? { name: user.username, preferred_username: user.username } : {}),
    ...(hasScope(scope, 'email') ? { email: user.email ?? '', email_verified: user.is_email_verified === 1 } : {}),
  }
}

function idToken(world: World, granted: Granted, sessionId: string, accessToken: string): string {
  const now = world.now()
  const { user, clientId } = granted
  const hash = createHash('sha256').update(accessToken).digest()
  const claims = {
    iss: world.issuer,
    sub: user.id,
    aud: clientId,
    exp: seconds(now) + Math.floor(world.settings.duration('access_token_expiration') / 1000),
    iat: seconds(now),
    auth_time: seconds(granted.authTime ?? now),
    sid: sessionId,
    acr: '1',
    ...(granted.nonce === undefined || granted.nonce === '' ? {} : { nonce: granted.nonce }),
    at_hash: hash.subarray(0, 16).toString('base64url'),
    ...(clientId === '' ? {} : { azp: clientId }),
    ...scopedClaims(user, granted.scope),
  }
  return signRs256(claims, world.environment)
}

export function hasScope(scopes: string, scope: string): boolean {
  return scopes.split(' ').includes(scope)
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}
