import { z } from 'zod'
import { audit } from './audit-log.ts'
import { adminOnly, type Caller } from './bearer.ts'
import { flagField, readBody, textField } from './body.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import { hashPassword, maxPasswordBytes } from './passwords.ts'
import type { Route } from './router.ts'
import { sqlTime } from './time.ts'
import {
  createUser,
  findAnyUser,
  findUser,
  isDuplicate,
  profileColumns,
  revokeAccess,
  type UserRow,
  userJson,
} from './users.ts'
import { emailComplaint, linkComplaint, passwordComplaint, usernameComplaint } from './validation.ts'
import { type Call, data, list, nothing, type Reply, refuse, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

/** `/admin/api/users` and what hangs below it. */
export function adminUserRoutes(world: World): readonly Route[] {
  const admin = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    adminOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/admin/api/users', admin(listUsers)],
    ['POST', '/admin/api/users', admin(create)],
    ['GET', '/admin/api/users/{id}', admin(show)],
    ['PUT', '/admin/api/users/{id}', admin(update)],
    ['DELETE', '/admin/api/users/{id}', admin(remove)],
    ['POST', '/admin/api/users/{id}/deactivate', admin(deactivate)],
    ['POST', '/admin/api/users/{id}/reactivate', admin(reactivate)],
    ['POST', '/admin/api/users/{id}/unlock', admin(unlock)],
    ['POST', '/admin/api/users/{id}/revoke-sessions', admin(revokeSessions)],
  ]
}

const searched = [
  'username',
  'email',
  'id',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'phone_number',
] as const

const rules: ListRules = {
  sort: ['created_at', ...searched, 'updated_at', 'role'],
  search: searched.map((column) => `users.${column}`),
  filters: ['role', 'is_email_verified', 'totp_verified'],
  order: 'asc',
  dates: new Map([['created_at', 'users.created_at']]),
  table: 'users.',
}

/** Deactivated users are neither listed nor counted. */
function listUsers(world: World, call: Call): Reply {
  const query = readListQuery(call, rules)
  if (typeof query === 'string') return refuseFilter(query)
  const group = call.query.get('group') ?? ''
  const join = group === '' ? '' : ' JOIN user_groups ug ON users.id = ug.user_id JOIN groups g ON ug.group_id = g.id'
  const where = `FROM users${join} WHERE users.deactivated_at IS NULL${group === '' ? '' : ' AND g.name = ?'}${query.where}`
  // With a date filter the group name arrives after the dates although its placeholder comes first, as in the original.
  const dates = query.args.filter((_, index) => index < dateCount(call))
  const args = [...dates, ...(group === '' ? [] : [group]), ...query.args.slice(dates.length)]
  const { total } = world.db.prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${where}`).get(...args) ?? {
    total: 0,
  }
  const rows = world.db.prepare<string[], UserRow>(`SELECT users.* ${where}${query.tail}`).all(...args)
  return list(
    rows.map((user) => userJson(user, groupNames(world, user.id))),
    total,
  )
}

function dateCount(call: Call): number {
  return ['created_at_from', 'created_at_to'].filter((name) => (call.query.get(name) ?? '') !== '').length
}

function groupNames(world: World, userId: string): readonly string[] {
  return world.db
    .prepare<[string], { name: string }>(
      'SELECT g.name FROM groups g JOIN user_groups ug ON ug.group_id = g.id WHERE ug.user_id = ? ORDER BY g.name',
    )
    .all(userId)
    .map(({ name }) => name)
}

const newUser = z.object({ username: textField, password: textField, email: textField, role: textField })

function create(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, newUser)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid request payload')
  const username = body.username.trim()
  const email = body.email.trim().toLowerCase()
  const complaint =
    usernameComplaint(world, username) ??
    passwordComplaint(world, body.password) ??
    (email === '' ? undefined : emailComplaint(email))
  if (complaint !== undefined) return refuse(400, 'invalid_request', `User validation error. ${complaint}`)
  try {
    // Whatever role the body names, a new account is an ordinary one.
    const user = createUser(world, { username, password: body.password, email })
    audit(world, call, {
      event: 'user_created',
      actor: caller.user,
      target: ['user', user.id],
      detail: { source: 'admin' },
    })
    return data(201, userJson(user))
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return refuse(400, 'invalid_request', 'A user with that username or email already exists')
  }
}

function show(world: World, call: Call): Reply {
  const user = findUser(world, call.param('id'))
  return user === undefined ? refuse(404, 'not_found', 'User not found') : data(200, userJson(user))
}

const profileFields = Object.fromEntries(profileColumns.map((column) => [column, textField])) as {
  readonly [column in (typeof profileColumns)[number]]: typeof textField
}
const changedUser = z.object({
  username: textField,
  password: textField,
  email: textField,
  role: textField,
  is_email_verified: flagField,
  totp_verified: flagField,
  phone_number_verified: flagField,
  ...profileFields,
})
type ChangedUser = z.infer<typeof changedUser>

/** Changes what is given and keeps the rest. A new password leaves every session, token and lock as it is. */
function update(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, changedUser)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid request payload')
  const change = { ...body, username: body.username.trim(), email: body.email.trim().toLowerCase() }
  const complaint = changeComplaint(world, change)
  if (complaint !== undefined) return refuse(400, 'invalid_request', complaint)

  const user = findUser(world, call.param('id'))
  if (user === undefined) return refuse(404, 'not_found', 'User not found')
  if (Buffer.byteLength(change.password) > maxPasswordBytes) return refuse(500, 'server_error', 'Failed to update user')
  try {
    writeChange(world, user, change)
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return refuse(409, 'conflict', 'A user with that username or email already exists')
  }
  audit(world, call, { event: 'user_updated', actor: caller.user, target: ['user', user.id] })
  return show(world, call)
}

function changeComplaint(world: World, change: ChangedUser): string | undefined {
  if (change.username !== '') {
    const complaint = usernameComplaint(world, change.username)
    if (complaint !== undefined) return complaint
  }
  if (change.password !== '') {
    const complaint = passwordComplaint(world, change.password)
    if (complaint !== undefined) return complaint
  }
  if (change.email !== '' && emailComplaint(change.email) !== undefined) return emailComplaint(change.email)
  if (!['', 'user', 'admin'].includes(change.role)) return 'role is invalid: must be a valid value'
  const links = [
    ['picture', change.picture],
    ['website', change.website],
    ['profile URL', change.profile],
  ] as const
  return links
    .map(([field, link]) => (link === '' ? undefined : linkComplaint(field, link)))
    .find((text) => text !== undefined)
}

function writeChange(world: World, user: UserRow, change: ChangedUser): void {
  const password = change.password === '' ? (user.password ?? '') : hashPassword(change.password)
  const values: Record<string, string | number | null> = {
    username: change.username || user.username,
    email: change.email || user.email,
    role: change.role || user.role,
    password,
    is_email_verified: flag(change.is_email_verified, user.is_email_verified),
    totp_verified: flag(change.totp_verified, user.totp_verified),
    phone_number_verified: flag(change.phone_number_verified, user.phone_number_verified),
    updated_at: sqlTime(world.now()),
  }
  for (const column of profileColumns) values[column] = change[column] || user[column]
  const columns = Object.keys(values)
  world.db
    .prepare(`UPDATE users SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`)
    .run(...Object.values(values), user.id)
}

function flag(asked: boolean | null | undefined, present: number): number {
  return asked === null || asked === undefined ? present : Number(asked)
}

const deletedFirst = [
  'deletion_requests',
  'tokens',
  'sessions',
  'auth_codes',
  'idp_sessions',
  'mfa_challenges',
  'trusted_devices',
  'federated_identities',
]

/**
 * Table by table and without a transaction, as in the original: an outstanding reset link, magic link or device code
 * makes the last step fail, which leaves an account that can still log in and has lost everything else.
 */
function remove(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  if (findAnyUser(world, id) === undefined) return refuse(404, 'not_found', 'User not found')
  try {
    for (const table of deletedFirst) world.db.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(id)
    world.db.prepare('DELETE FROM users WHERE id = ?').run(id)
  } catch {
    return refuse(500, 'server_error', 'Failed to delete user')
  }
  audit(world, call, { event: 'user_deleted', actor: caller.user, target: ['user', id] })
  return nothing()
}

function deactivate(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const { changes } = world.db
    .prepare('UPDATE users SET deactivated_at = ? WHERE id = ? AND deactivated_at IS NULL')
    .run(sqlTime(world.now()), id)
  if (changes === 0) return refuse(404, 'not_found', 'User not found or already deactivated')
  revokeAccess(world, id)
  audit(world, call, { event: 'user_deactivated', actor: caller.user, target: ['user', id] })
  return nothing()
}

function reactivate(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const { changes } = world.db
    .prepare('UPDATE users SET deactivated_at = NULL WHERE id = ? AND deactivated_at IS NOT NULL')
    .run(id)
  if (changes === 0) return refuse(404, 'not_found', 'User not found or not deactivated')
  audit(world, call, { event: 'user_reactivated', actor: caller.user, target: ['user', id] })
  return nothing()
}

/** Works on a deactivated user too, but then cannot read the user back and answers 500. */
function unlock(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  const { changes } = world.db
    .prepare('UPDATE users SET failed_login_attempts = 0, locked_until = NULL WHERE id = ?')
    .run(id)
  if (changes === 0) return refuse(404, 'not_found', 'User not found')
  audit(world, call, { event: 'user_unlocked', actor: caller.user, target: ['user', id] })
  const user = findUser(world, id)
  return user === undefined ? refuse(500, 'server_error', 'Failed to read user') : data(200, userJson(user))
}

/** Never asks whether there is such a user: an unknown id gets 204 and an audit entry as well. */
function revokeSessions(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  revokeAccess(world, id)
  audit(world, call, { event: 'all_user_sessions_revoked', actor: caller.user, target: ['user', id] })
  return nothing()
}
