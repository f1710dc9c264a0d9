import { createPublicKey } from 'node:crypto'
import type { Route } from './router.ts'
import { type Reply, raw } from './wire.ts'
import type { World } from './world.ts'

/** What anybody may read: health, discovery, and the key that signs. */
export function publicRoutes(world: World, oauthPath: string): readonly Route[] {
  return [
    ['GET', '/healthz', () => raw(200, { status: 'ok', database: 'ok' })],
    ['GET', '/.well-known/openid-configuration', () => discovery(world)],
    ['GET', `${oauthPath}/.well-known/openid-configuration`, () => discovery(world)],
    ['GET', `${oauthPath}/.well-known/jwks.json`, () => jwks(world)],
  ]
}

/** Always exactly one key: there is no time in which an old and a new one overlap. */
function jwks(world: World): Reply {
  const { n, e } = createPublicKey(world.environment.privateKey).export({ format: 'jwk' })
  return raw(200, { keys: [{ kty: 'RSA', kid: world.environment.keyId, use: 'sig', alg: 'RS256', n, e }] })
}

const claims = (
  'sub iss aud exp iat auth_time nonce sid acr name preferred_username given_name family_name middle_name nickname ' +
  'profile picture website gender birthdate locale zoneinfo updated_at email email_verified phone_number address groups'
).split(' ')

/** Says what the server can do, not what any client is allowed to. */
function discovery({ issuer }: World): Reply {
  const secretMethods = ['client_secret_basic', 'client_secret_post']
  return raw(200, {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    registration_endpoint: `${issuer}/register`,
    end_session_endpoint: `${issuer}/logout`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'groups'],
    token_endpoint_auth_methods_supported: secretMethods,
    claims_supported: claims,
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'password',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    acr_values_supported: ['1'],
    request_parameter_supported: false,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint_auth_methods_supported: secretMethods,
    revocation_endpoint_auth_methods_supported: secretMethods,
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'create'],
    device_authorization_endpoint: `${issuer}/device_authorization`,
  })
}
