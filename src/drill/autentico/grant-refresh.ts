import { clientCredentials } from './clients.ts'
import type { UserGrant } from './grant.ts'
import { claim, readClaims, verifyHs256 } from './jwt.ts'
import { programTime, readTime } from './time.ts'
import { findUser, type UserRow } from './users.ts'
import { type Call, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

type SessionRow = { readonly deactivated_at: string | null; readonly idp_session_id: string | null }
type TokenRow = {
  readonly access_token: string
  readonly revoked_at: string | null
  readonly scope: string
  readonly issued_at: string
}

/**
 * Refresh with rotation. A refresh token that was used or revoked before is a replay, and costs its user every token.
 * A token without a row of its own counts as not revoked, and a call without a client id is never compared with one.
 */
export function grantByRefresh(world: World, call: Call): UserGrant {
  const token = call.form.get('refresh_token') ?? ''
  const claims = verifyHs256(token, world.environment.refreshSecret, world.now())
  if (claims === undefined) return invalid('Invalid or expired refresh token')

  const session = world.db
    .prepare<[string], SessionRow>('SELECT deactivated_at, idp_session_id FROM sessions WHERE id = ?')
    .get(claim(claims, 'sid'))
  if (session === undefined) return invalid('Failed to retrieve session')
  if (session.deactivated_at !== null) return invalid('Session has been deactivated')
  const clientId = clientCredentials(call).id
  const issuedTo = claim(claims, 'azp')
  if (issuedTo !== '' && clientId !== '' && issuedTo !== clientId)
    return invalid('Refresh token was not issued to this client')

  const row = world.db.prepare<[string], TokenRow>('SELECT * FROM tokens WHERE refresh_token = ?').get(token)
  if (row !== undefined && row.revoked_at !== null) return punishReplay(world, claim(claims, 'sub'))
  const user = findUser(world, claim(claims, 'sub'))
  if (user === undefined) return refuse(500, 'server_error', 'Failed to retrieve user')
  if (lacksFactor(user, row)) {
    return refuse(403, 'mfa_required', 'Session was not authenticated with MFA. Please re-login.')
  }
  return rotate(world, call, { user, token, row, browserLogin: session.idp_session_id ?? '' })
}

function invalid(description: string): Reply {
  return refuse(400, 'invalid_grant', description)
}

function punishReplay(world: World, userId: string): Reply {
  world.db
    .prepare('UPDATE tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL')
    .run(programTime(world.now()), userId)
  return invalid('Token has been revoked')
}

function lacksFactor(user: UserRow, row: TokenRow | undefined): boolean {
  return user.totp_verified === 1 && row !== undefined && claim(readClaims(row.access_token), 'acr') !== '2'
}

type Rotation = {
  readonly user: UserRow
  readonly token: string
  readonly row: TokenRow | undefined
  readonly browserLogin: string
}

/** The old token is spent before the scope is looked at. Its session row stays as it is. */
function rotate(world: World, call: Call, { user, token, row, browserLogin }: Rotation): UserGrant {
  const at = programTime(world.now())
  if (browserLogin !== '') {
    world.db
      .prepare('UPDATE idp_sessions SET last_activity_at = ? WHERE id = ? AND deactivated_at IS NULL')
      .run(at, browserLogin)
  }
  world.db.prepare('UPDATE tokens SET revoked_at = ? WHERE refresh_token = ? AND revoked_at IS NULL').run(at, token)

  const granted = row?.scope ?? ''
  const asked = call.form.get('scope') ?? ''
  const allowed = new Set(granted.split(' '))
  if (asked.split(' ').some((scope) => scope !== '' && !allowed.has(scope))) {
    return refuse(400, 'invalid_scope', 'Requested scope exceeds the scope of the original grant')
  }
  const authTime = row === undefined ? undefined : readTime(row.issued_at)
  return { user, scope: asked || granted, browserLogin, ...(authTime === undefined ? {} : { authTime }) }
}
