import { createHmac } from 'node:crypto'
import { type AuthorizeParams, signParams, wireParams } from './authorize-params.ts'
import { programTime, readTime } from './time.ts'
import type { UserRow } from './users.ts'
import { type Call, escapeHtml, html, type Reply, redirect } from './wire.ts'
import type { World } from './world.ts'

export const browserCookie = 'autentico_idp_session'
export const deviceCookie = 'autentico_trusted_device'
const csrfCookie = '_gorilla_csrf'

/** Opens a browser login. The id is the cookie: whoever sees it is the browser. */
export function startBrowserLogin(
  world: World,
  call: Call,
  userId: string,
): { readonly id: string; readonly cookie: string } {
  const id = world.ids.secret()
  const at = programTime(world.now())
  world.db
    .prepare(
      `INSERT INTO idp_sessions (id, user_id, user_agent, ip_address, last_activity_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(id, userId, call.userAgent, call.ip, at, at)
  return { id, cookie: `${browserCookie}=${id}; Path=/; HttpOnly; SameSite=Lax` }
}

/** Writes an authorization code and returns where to send the browser with it. */
export function issueCode(world: World, userId: string, params: AuthorizeParams, browserLogin: string): string {
  const code = world.ids.secret()
  const now = world.now()
  const expiry = new Date(now.getTime() + world.settings.duration('authorization_code_expiration'))
  world.db
    .prepare(
      `INSERT INTO auth_codes (code, user_id, client_id, redirect_uri, scope, nonce, code_challenge,
       code_challenge_method, expires_at, used, created_at, idp_session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    )
    .run(
      code,
      userId,
      params.clientId,
      params.redirectUri,
      params.scope,
      params.nonce,
      params.codeChallenge,
      params.codeChallengeMethod,
      programTime(expiry),
      programTime(now),
      browserLogin,
    )
  const query = new URLSearchParams({ code })
  if (params.state !== '') query.set('state', params.state)
  return `${params.redirectUri}?${query.toString()}`
}

/** The last step of every browser door: a browser login with its cookie, and a code for the relying party. */
export function finishSignIn(world: World, call: Call, userId: string, params: AuthorizeParams): Reply {
  const login = startBrowserLogin(world, call, userId)
  return redirect(issueCode(world, userId, params, login.id), { 'Set-Cookie': login.cookie })
}

const challengeMinutes = 10

/**
 * The redirect to the second-factor page when one is due; undefined when the first was enough. A valid trusted-device
 * cookie of the same user counts as the second factor while the setting allows it.
 */
export function secondFactor(world: World, call: Call, user: UserRow, params: AuthorizeParams): Reply | undefined {
  const isRequired = world.settings.flag('require_mfa')
  if (!isRequired && user.totp_verified !== 1) return undefined
  if (world.settings.flag('trust_device_enabled') && isTrustedDevice(world, call, user.id)) return undefined

  const asked = world.settings.text('mfa_method')
  const byMail = isRequired && user.totp_verified !== 1 && (asked === 'email' || asked === 'both')
  const id = world.ids.secret()
  world.db
    .prepare(
      `INSERT INTO mfa_challenges (id, user_id, method, login_state, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      id,
      user.id,
      byMail ? 'email' : 'totp',
      JSON.stringify(Object.fromEntries(wireParams(params))),
      programTime(world.now()),
      programTime(new Date(world.now().getTime() + challengeMinutes * 60_000)),
    )
  return redirect(`/oauth2/mfa?challenge_id=${id}`)
}

function isTrustedDevice(world: World, call: Call, userId: string): boolean {
  const id = call.cookies.get(deviceCookie) ?? ''
  const device = world.db
    .prepare<[string, string], { expires_at: string }>(
      'SELECT expires_at FROM trusted_devices WHERE id = ? AND user_id = ?',
    )
    .get(id, userId)
  if (device === undefined || (readTime(device.expires_at) ?? new Date(0)) < world.now()) return false
  world.db.prepare('UPDATE trusted_devices SET last_used_at = ? WHERE id = ?').run(programTime(world.now()), id)
  return true
}

export type Form = {
  readonly title: string
  readonly action: string
  readonly error?: string
  readonly hidden: readonly (readonly [string, string])[]
  readonly inputs: readonly string[]
}

/** A page with one form, its CSRF token in a field and in a cookie. */
export function formPage(world: World, call: Call, form: Form): Reply {
  const token = formToken(world, call) ?? newFormToken(world)
  const hidden = [['gorilla.csrf.Token', token] as const, ...form.hidden].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`,
  )
  const inputs = form.inputs.map((name) => `<label>${name} <input name="${name}"></label>`)
  const error = form.error === undefined || form.error === '' ? '' : `<p role="alert">${escapeHtml(form.error)}</p>`
  const body = `<!doctype html>
<html lang="en"><head><title>${form.title}</title></head><body><h1>${form.title}</h1>${error}
<form method="post" action="${form.action}">${hidden.join('')}${inputs.join('')}<button>Continue</button></form></body></html>
`
  return html(200, body, { 'Set-Cookie': `${csrfCookie}=${token}; Path=/oauth2; HttpOnly; SameSite=Lax` })
}

/** The parameters of a login with their signature, as form fields. */
export function signedFields(world: World, params: AuthorizeParams): readonly (readonly [string, string])[] {
  return [...wireParams(params), ['authorize_sig', signParams(world, params)]]
}

/** The refusal of a form whose token does not match the cookie, or was given out under another secret; undefined when all is well. */
export function refuseForged(world: World, call: Call): Reply | undefined {
  const token = formToken(world, call)
  if (token !== undefined && call.form.get('gorilla.csrf.Token') === token) return undefined
  return {
    status: 403,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'Forbidden - CSRF token invalid\n',
  }
}

function newFormToken(world: World): string {
  const random = world.ids.secret()
  return `${random}.${formSignature(world, random)}`
}

/** The browser's token, if it was signed with the secret that is in force. */
function formToken(world: World, call: Call): string | undefined {
  const token = call.cookies.get(csrfCookie) ?? ''
  const [random = '', signature] = token.split('.')
  return signature === formSignature(world, random) ? token : undefined
}

function formSignature(world: World, random: string): string {
  return createHmac('sha256', world.environment.csrfSecret).update(random).digest('base64url')
}

/** Back to the login page with a sentence about what went wrong. */
export function backToLogin(params: AuthorizeParams, error: string): Reply {
  const query = new URLSearchParams({ response_type: 'code', error })
  for (const [name, value] of wireParams(params)) query.set(name, value)
  return redirect(`/oauth2/authorize?${query.toString()}`)
}

export function errorPage(status: number, message: string): Reply {
  return html(
    status,
    `<!doctype html>\n<html lang="en"><body><p role="alert">${escapeHtml(message)}</p></body></html>\n`,
  )
}
