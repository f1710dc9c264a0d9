import { allowsGrant, allowsScope, authenticateClient, type ClientRow, clientCredentials } from './clients.ts'
import { deviceGrant, invalidScope, type UserGrant } from './grant.ts'
import { grantByCode } from './grant-code.ts'
import { grantByDevice } from './grant-device.ts'
import { grantByPassword } from './grant-password.ts'
import { grantByRefresh } from './grant-refresh.ts'
import type { Handler } from './router.ts'
import { issueClientToken, issueTokens } from './tokens.ts'
import { type Call, type Reply, raw, refuse } from './wire.ts'
import type { World } from './world.ts'

const grants = new Set(['authorization_code', 'refresh_token', 'password', 'client_credentials', deviceGrant])

/** The token endpoint. The order of its checks is part of the contract, and so is what has happened by then. */
export function tokenEndpoint(world: World): Handler {
  return (call) => {
    const grant = call.form.get('grant_type') ?? ''
    if (!grants.has(grant)) {
      return refuse(
        400,
        'invalid_request',
        `grant_type: ${grant === '' ? 'cannot be blank' : 'must be a valid value'}.`,
      )
    }
    const client = authenticateClient(world, call)
    if (typeof client === 'string') return refuse(401, 'invalid_client', client)
    if (client !== undefined && !allowsGrant(client, grant)) {
      return refuse(400, 'unauthorized_client', 'Grant type not allowed for this client')
    }
    if (grant === 'client_credentials') return grantToClient(world, call, client)

    const granted = grantToUser(world, call, grant, client)
    if ('status' in granted) return granted
    return raw(200, issueTokens(world, call, { ...granted, grant, client, clientId: clientCredentials(call).id }))
  }
}

function grantToUser(world: World, call: Call, grant: string, client: ClientRow | undefined): UserGrant {
  if (grant === 'password') return grantByPassword(world, call, client)
  if (grant === 'refresh_token') return grantByRefresh(world, call)
  if (grant === 'authorization_code') return grantByCode(world, call)
  return grantByDevice(world, call)
}

function grantToClient(world: World, call: Call, client: ClientRow | undefined): Reply {
  if (client === undefined) {
    return refuse(401, 'invalid_client', 'Client authentication is required for client_credentials grant')
  }
  if (client.client_type !== 'confidential') {
    return refuse(400, 'unauthorized_client', 'Public clients cannot use client_credentials grant')
  }
  const asked = call.form.get('scope') ?? ''
  const scope = (asked === '' ? client.scopes : asked)
    .split(' ')
    .filter((word) => word !== '' && word !== 'openid')
    .join(' ')
  if (scope === '') return refuse(400, 'invalid_scope', 'No valid scopes requested')
  if (!allowsScope(client, scope)) return invalidScope()
  return raw(200, issueClientToken(world, client, scope))
}
