import { randomInt } from 'node:crypto'
import { allowsGrant, allowsScope, clientCredentials, findActiveClient } from './clients.ts'
import { deviceGrant, invalidScope, type UserGrant } from './grant.ts'
import type { Handler } from './router.ts'
import { programTime, readTime } from './time.ts'
import { findUser } from './users.ts'
import { type Call, type Reply, raw, refuse } from './wire.ts'
import type { World } from './world.ts'

export type DeviceCodeRow = {
  readonly code: string
  readonly user_code: string
  readonly client_id: string
  readonly scope: string
  readonly expires_at: string
  readonly interval_seconds: number
  readonly user_id: string | null
  readonly status: string
  readonly last_polled_at: string | null
}

const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ'

/** Starts a device login (RFC 8628). */
export function deviceAuthorization(world: World): Handler {
  return (call) => {
    const clientId = call.form.get('client_id') ?? ''
    if (clientId === '') return refuse(400, 'invalid_request', 'client_id is required')
    const client = findActiveClient(world, clientId)
    if (client === undefined) return refuse(400, 'invalid_client', 'Unknown client_id')
    if (!allowsGrant(client, deviceGrant)) {
      return refuse(400, 'unauthorized_client', 'Client is not authorized for device_code grant')
    }
    const asked = call.form.get('scope') ?? ''
    if (!allowsScope(client, asked)) return invalidScope()

    const code = world.ids.hex()
    const userCode = Array.from({ length: 8 }, () => userCodeLetters.charAt(randomInt(userCodeLetters.length))).join('')
    const lifetimeMs = world.settings.duration('device_code_expiration')
    const interval = world.settings.number('device_code_polling_interval')
    const expiry = programTime(new Date(world.now().getTime() + lifetimeMs))
    world.db
      .prepare(
        `INSERT INTO device_codes (code, user_code, client_id, scope, expires_at, interval_seconds, status)
         VALUES (?, ?, ?, ?, ?, ?, 'pending')`,
      )
      .run(code, userCode, clientId, asked || client.scopes, expiry, interval)
    const shown = `${userCode.slice(0, 4)}-${userCode.slice(4)}`
    return raw(200, {
      device_code: code,
      user_code: shown,
      verification_uri: `${world.url}/account/device`,
      verification_uri_complete: `${world.url}/account/device/${shown}`,
      expires_in: Math.floor(lifetimeMs / 1000),
      interval,
    })
  }
}

/** One poll. Each poll that comes too early makes the interval longer. */
export function grantByDevice(world: World, call: Call): UserGrant {
  const code = call.form.get('device_code') ?? ''
  if (code === '') return refuse(400, 'invalid_request', 'device_code is required')
  const row = world.db.prepare<[string], DeviceCodeRow>('SELECT * FROM device_codes WHERE code = ?').get(code)
  if (row === undefined) return refuse(400, 'invalid_grant', 'Invalid device_code')
  if (row.client_id !== clientCredentials(call).id) {
    return refuse(400, 'invalid_grant', 'device_code was not issued to this client')
  }
  const now = world.now()
  if ((readTime(row.expires_at) ?? new Date(0)) < now)
    return refuse(400, 'expired_token', 'The device code has expired')
  const polled = row.last_polled_at === null ? undefined : readTime(row.last_polled_at)
  world.db.prepare('UPDATE device_codes SET last_polled_at = ? WHERE code = ?').run(programTime(now), code)
  if (polled !== undefined && now.getTime() - polled.getTime() < row.interval_seconds * 1000) {
    world.db.prepare('UPDATE device_codes SET interval_seconds = interval_seconds + 5 WHERE code = ?').run(code)
    return refuse(400, 'slow_down', 'Polling too frequently')
  }
  return decided(world, row)
}

function decided(world: World, row: DeviceCodeRow): UserGrant {
  if (row.status === 'pending')
    return refuse(400, 'authorization_pending', 'The user has not yet authorized this device')
  if (row.status === 'denied') return refuse(400, 'access_denied', 'The user denied the authorization request')
  if (row.status !== 'authorized') return refuse(400, 'invalid_grant', 'Invalid device code status')
  if (row.user_id === null) return noUser()
  const user = findUser(world, row.user_id)
  if (user === undefined) return refuse(400, 'invalid_grant', 'User not found')
  world.db.prepare(`UPDATE device_codes SET status = 'consumed' WHERE code = ?`).run(row.code)
  return { user, scope: row.scope }
}

function noUser(): Reply {
  return refuse(500, 'server_error', 'Device code authorized but no user associated')
}
