import { z } from 'zod'
import { audit } from './audit-log.ts'
import { isSigned, readParams, wireParams } from './authorize-params.ts'
import { readBody } from './body.ts'
import { type ChallengeKind, closeChallenge, createChallenge, openChallenge, passkeysOf } from './passkeys.ts'
import type { Route } from './router.ts'
import { issueCode, startBrowserLogin } from './sign-in.ts'
import { programTime } from './time.ts'
import { findUser } from './users.ts'
import { relyingParty, verifyAssertion } from './webauthn.ts'
import { type Call, type Reply, raw } from './wire.ts'
import type { World } from './world.ts'

/** Passkey login. It asks neither for a password nor for a second factor, whatever the instance is set to. */
export function passkeyRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/passkey/login/begin', (call) => begin(world, call)],
    ['POST', '/oauth2/passkey/login/finish', (call) => finish(world, call, 'authentication')],
    ['GET', '/oauth2/passkey/discoverable/begin', (call) => beginDiscoverable(world, call)],
    ['POST', '/oauth2/passkey/discoverable/finish', (call) => finish(world, call, 'discoverable-authentication')],
  ]
}

function refusePasskey(status: number, error: string): Reply {
  return raw(status, { error })
}

function begin(world: World, call: Call): Reply {
  const username = call.query.get('username') ?? ''
  if (username === '') return refusePasskey(400, 'missing username')
  const tampered = refuseTampered(world, call)
  if (tampered !== undefined) return tampered
  const user = findUser(world, username, 'username')
  const passkeys = user === undefined ? [] : passkeysOf(world, user.id)
  if (user === undefined || passkeys.length === 0) return refusePasskey(400, 'invalid username or passkey')
  const allowed = passkeys.map(({ id }) => ({ type: 'public-key', id }))
  return offer(world, call, { kind: 'authentication', userId: user.id, options: { allowCredentials: allowed } })
}

function beginDiscoverable(world: World, call: Call): Reply {
  const offered = { kind: 'discoverable-authentication', userId: null, options: {} } as const
  return refuseTampered(world, call) ?? offer(world, call, offered)
}

function refuseTampered(world: World, call: Call): Reply | undefined {
  const isGenuine = isSigned(world, readParams(call.query), call.query.get('authorize_sig'))
  return isGenuine ? undefined : refusePasskey(400, 'authorization parameters tampered')
}

type Offer = { readonly kind: ChallengeKind; readonly userId: string | null; readonly options: object }

function offer(world: World, call: Call, { kind, userId, options }: Offer): Reply {
  const loginState = JSON.stringify(Object.fromEntries(wireParams(readParams(call.query))))
  const { id, challenge } = createChallenge(world, { userId, kind, loginState })
  const publicKey = {
    challenge,
    timeout: 300_000,
    rpId: relyingParty(world.url).id,
    ...options,
    userVerification: 'preferred',
  }
  return raw(200, { challenge_id: id, options: { publicKey }, type: kind })
}

const discovered = z.object({ response: z.object({ userHandle: z.string() }) })

function finish(world: World, call: Call, kind: ChallengeKind): Reply {
  const challengeId = call.query.get('challenge_id') ?? ''
  if (challengeId === '') return refusePasskey(400, 'missing challenge_id')
  const open = openChallenge(world, challengeId, kind)
  if (open === 'invalid') return refusePasskey(400, 'invalid challenge')
  if (open === 'expired') return refusePasskey(400, 'challenge expired')
  const handle = readBody(call.body, discovered)?.response.userHandle ?? ''
  const userId = kind === 'authentication' ? open.userId : Buffer.from(handle, 'base64url').toString('utf8')
  const user = findUser(world, userId)
  if (user === undefined && kind === 'authentication') return refusePasskey(500, 'server_error')

  const stored = user === undefined ? [] : passkeysOf(world, user.id).map(({ credential }) => credential)
  const expected = { party: relyingParty(world.url), challenge: open.challenge }
  const used = verifyAssertion(call.body, stored, expected)
  if (user === undefined || used === undefined) {
    audit(world, call, { event: 'passkey_login_failed', actor: user, target: ['user', user?.id ?? ''] })
    return refusePasskey(401, 'authentication_failed')
  }
  world.db.prepare('UPDATE passkey_credentials SET last_used_at = ? WHERE id = ?').run(programTime(world.now()), used)
  closeChallenge(world, open.id)
  audit(world, call, { event: 'passkey_login_success', actor: user, target: ['user', user.id] })
  const state = readBody(open.loginState, z.record(z.string(), z.string())) ?? {}
  const login = startBrowserLogin(world, call, user.id)
  const redirect = issueCode(world, user.id, readParams(new URLSearchParams(state)), login.id)
  return raw(200, { redirect }, { 'Set-Cookie': login.cookie })
}
