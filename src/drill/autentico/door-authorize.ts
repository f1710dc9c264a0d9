import { type AuthorizeParams, readParams } from './authorize-params.ts'
import { allowsRedirect, allowsScope, findActiveClient } from './clients.ts'
import type { Route } from './router.ts'
import { browserCookie, errorPage, formPage, issueCode, signedFields } from './sign-in.ts'
import { programTime, readTime } from './time.ts'
import { isUri } from './validation.ts'
import { type Call, type Reply, redirect } from './wire.ts'
import type { World } from './world.ts'

/** Where every browser login begins, and where a browser that is logged in already gets its code without a word. */
export function authorizeRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/authorize', (call) => authorize(world, call, call.query)],
    ['POST', '/oauth2/authorize', (call) => authorize(world, call, call.form)],
  ]
}

function authorize(world: World, call: Call, source: URLSearchParams): Reply {
  const params = readParams(source)
  if (!isUri(params.redirectUri)) return errorPage(400, 'Invalid redirect_uri')
  const client = findActiveClient(world, params.clientId)
  if (client === undefined) return errorPage(400, 'Unknown client_id')
  if (!allowsRedirect(client, params.redirectUri)) return errorPage(400, 'Redirect URI not allowed for this client')
  const type = source.get('response_type') ?? ''
  if (type === '') return backToClient(params, 'invalid_request', 'ResponseType: cannot be blank.')
  if (client.client_type === 'public' && params.codeChallenge === '') {
    return backToClient(params, 'invalid_request', 'code_challenge is required for public clients')
  }
  if (params.codeChallengeMethod === 'plain' && world.settings.flag('pkce_enforce_s256')) {
    return backToClient(params, 'invalid_request', "code_challenge_method 'plain' is not allowed; use S256")
  }
  if (type !== 'code') {
    return backToClient(params, 'unsupported_response_type', 'response_type not allowed for this client')
  }
  if (!allowsScope(client, params.scope)) {
    return backToClient(params, 'invalid_scope', 'one or more requested scopes are not allowed for this client')
  }

  const prompt = (source.get('prompt') ?? '').split(' ')
  const silent = prompt.includes('login') ? undefined : silentCode(world, call, params)
  if (silent !== undefined) return redirect(silent)
  if (prompt.includes('none')) return backToClient(params, 'login_required', '')
  return formPage(world, call, {
    title: 'Sign in',
    action: '/oauth2/login',
    error: source.get('error') ?? '',
    hidden: signedFields(world, params),
    inputs: ['username', 'password'],
  })
}

function backToClient(params: AuthorizeParams, error: string, description: string): Reply {
  const query = new URLSearchParams({ error })
  if (description !== '') query.set('error_description', description)
  if (params.state !== '') query.set('state', params.state)
  return redirect(`${params.redirectUri}?${query.toString()}`)
}

type LoginRow = {
  readonly id: string
  readonly user_id: string
  readonly last_activity_at: string
  readonly created_at: string
}

/** A code for the browser's cookie, if its login is live. Whether the user was deactivated is not looked at here. */
function silentCode(world: World, call: Call, params: AuthorizeParams): string | undefined {
  if (!world.settings.flag('sso_enabled')) return undefined
  const login = world.db
    .prepare<[string], LoginRow>('SELECT * FROM idp_sessions WHERE id = ? AND deactivated_at IS NULL')
    .get(call.cookies.get(browserCookie) ?? '')
  if (login === undefined) return undefined
  if (isOver(world, login.last_activity_at, 'sso_session_idle_timeout')) return undefined
  if (isOver(world, login.created_at, 'sso_session_max_age')) return undefined
  world.db.prepare('UPDATE idp_sessions SET last_activity_at = ? WHERE id = ?').run(programTime(world.now()), login.id)
  return issueCode(world, login.user_id, params, login.id)
}

function isOver(world: World, since: string, setting: string): boolean {
  const limit = world.settings.duration(setting)
  return limit > 0 && world.now().getTime() - (readTime(since) ?? new Date(0)).getTime() >= limit
}
