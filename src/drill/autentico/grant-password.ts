import { allowsScope, type ClientRow } from './clients.ts'
import { invalidScope, type UserGrant } from './grant.ts'
import { isTotpCode } from './totp.ts'
import { authenticate, type UserRow } from './users.ts'
import { type Call, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

/** Resource owner password grant. Only TOTP can satisfy a second factor here. */
export function grantByPassword(world: World, call: Call, client: ClientRow | undefined): UserGrant {
  const username = call.form.get('username') ?? ''
  const password = call.form.get('password') ?? ''
  const blank = [
    ...(password === '' ? ['password: cannot be blank'] : []),
    ...(username === '' ? ['username: cannot be blank'] : []),
  ]
  if (blank.length > 0) return refuse(400, 'invalid_request', `${blank.join('; ')}.`)
  if (client === undefined) return refuse(401, 'invalid_client', 'client_id is required for password grant')

  const user = authenticate(world, username, password)
  if (user === 'locked') {
    return refuse(403, 'account_locked', 'account is temporarily locked due to too many failed login attempts')
  }
  if (user === 'wrong') return refuse(400, 'invalid_grant', 'Invalid username or password')
  const missing = missingFactor(world, user, call.form.get('totp_code') ?? '')
  if (missing !== undefined) return missing

  const asked = call.form.get('scope') ?? ''
  const scope = asked || client.scopes || 'openid profile email'
  if (!allowsScope(client, scope)) return invalidScope()
  return { user, scope }
}

function missingFactor(world: World, user: UserRow, code: string): Reply | undefined {
  const enrolled = user.totp_verified === 1
  if (!enrolled && !world.settings.flag('require_mfa')) return undefined
  if (!enrolled) {
    return refuse(403, 'mfa_required', 'MFA is required but not enrolled. Please enroll via the login page.')
  }
  if (code === '') return refuse(403, 'mfa_required', 'TOTP code is required')
  return isTotpCode(user.totp_secret, code, world.now())
    ? undefined
    : refuse(403, 'invalid_mfa_code', 'Invalid TOTP code')
}
