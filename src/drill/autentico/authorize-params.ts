import { createHmac, timingSafeEqual } from 'node:crypto'
import { allowsRedirect, allowsScope, type ClientRow, findActiveClient } from './clients.ts'
import type { World } from './world.ts'

/** What a relying party asks for; it travels through every page and link of a login. */
export type AuthorizeParams = {
  readonly clientId: string
  readonly redirectUri: string
  readonly scope: string
  readonly nonce: string
  readonly codeChallenge: string
  readonly codeChallengeMethod: string
  readonly state: string
}

const wireNames = {
  clientId: 'client_id',
  redirectUri: 'redirect_uri',
  scope: 'scope',
  nonce: 'nonce',
  codeChallenge: 'code_challenge',
  codeChallengeMethod: 'code_challenge_method',
  state: 'state',
} as const satisfies Record<keyof AuthorizeParams, string>

export function readParams(source: URLSearchParams): AuthorizeParams {
  return {
    clientId: source.get(wireNames.clientId) ?? '',
    redirectUri: source.get(wireNames.redirectUri) ?? '',
    scope: source.get(wireNames.scope) ?? '',
    nonce: source.get(wireNames.nonce) ?? '',
    codeChallenge: source.get(wireNames.codeChallenge) ?? '',
    codeChallengeMethod: source.get(wireNames.codeChallengeMethod) ?? '',
    state: source.get(wireNames.state) ?? '',
  }
}

/** Names and values as they appear in a query or a form. */
export function wireParams(params: AuthorizeParams): readonly (readonly [string, string])[] {
  return [
    [wireNames.clientId, params.clientId],
    [wireNames.redirectUri, params.redirectUri],
    [wireNames.scope, params.scope],
    [wireNames.nonce, params.nonce],
    [wireNames.codeChallenge, params.codeChallenge],
    [wireNames.codeChallengeMethod, params.codeChallengeMethod],
    [wireNames.state, params.state],
  ]
}

/** Keeps the parameters as they were when the login began. Changing the CSRF secret breaks every outstanding link. */
export function signParams(world: World, params: AuthorizeParams): string {
  const text = wireParams(params).map(([, value]) => value)
  return createHmac('sha256', world.environment.csrfSecret).update(text.join('\n')).digest('base64url')
}

export function isSigned(world: World, params: AuthorizeParams, signature: string | null): boolean {
  const wanted = Buffer.from(signParams(world, params))
  const given = Buffer.from(signature ?? '')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** The client that may have what the parameters ask for, or why not. */
export function permittedClient(world: World, params: AuthorizeParams): ClientRow | string {
  const client = findActiveClient(world, params.clientId)
  if (client === undefined) return 'Unknown client_id'
  if (!allowsRedirect(client, params.redirectUri)) return 'Redirect URI not allowed for this client'
  if (!allowsScope(client, params.scope)) return 'One or more requested scopes are not allowed for this client'
  return client
}
