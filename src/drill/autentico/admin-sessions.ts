import { audit } from './audit-log.ts'
import { adminOnly, type Caller } from './bearer.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import type { Route } from './router.ts'
import { jsonExact, jsonSeconds, programTime, readTime, sqlTime } from './time.ts'
import { type Call, data, list, type Reply, refuse, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

/** OAuth sessions, browser logins and tokens, as an admin sees them. */
export function adminSessionRoutes(world: World): readonly Route[] {
  const admin = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    adminOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/admin/api/sessions', admin(listSessions)],
    ['DELETE', '/admin/api/sessions/{id}', admin(endSession)],
    ['GET', '/admin/api/idp-sessions', admin(listBrowserLogins)],
    ['GET', '/admin/api/users/{id}/idp-sessions', admin(listBrowserLoginsOfUser)],
    ['GET', '/admin/api/idp-sessions/{id}/sessions', admin(listSessionsOfBrowserLogin)],
    ['DELETE', '/admin/api/idp-sessions/{id}', admin(endBrowserLogin)],
    ['GET', '/admin/api/tokens', admin(listTokens)],
    ['DELETE', '/admin/api/tokens/{id}', admin(revokeToken)],
  ]
}

type SessionRow = {
  readonly id: string
  readonly user_id: string | null
  readonly user_agent: string | null
  readonly ip_address: string | null
  readonly device_id: string | null
  readonly last_activity_at: string | null
  readonly created_at: string
  readonly expires_at: string
  readonly deactivated_at: string | null
  readonly location: string | null
}

/** Everything still in the table, newest first, ended or not. One row with a hole makes the whole list fail. */
function listSessions(world: World, call: Call): Reply {
  const userId = call.query.get('user_id') ?? ''
  const rows = world.db
    .prepare<string[], SessionRow>(
      `SELECT * FROM sessions ${userId === '' ? '' : 'WHERE user_id = ? '}ORDER BY created_at DESC`,
    )
    .all(...(userId === '' ? [] : [userId]))
  return rows.some(hasHole)
    ? refuse(500, 'server_error', 'Failed to list sessions')
    : data(200, rows.map(sessionJson(world)))
}

function hasHole(row: SessionRow): boolean {
  return [row.user_id, row.user_agent, row.ip_address, row.location].includes(null)
}

function sessionJson(world: World): (row: SessionRow) => unknown {
  return (row) => ({
    id: row.id,
    user_id: row.user_id,
    user_agent: row.user_agent,
    ip_address: row.ip_address,
    device_id: row.device_id,
    last_activity_at: row.last_activity_at === null ? null : jsonExact(row.last_activity_at),
    created_at: jsonExact(row.created_at),
    expires_at: jsonExact(row.expires_at),
    deactivated_at: row.deactivated_at === null ? null : jsonExact(row.deactivated_at),
    location: row.location,
    status: row.deactivated_at === null ? (isPast(world, row.expires_at) ? 'expired' : 'active') : 'deactivated',
  })
}

function isPast(world: World, stored: string): boolean {
  return (readTime(stored) ?? new Date(0)) < world.now()
}

/** Ends one session; its token row stays, and so does the browser login it came from. */
function endSession(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const { changes } = world.db
    .prepare('UPDATE sessions SET deactivated_at = ? WHERE id = ?')
    .run(sqlTime(world.now()), id)
  if (changes === 0) return refuse(404, 'not_found', 'Session not found')
  audit(world, call, { event: 'session_revoked', actor: caller.user, target: ['session', id] })
  return data(200, { result: 'deactivated' })
}

type BrowserLoginRow = {
  readonly id: string
  readonly user_id: string
  readonly username: string
  readonly email: string | null
  readonly user_agent: string | null
  readonly ip_address: string | null
  readonly last_activity_at: string
  readonly created_at: string
  readonly active_apps_count: number
}

const activeApps =
  '(SELECT COUNT(*) FROM sessions WHERE idp_session_id = s.id AND deactivated_at IS NULL) AS active_apps_count'

function browserLoginJson(row: BrowserLoginRow): unknown {
  return {
    id: row.id,
    user_id: row.user_id,
    username: row.username,
    email: row.email ?? '',
    user_agent: row.user_agent ?? '',
    ip_address: row.ip_address ?? '',
    last_activity_at: jsonSeconds(row.last_activity_at),
    created_at: jsonSeconds(row.created_at),
    active_apps_count: row.active_apps_count,
  }
}

const browserLoginRules: ListRules = {
  sort: ['last_activity_at', 'created_at'],
  search: ['u.username', 'u.email', 's.ip_address'],
  filters: [],
  order: 'asc',
  dates: new Map([
    ['created_at', 's.created_at'],
    ['last_activity_at', 's.last_activity_at'],
  ]),
  table: 's.',
}

function listBrowserLogins(world: World, call: Call): Reply {
  const query = readListQuery(call, browserLoginRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM idp_sessions s JOIN users u ON s.user_id = u.id WHERE s.deactivated_at IS NULL${query.where}`
  const rows = world.db
    .prepare<string[], BrowserLoginRow>(`SELECT s.*, u.username, u.email, ${activeApps} ${from}${query.tail}`)
    .all(...query.args)
  return list(rows.map(browserLoginJson), count(world, from, query.args))
}

/** Names are left empty here, and the id need not belong to anyone. */
function listBrowserLoginsOfUser(world: World, call: Call): Reply {
  const rows = world.db
    .prepare<[string], BrowserLoginRow>(
      `SELECT s.*, '' AS username, '' AS email, ${activeApps} FROM idp_sessions s
       WHERE s.user_id = ? AND s.deactivated_at IS NULL ORDER BY s.last_activity_at DESC`,
    )
    .all(call.param('id'))
  return data(200, rows.map(browserLoginJson))
}

const childRules: ListRules = {
  sort: ['created_at', 'expires_at'],
  search: [],
  filters: [],
  order: 'asc',
  dates: new Map(),
  table: 'sessions.',
}

function listSessionsOfBrowserLogin(world: World, call: Call): Reply {
  const query = readListQuery(call, childRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM sessions WHERE idp_session_id = ?${query.where}`
  const args = [call.param('id'), ...query.args]
  const rows = world.db.prepare<string[], SessionRow>(`SELECT * ${from}${query.tail}`).all(...args)
  return list(rows.map(sessionJson(world)), count(world, from, args))
}

/** Ends a browser login with the sessions and tokens that came from it, but none from anywhere else. */
function endBrowserLogin(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const login = world.db
    .prepare<[string], { user_id: string }>('SELECT user_id FROM idp_sessions WHERE id = ? AND deactivated_at IS NULL')
    .get(id)
  if (login === undefined) return refuse(404, 'not_found', 'IdP session not found')
  endBrowserLoginRows(world, id)
  audit(world, call, {
    event: 'session_revoked',
    actor: caller.user,
    target: ['session', id],
    detail: { type: 'idp_session', user_id: login.user_id },
  })
  return data(200, { result: 'deactivated' })
}

/** The effect alone, in one transaction. */
export function endBrowserLoginRows(world: World, id: string): void {
  const at = programTime(world.now())
  world.db.transaction(() => {
    world.db.prepare('UPDATE idp_sessions SET deactivated_at = ? WHERE id = ? AND deactivated_at IS NULL').run(at, id)
    world.db
      .prepare('UPDATE sessions SET deactivated_at = ? WHERE idp_session_id = ? AND deactivated_at IS NULL')
      .run(at, id)
    world.db
      .prepare(
        `UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL
         AND access_token IN (SELECT access_token FROM sessions WHERE idp_session_id = ?)`,
      )
      .run(at, id)
  })()
}

type TokenRow = {
  readonly id: string
  readonly user_id: string | null
  readonly username: string | null
  readonly email: string | null
  readonly scope: string
  readonly grant_type: string
  readonly access_token_expires_at: string
  readonly issued_at: string
  readonly revoked_at: string | null
}

const tokenRules: ListRules = {
  sort: ['issued_at', 'access_token_expires_at'],
  search: ['u.username', 'u.email'],
  filters: [],
  order: 'asc',
  dates: new Map([['issued_at', 't.issued_at']]),
  table: 't.',
}

function listTokens(world: World, call: Call): Reply {
  const query = readListQuery(call, tokenRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM tokens t LEFT JOIN users u ON t.user_id = u.id WHERE 1=1${query.where}`
  const rows = world.db
    .prepare<string[], TokenRow>(`SELECT t.*, u.username, u.email ${from}${query.tail}`)
    .all(...query.args)
  return list(rows.map(tokenJson(world)), count(world, from, query.args))
}

function tokenJson(world: World): (row: TokenRow) => unknown {
  return (row) => ({
    id: row.id,
    user_id: row.user_id,
    username: row.username ?? '',
    email: row.email ?? '',
    scope: row.scope,
    grant_type: row.grant_type,
    access_token_expires_at: jsonSeconds(row.access_token_expires_at),
    issued_at: jsonSeconds(row.issued_at),
    revoked_at: row.revoked_at === null ? null : jsonSeconds(row.revoked_at),
    status: row.revoked_at === null ? (isPast(world, row.access_token_expires_at) ? 'expired' : 'active') : 'revoked',
  })
}

function revokeToken(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const { changes } = world.db
    .prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
    .run(programTime(world.now()), id)
  if (changes === 0) return refuse(404, 'not_found', 'Token not found or already revoked')
  audit(world, call, { event: 'token_revoked', actor: caller.user, target: ['token', id] })
  return data(200, { result: 'revoked' })
}

function count(world: World, from: string, args: readonly string[]): number {
  return world.db.prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${from}`).get(...args)?.total ?? 0
}
