import { createHash } from 'node:crypto'
import { clientCredentials } from './clients.ts'
import type { UserGrant } from './grant.ts'
import { programTime, readTime } from './time.ts'
import { findUser } from './users.ts'
import { isWebUrl } from './validation.ts'
import { type Call, type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

type CodeRow = {
  readonly user_id: string
  readonly client_id: string
  readonly redirect_uri: string
  readonly scope: string
  readonly nonce: string
  readonly code_challenge: string
  readonly code_challenge_method: string
  readonly expires_at: string
  readonly used: number
  readonly created_at: string
  readonly idp_session_id: string | null
}

/** Exchange of an authorization code. The browser login it came from may have been ended since: nobody looks. */
export function grantByCode(world: World, call: Call): UserGrant {
  const code = call.form.get('code') ?? ''
  const redirectUri = call.form.get('redirect_uri') ?? ''
  const blank = [
    ...(code === '' ? ['code: cannot be blank'] : []),
    ...(redirectUri === ''
      ? ['redirect_uri: cannot be blank']
      : isWebUrl(redirectUri)
        ? []
        : ['redirect_uri: must be a valid URL']),
  ]
  if (blank.length > 0) return refuse(400, 'invalid_request', `${blank.join('; ')}.`)

  const row = world.db.prepare<[string], CodeRow>('SELECT * FROM auth_codes WHERE code = ?').get(code)
  if (row === undefined) return invalid('Authorization code is invalid or has expired')
  if (row.used === 1) return punishReuse(world, row.user_id)
  if (row.redirect_uri !== redirectUri || (readTime(row.expires_at) ?? new Date(0)) < world.now()) {
    return invalid('Authorization code is invalid or has expired')
  }
  if (row.client_id !== '' && row.client_id !== clientCredentials(call).id) return invalid('Client ID mismatch')
  const complaint = row.code_challenge === '' ? undefined : verifierComplaint(row, call.form.get('code_verifier') ?? '')
  if (complaint !== undefined) return invalid(complaint)

  world.db.prepare('UPDATE auth_codes SET used = 1 WHERE code = ?').run(code)
  const user = findUser(world, row.user_id)
  if (user === undefined) return refuse(400, 'invalid_request', 'User not found')
  const authTime = readTime(row.created_at) ?? world.now()
  return { user, scope: row.scope, nonce: row.nonce, authTime, browserLogin: row.idp_session_id ?? '' }
}

function invalid(description: string): Reply {
  return refuse(400, 'invalid_grant', description)
}

function punishReuse(world: World, userId: string): Reply {
  world.db
    .prepare(
      `UPDATE tokens SET revoked_at = ? WHERE user_id = ? AND grant_type = 'authorization_code' AND revoked_at IS NULL`,
    )
    .run(programTime(world.now()), userId)
  return invalid('Authorization code has already been used')
}

function verifierComplaint(row: CodeRow, verifier: string): string | undefined {
  if (verifier === '') return 'code_verifier is required'
  if (verifier.length < 43 || verifier.length > 128) {
    return `code_verifier invalid: code_verifier must be 43-128 characters, got ${verifier.length}`
  }
  const given =
    row.code_challenge_method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url')
  return given === row.code_challenge ? undefined : 'PKCE verification failed'
}
