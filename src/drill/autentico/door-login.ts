import { audit } from './audit-log.ts'
import { isSigned, permittedClient, readParams } from './authorize-params.ts'
import type { Route } from './router.ts'
import { backToLogin, errorPage, finishSignIn, refuseForged, secondFactor } from './sign-in.ts'
import { authenticate } from './users.ts'
import { type Call, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

/** The password form. */
export function loginRoutes(world: World): readonly Route[] {
  return [
    ['POST', '/oauth2/login', (call) => login(world, call)],
    ['GET', '/oauth2/login', () => errorPage(405, 'This page can only be accessed through the login flow.')],
  ]
}

function login(world: World, call: Call): Reply {
  const forged = refuseForged(world, call)
  if (forged !== undefined) return forged
  if (world.settings.text('auth_mode') === 'passkey_only') {
    return refuse(400, 'invalid_request', 'Password login is disabled; use passkey authentication')
  }
  const params = readParams(call.form)
  if (!isSigned(world, params, call.form.get('authorize_sig'))) {
    return refuse(400, 'invalid_request', 'Authorization request parameters have been tampered with')
  }
  const client = permittedClient(world, params)
  if (typeof client === 'string')
    return refuse(400, client === 'Unknown client_id' ? 'invalid_client' : 'invalid_request', client)

  const username = call.form.get('username') ?? ''
  const user = authenticate(world, username, call.form.get('password') ?? '')
  if (user === 'wrong' || user === 'locked') {
    const reason =
      user === 'locked'
        ? 'Account is temporarily locked due to too many failed login attempts'
        : 'Invalid username or password'
    audit(world, call, { event: 'login_failed', target: ['user', ''], detail: { reason, username } })
    return backToLogin(params, reason)
  }
  const challenge = secondFactor(world, call, user, params)
  if (challenge !== undefined) return challenge
  const reply = finishSignIn(world, call, user.id, params)
  audit(world, call, { event: 'login_success', actor: user, target: ['user', user.id], detail: { method: 'password' } })
  return reply
}
