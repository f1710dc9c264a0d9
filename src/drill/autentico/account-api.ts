import { z } from 'zod'
import { audit } from './audit-log.ts'
import { accountOnly, type Caller } from './bearer.ts'
import { readBody, textField } from './body.ts'
import { saveTotp } from './door-mfa.ts'
import { closeChallenge, createChallenge, openChallenge, passkeysOf, storePasskey } from './passkeys.ts'
import type { Route } from './router.ts'
import { jsonExact } from './time.ts'
import { createTotpSecret, isTotpCode } from './totp.ts'
import { checkPassword, revokeAccess, userJson } from './users.ts'
import { readAttestation, relyingParty } from './webauthn.ts'
import { type Call, data, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

/** The part of the self-service API with which someone who holds a live token can dig in: factors, passkeys, devices. */
export function accountRoutes(world: World): readonly Route[] {
  const account = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    accountOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/account/api/profile', account((_world, _call, { user }) => data(200, userJson(user)))],
    [
      'GET',
      '/account/api/mfa',
      account((_world, _call, { user }) => data(200, { totp_enabled: user.totp_verified === 1 })),
    ],
    ['POST', '/account/api/mfa/totp/setup', account(setUpTotp)],
    ['POST', '/account/api/mfa/totp/verify', account(verifyTotp)],
    ['DELETE', '/account/api/mfa/totp', account(disableTotp)],
    ['GET', '/account/api/passkeys', account(listPasskeys)],
    ['POST', '/account/api/passkeys/register/begin', account(beginPasskey)],
    ['POST', '/account/api/passkeys/register/finish', account(finishPasskey)],
    ['DELETE', '/account/api/passkeys/{id}', account(deletePasskey)],
    ['GET', '/account/api/trusted-devices', account(listDevices)],
    ['DELETE', '/account/api/trusted-devices/{id}', account(forgetDevice)],
  ]
}

const confirmation = z.object({ current_password: textField, code: textField })

/** Users without a password need not confirm anything. */
function refuseUnconfirmed(world: World, call: Call, { user }: Caller): Reply | undefined {
  const body = readBody(call.body, confirmation)
  if (body === undefined) return invalidBody()
  if ((user.password ?? '') === '') return undefined
  const verdict = checkPassword(world, user, body.current_password)
  if (verdict === 'locked') return refuse(429, 'account_locked', 'Account is temporarily locked')
  if (verdict === 'right') return undefined
  return refuse(403, 'invalid_password', 'Current password is required to perform this action')
}

function invalidBody(): Reply {
  return refuse(400, 'invalid_request', 'Invalid request body')
}

function setUpTotp(world: World, call: Call, caller: Caller): Reply {
  const refused = refuseUnconfirmed(world, call, caller)
  if (refused !== undefined) return refused
  if (caller.user.totp_verified === 1) {
    return refuse(409, 'already_enrolled', 'TOTP is already enrolled. Disable it first before re-enrolling.')
  }
  const secret = createTotpSecret()
  world.db.prepare('UPDATE users SET totp_secret = ?, totp_verified = 0 WHERE id = ?').run(secret, caller.user.id)
  const label = `otpauth://totp/Autentico:${caller.user.username}?secret=${secret}&issuer=Autentico`
  return data(200, { secret, qr_code_data: label })
}

/** Arms whatever secret is in the row, be it one that an admin has reset: no password, no new set-up. */
function verifyTotp(world: World, call: Call, { user }: Caller): Reply {
  const body = readBody(call.body, z.object({ code: textField }))
  if (body === undefined) return invalidBody()
  if (user.totp_secret === '') return refuse(400, 'invalid_request', 'TOTP not initiated')
  if (!isTotpCode(user.totp_secret, body.code, world.now())) return refuse(400, 'invalid_code', 'Invalid TOTP code')
  saveTotp(world, user.id, user.totp_secret)
  const detail = { method: 'totp', source: 'account' }
  audit(world, call, { event: 'mfa_enrolled', actor: user, target: ['user', user.id], detail })
  return data(200, { message: 'TOTP enabled successfully' })
}

function disableTotp(world: World, call: Call, { user }: Caller): Reply {
  const body = readBody(call.body, confirmation)
  if (body === undefined) return invalidBody()
  if (user.totp_secret === '') return refuse(400, 'invalid_request', 'TOTP is not enrolled')
  const verdict = (user.password ?? '') === '' ? 'right' : checkPassword(world, user, body.current_password)
  if (verdict === 'locked') return refuse(429, 'account_locked', 'Account is temporarily locked')
  if (verdict === 'wrong' || !isTotpCode(user.totp_secret, body.code, world.now())) {
    return refuse(403, 'invalid_credentials', 'Invalid password or TOTP code')
  }
  world.db.prepare(`UPDATE users SET totp_secret = '', totp_verified = 0 WHERE id = ?`).run(user.id)
  revokeAccess(world, user.id)
  audit(world, call, { event: 'mfa_disabled', actor: user, target: ['user', user.id] })
  return data(200, { message: 'MFA disabled' })
}

function listPasskeys(world: World, _call: Call, { user }: Caller): Reply {
  const rows = passkeysOf(world, user.id).map((row) => ({
    id: row.id,
    name: row.name,
    created_at: jsonExact(row.created_at),
    last_used_at: row.last_used_at === null ? null : jsonExact(row.last_used_at),
  }))
  return data(200, rows.length === 0 ? null : rows)
}

function beginPasskey(world: World, call: Call, caller: Caller): Reply {
  const refused = refuseUnconfirmed(world, call, caller)
  if (refused !== undefined) return refused
  const wanted = { userId: caller.user.id, kind: 'account-registration', loginState: '' } as const
  const { id, challenge } = createChallenge(world, wanted)
  const publicKey = {
    rp: { name: world.settings.text('passkey_rp_name'), id: relyingParty(world.url).id },
    user: { name: caller.user.username, id: Buffer.from(caller.user.id).toString('base64url') },
    challenge,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  }
  return data(200, { challenge_id: id, options: { publicKey } })
}

function finishPasskey(world: World, call: Call, { user }: Caller): Reply {
  const open = openChallenge(world, call.query.get('challenge_id') ?? '', 'account-registration')
  if (open === 'invalid') return refuse(400, 'invalid_request', 'Invalid challenge')
  if (open === 'expired') return refuse(400, 'invalid_request', 'Challenge expired')
  if (open.userId !== user.id) return refuse(403, 'forbidden', 'Challenge does not belong to you')
  const made = readAttestation(call.body, { party: relyingParty(world.url), challenge: open.challenge })
  if (made === undefined) return refuse(400, 'registration_failed', 'Passkey registration failed')
  storePasskey(world, { ...made, userId: user.id })
  closeChallenge(world, open.id)
  audit(world, call, { event: 'passkey_added', actor: user, target: ['user', user.id] })
  return data(200, { message: 'Passkey added successfully' })
}

function deletePasskey(world: World, call: Call, caller: Caller): Reply {
  const refused = refuseUnconfirmed(world, call, caller)
  if (refused !== undefined) return refused
  const { changes } = world.db
    .prepare('DELETE FROM passkey_credentials WHERE id = ? AND user_id = ?')
    .run(call.param('id'), caller.user.id)
  if (changes === 0) return refuse(403, 'forbidden', 'Passkey not found or not owned by you')
  audit(world, call, { event: 'passkey_removed', actor: caller.user, target: ['user', caller.user.id] })
  return data(200, { message: 'Passkey deleted' })
}

type TrustedDeviceRow = {
  readonly id: string
  readonly device_name: string
  readonly created_at: string
  readonly last_used_at: string
  readonly expires_at: string
}

/** The ids are live cookies. */
function listDevices(world: World, _call: Call, { user }: Caller): Reply {
  const rows = world.db
    .prepare<[string], TrustedDeviceRow>('SELECT * FROM trusted_devices WHERE user_id = ? ORDER BY created_at')
    .all(user.id)
    .map(({ id, device_name, created_at, last_used_at, expires_at }) => ({
      id,
      device_name,
      created_at: jsonExact(created_at),
      last_used_at: jsonExact(last_used_at),
      expires_at: jsonExact(expires_at),
    }))
  return data(200, rows.length === 0 ? null : rows)
}

function forgetDevice(world: World, call: Call, { user }: Caller): Reply {
  const { changes } = world.db
    .prepare('DELETE FROM trusted_devices WHERE id = ? AND user_id = ?')
    .run(call.param('id'), user.id)
  return changes === 0
    ? refuse(403, 'forbidden', 'Device not found or not owned by you')
    : data(200, { message: 'Trusted device revoked' })
}
