import { createHash } from 'node:crypto'
import { audit } from './audit-log.ts'
import { isSigned, permittedClient, readParams } from './authorize-params.ts'
import { hashPassword } from './passwords.ts'
import type { Route } from './router.ts'
import { errorPage, finishSignIn, formPage, refuseForged, secondFactor } from './sign-in.ts'
import { programTime, readTime, sqlTime } from './time.ts'
import { findUser } from './users.ts'
import { type Call, html, type Reply, text } from './wire.ts'
import type { World } from './world.ts'

/** The links that Autentico sends by e-mail. Nothing is sent here; the rows are what counts. */
export function linkRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/magic-link/verify', (call) => useMagicLink(world, call)],
    ['GET', '/oauth2/reset-password', (call) => showReset(world, call)],
    ['POST', '/oauth2/reset-password', (call) => resetPassword(world, call)],
    ['GET', '/oauth2/verify-email', (call) => verifyEmail(world, call)],
  ]
}

/** How the token in a link is kept. */
export function linkHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

type LinkRow = { readonly user_id: string; readonly expires_at: string; readonly used_at: string | null }

function liveLink(
  world: World,
  table: 'magic_link_tokens' | 'password_reset_tokens',
  token: string,
): LinkRow | undefined {
  const row = world.db.prepare<[string], LinkRow>(`SELECT * FROM ${table} WHERE token_hash = ?`).get(linkHash(token))
  if (row === undefined || row.used_at !== null) return undefined
  return (readTime(row.expires_at) ?? new Date(0)) < world.now() ? undefined : row
}

function spend(world: World, table: string, token: string): void {
  world.db.prepare(`UPDATE ${table} SET used_at = ? WHERE token_hash = ?`).run(sqlTime(world.now()), linkHash(token))
}

function expiredPage(sentence: string): Reply {
  return html(200, `<!doctype html>\n<html lang="en"><body><p role="alert">${sentence}</p></body></html>\n`)
}

/** Logs in without a password; a second factor is still asked for. */
function useMagicLink(world: World, call: Call): Reply {
  if (!world.settings.flag('magic_link_enabled')) return errorPage(404, 'Magic link login is not enabled.')
  const token = call.query.get('token') ?? ''
  const link = liveLink(world, 'magic_link_tokens', token)
  if (link === undefined) return expiredPage('This magic link is invalid or has already been used.')
  spend(world, 'magic_link_tokens', token)

  const params = readParams(call.query)
  if (!isSigned(world, params, call.query.get('authorize_sig'))) {
    return errorPage(400, 'Authorization request parameters have been tampered with.')
  }
  const client = permittedClient(world, params)
  if (typeof client === 'string') return errorPage(400, client)
  const user = findUser(world, link.user_id)
  if (user === undefined) return expiredPage('Account not found or deactivated.')
  const challenge = secondFactor(world, call, user, params)
  if (challenge !== undefined) return challenge
  const reply = finishSignIn(world, call, user.id, params)
  const detail = { method: 'magic_link' }
  audit(world, call, { event: 'magic_link_login_success', actor: user, target: ['user', user.id], detail })
  return reply
}

function showReset(world: World, call: Call): Reply {
  const token = call.query.get('token') ?? ''
  if (liveLink(world, 'password_reset_tokens', token) === undefined) {
    return expiredPage('This password reset link has expired or has already been used.')
  }
  return formPage(world, call, {
    title: 'Set a new password',
    action: '/oauth2/reset-password',
    hidden: [['token', token]],
    inputs: ['password', 'confirm_password'],
  })
}

/** Sets a new password over whatever there is, and ends the sessions and browser logins but not the tokens. */
function resetPassword(world: World, call: Call): Reply {
  const forged = refuseForged(world, call)
  if (forged !== undefined) return forged
  const token = call.form.get('token') ?? ''
  const password = call.form.get('password') ?? ''
  if (password !== call.form.get('confirm_password')) return expiredPage('Passwords do not match.')
  if (Buffer.byteLength(password) < world.settings.number('validation_min_password_length')) {
    return expiredPage('Password is too short.')
  }
  const link = liveLink(world, 'password_reset_tokens', token)
  if (link === undefined) return expiredPage('This password reset link is invalid or has already been used.')
  const user = findUser(world, link.user_id)
  if (user === undefined) return expiredPage('Failed to update password. Please try again.')

  const at = programTime(world.now())
  world.db
    .prepare('UPDATE users SET password = ?, updated_at = ? WHERE id = ?')
    .run(hashPassword(password), sqlTime(world.now()), user.id)
  spend(world, 'password_reset_tokens', token)
  for (const table of ['sessions', 'idp_sessions']) {
    world.db
      .prepare(`UPDATE ${table} SET deactivated_at = ? WHERE user_id = ? AND deactivated_at IS NULL`)
      .run(at, user.id)
  }
  audit(world, call, { event: 'password_reset_completed', target: ['user', user.id] })
  return html(200, '<!doctype html>\n<html lang="en"><body><p>Password changed</p></body></html>\n')
}

type VerificationRow = { readonly id: string; readonly email_verification_expires_at: string }

/** Marks the address as verified, and logs its owner in with neither password nor second factor. */
function verifyEmail(world: World, call: Call): Reply {
  if ((call.query.get('token') ?? '') === '') return text(400, 'Missing token')
  const params = readParams(call.query)
  if (!isSigned(world, params, call.query.get('authorize_sig'))) {
    return expiredPage('Invalid verification link. Please log in again.')
  }
  const row = world.db
    .prepare<[string], VerificationRow>(
      'SELECT id, email_verification_expires_at FROM users WHERE email_verification_token = ? AND deactivated_at IS NULL',
    )
    .get(linkHash(call.query.get('token') ?? ''))
  if (row === undefined) return expiredPage('This verification link is invalid or has already been used.')
  if ((readTime(row.email_verification_expires_at) ?? new Date(0)) < world.now()) {
    return expiredPage('This verification link has expired.')
  }
  world.db
    .prepare(
      `UPDATE users SET is_email_verified = 1, email_verification_token = NULL, email_verification_expires_at = NULL
       WHERE id = ?`,
    )
    .run(row.id)
  return finishSignIn(world, call, row.id, params)
}
