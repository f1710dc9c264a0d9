import { z } from 'zod'
import { findProvider, type ProviderRow } from './admin-federation.ts'
import { audit } from './audit-log.ts'
import { isSigned, readParams, signParams, wireParams } from './authorize-params.ts'
import { readBody } from './body.ts'
import { claim, signHs256, verifyHs256 } from './jwt.ts'
import type { Route } from './router.ts'
import { finishSignIn } from './sign-in.ts'
import { sqlTime } from './time.ts'
import { findUser, type UserRow } from './users.ts'
import { type Call, type Reply, redirect, text } from './wire.ts'
import type { World } from './world.ts'

/**
 * Login through another identity provider, with one simplification: there is no second server. The code that a real
 * provider would hand out is itself the provider's statement, signed with the secret that both sides share.
 */
export function federationRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/federation/{id}', (call) => begin(world, call)],
    ['GET', '/oauth2/federation/{id}/callback', (call) => callback(world, call)],
  ]
}

function begin(world: World, call: Call): Reply {
  const provider = enabledProvider(world, call.param('id'))
  if (provider === undefined) return text(404, 'federation provider not found')
  const params = readParams(call.query)
  const fields = Object.fromEntries(wireParams(params))
  const state = JSON.stringify({ ...fields, provider_id: provider.id, authorize_sig: signParams(world, params) })
  const query = new URLSearchParams({ client_id: provider.client_id, state: Buffer.from(state).toString('base64url') })
  return redirect(`${provider.issuer}/authorize?${query.toString()}`)
}

function enabledProvider(world: World, id: string): ProviderRow | undefined {
  const provider = findProvider(world, id)
  return provider?.enabled === 1 ? provider : undefined
}

/** What a provider says about someone, good for five minutes. */
export function providerStatement(secret: string, subject: { sub: string; email: string }, at: Date): string {
  return signHs256({ ...subject, email_verified: true, exp: Math.floor(at.getTime() / 1000) + 300 }, secret)
}

function callback(world: World, call: Call): Reply {
  const encoded = call.query.get('state') ?? ''
  const code = call.query.get('code') ?? ''
  if (encoded === '' || code === '') return text(400, 'invalid callback')
  const fields = readBody(Buffer.from(encoded, 'base64url').toString('utf8'), z.record(z.string(), z.string())) ?? {}
  const state = new URLSearchParams(fields)
  const params = readParams(state)
  if (state.get('provider_id') !== call.param('id') || !isSigned(world, params, state.get('authorize_sig'))) {
    return text(400, 'invalid state')
  }
  const provider = enabledProvider(world, call.param('id'))
  if (provider === undefined) return text(404, 'federation provider not found')
  const claims = verifyHs256(code, provider.client_secret, world.now())
  if (claims === undefined) return text(401, 'authentication failed')

  const user = federatedUser(world, provider, { sub: claim(claims, 'sub'), email: claim(claims, 'email') })
  if (user === undefined) return text(500, 'server error')
  const detail = { method: 'federation', provider: provider.id }
  audit(world, call, { event: 'login_success', actor: user, target: ['user', user.id], detail })
  return finishSignIn(world, call, user.id, params)
}

/** The linked account; failing that, the account with the same verified address, which is linked from then on. */
function federatedUser(
  world: World,
  provider: ProviderRow,
  subject: { sub: string; email: string },
): UserRow | undefined {
  const linked = world.db
    .prepare<[string, string], { user_id: string }>(
      'SELECT user_id FROM federated_identities WHERE provider_id = ? AND provider_user_id = ?',
    )
    .get(provider.id, subject.sub)
  if (linked !== undefined) return findUser(world, linked.user_id)
  const user = findUser(world, subject.email.toLowerCase(), 'email')
  if (user === undefined || user.is_email_verified !== 1) return undefined
  linkIdentity(world, { userId: user.id, providerId: provider.id, subject })
  return user
}

export type Link = {
  readonly userId: string
  readonly providerId: string
  readonly subject: { readonly sub: string; readonly email: string }
}

export function linkIdentity(world: World, { userId, providerId, subject }: Link): void {
  world.db
    .prepare(
      `INSERT INTO federated_identities (id, provider_id, provider_user_id, user_id, email, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(world.ids.ordered(), providerId, subject.sub, userId, subject.email, sqlTime(world.now()))
}
