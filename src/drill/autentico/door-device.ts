import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { accountOnly } from './bearer.ts'
import { readBody, textField } from './body.ts'
import { findClient } from './clients.ts'
import type { DeviceCodeRow } from './grant-device.ts'
import type { Route } from './router.ts'
import { browserCookie } from './sign-in.ts'
import { readTime } from './time.ts'
import { findUser, type UserRow } from './users.ts'
import { type Call, escapeHtml, html, type Reply, raw, redirect, refuse } from './wire.ts'
import { accountClientId, type World } from './world.ts'

/**
 * Where a person lets a device in that shows a code: the calls of the self-service API, and the page that a browser opens. The original's
 * page is a program that makes those calls; this one needs none and goes by the browser's login itself.
 */
export function deviceRoutes(world: World): readonly Route[] {
  const body = (call: Call) => readBody(call.body, z.object({ user_code: textField }))
  const api = (decide: (code: string, user: UserRow) => Reply) =>
    accountOnly(world, (call, { user }) => {
      const read = body(call)
      return read === undefined
        ? refuse(400, 'invalid_request', 'Invalid request body')
        : decide(normal(read.user_code), user)
    })
  return [
    ['POST', '/account/api/device/verify', api((code) => verify(world, code))],
    ['POST', '/account/api/device/authorize', api((code, user) => authorize(world, code, user))],
    ['POST', '/account/api/device/deny', api((code) => deny(world, code))],
    ['GET', '/account/device', (call) => page(world, call, '')],
    ['GET', '/account/device/{code}', (call) => page(world, call, call.param('code'))],
    ['POST', '/account/device', (call) => sent(world, call)],
    ['GET', '/account/callback', (call) => backFromLogin(call)],
  ]
}

function verify(world: World, code: string): Reply {
  const row = pending(world, code)
  if ('body' in row) return row
  const { client_id, scope } = row
  const client_name = findClient(world, client_id)?.client_name ?? client_id
  return raw(200, { user_code: shown(code), client_name, scope })
}

function authorize(world: World, code: string, user: UserRow): Reply {
  const row = pending(world, code)
  if ('body' in row) return row
  world.db.prepare(`UPDATE device_codes SET status = 'authorized', user_id = ? WHERE code = ?`).run(user.id, row.code)
  return raw(200, { status: 'authorized' })
}

/** One whose time is over can be turned down as well. */
function deny(world: World, code: string): Reply {
  const row = find(world, code)
  if ('body' in row) return row
  if (row.status !== 'pending') return alreadyUsed()
  world.db.prepare(`UPDATE device_codes SET status = 'denied' WHERE code = ?`).run(row.code)
  return raw(200, { status: 'denied' })
}

function pending(world: World, code: string): DeviceCodeRow | Reply {
  const row = find(world, code)
  if ('body' in row) return row
  if ((readTime(row.expires_at) ?? new Date(0)) < world.now()) return refuse(410, 'expired', 'This code has expired')
  return row.status === 'pending' ? row : alreadyUsed()
}

function find(world: World, code: string): DeviceCodeRow | Reply {
  if (code === '') return refuse(400, 'invalid_request', 'user_code is required')
  const row = world.db.prepare<[string], DeviceCodeRow>('SELECT * FROM device_codes WHERE user_code = ?').get(code)
  return row ?? refuse(404, 'not_found', 'Invalid or unknown code')
}

function alreadyUsed(): Reply {
  return refuse(409, 'already_used', 'This code has already been used')
}

const statePrefix = 'device-'

/** Whoever is not signed in does that first, and comes back. */
function page(world: World, call: Call, code: string): Reply {
  const user = signedIn(world, call)
  if (user === undefined) return toLogin(world, code)
  const row = code === '' ? undefined : pending(world, normal(code))
  if (row === undefined || 'body' in row) {
    const said =
      row === undefined
        ? ''
        : `<p role="alert">${row.status === 410 ? 'This code has expired.' : 'No such code waits.'}</p>`
    return document(
      user,
      `${said}<form method="post" action="/account/device"><label>Code <input name="user_code"></label><button name="decision" value="look">Continue</button></form>`,
    )
  }
  const client = findClient(world, row.client_id)?.client_name ?? row.client_id
  const hidden = `<input type="hidden" name="user_code" value="${escapeHtml(shown(row.user_code))}">`
  return document(
    user,
    `<p><b>${escapeHtml(client)}</b> shows the code <b>${escapeHtml(shown(row.user_code))}</b> and asks who you are (${escapeHtml(row.scope)}).</p>
<form method="post" action="/account/device">${hidden}<button name="decision" value="authorize">Confirm</button> <button name="decision" value="deny">Deny</button></form>`,
  )
}

function sent(world: World, call: Call): Reply {
  const user = signedIn(world, call)
  const code = call.form.get('user_code') ?? ''
  if (user === undefined) return toLogin(world, code)
  const decision = call.form.get('decision')
  if (decision !== 'authorize' && decision !== 'deny')
    return redirect(`/account/device/${encodeURIComponent(code)}`, {}, 303)
  const { status } = decision === 'authorize' ? authorize(world, normal(code), user) : deny(world, normal(code))
  if (status !== 200) return redirect(`/account/device/${encodeURIComponent(code)}`, {}, 303)
  const done = decision === 'authorize' ? 'Confirmed. You can go back to where the code was shown.' : 'Denied.'
  return document(user, `<p role="status">${done}</p>`)
}

/** The browser's login is what is wanted; the code for the account page is left to expire. */
function toLogin({ url }: World, code: string): Reply {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: accountClientId,
    redirect_uri: `${url}/account/callback`,
    scope: 'openid profile email',
    state: `${statePrefix}${code}`,
    code_challenge: randomBytes(32).toString('base64url'),
    code_challenge_method: 'S256',
  })
  return redirect(`/oauth2/authorize?${query.toString()}`)
}

function backFromLogin(call: Call): Reply {
  const state = call.query.get('state') ?? ''
  if (!state.startsWith(statePrefix)) return redirect('/account/')
  const code = state.slice(statePrefix.length)
  return redirect(code === '' ? '/account/device' : `/account/device/${encodeURIComponent(code)}`)
}

function signedIn(world: World, call: Call): UserRow | undefined {
  const login = world.db
    .prepare<[string], { user_id: string }>('SELECT user_id FROM idp_sessions WHERE id = ? AND deactivated_at IS NULL')
    .get(call.cookies.get(browserCookie) ?? '')
  return login === undefined ? undefined : findUser(world, login.user_id)
}

function document({ username }: UserRow, body: string): Reply {
  return html(
    200,
    `<!doctype html>\n<html lang="en"><head><title>Let a device in</title></head><body><h1>Let a device in</h1><p>You are signed in as <b>${escapeHtml(username)}</b>. <a href="/oauth2/logout">Sign out</a></p>${body}</body></html>\n`,
  )
}

/** `wdjb mjht` and `WDJB-MJHT` are one. */
function normal(code: string): string {
  return code.toUpperCase().replaceAll(/[- ]/g, '')
}

function shown(code: string): string {
  return code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code
}
