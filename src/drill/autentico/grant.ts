import type { Granted } from './tokens.ts'
import { type Reply, refuse } from './wire.ts'

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a grant of a user's yields, or its refusal. */
export type UserGrant = Pick<Granted, 'user' | 'scope' | 'nonce' | 'authTime' | 'browserLogin'> | Reply

export function invalidScope(): Reply {
  return refuse(400, 'invalid_scope', 'One or more requested scopes are not allowed for this client')
}
