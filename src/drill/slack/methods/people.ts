import { workspace as company } from '../../cast.ts'
import type { JsonObject } from '../json.ts'
import { userJson } from '../messages.ts'
import { SlackRefusal } from '../refusal.ts'
import type { User, Usergroup } from '../workspace.ts'
import type { Call, Method } from './call.ts'
import { cut } from './conversations.ts'

export const usersInfo: Method = (call) => {
  call.needs('users:read')
  const user = call.workspace.users.get(call.args.required('user', 'user_not_found'))
  if (user === undefined) throw new SlackRefusal('user_not_found')
  return { user: seen(call, user) }
}

export const usersList: Method = (call) => {
  call.needs('users:read')
  const { items, cursor } = cut(call, [...call.workspace.users.values()], ({ id }) => id)
  return {
    members: items.map((user) => seen(call, user)),
    cache_ts: call.workspace.clock.seconds(),
    response_metadata: { next_cursor: cursor },
  }
}

export const lookupByEmail: Method = (call) => {
  call.needs('users:read.email')
  const email = call.args.required('email', 'users_not_found').toLowerCase()
  const user = [...call.workspace.users.values()].find(
    (each) => each.email.toLowerCase() === email && !each.deactivated,
  )
  if (user === undefined) throw new SlackRefusal('users_not_found')
  return { user: seen(call, user) }
}

export const usergroupsList: Method = (call) => {
  call.needs('usergroups:read')
  const withUsers = call.args.flag('include_users')
  return { usergroups: [...call.workspace.usergroups.values()].map((group) => usergroupJson(group, withUsers)) }
}

export const usergroupUsers: Method = (call) => {
  call.needs('usergroups:read')
  const group = call.workspace.usergroups.get(call.args.required('usergroup', 'no_such_subteam'))
  if (group === undefined) throw new SlackRefusal('no_such_subteam')
  return { users: group.users }
}

function seen(call: Call, user: User): JsonObject {
  return userJson(call.workspace, user, { email: grants(call, 'users:read.email') })
}

function grants(call: Call, scope: string): boolean {
  try {
    call.needs(scope)
    return true
  } catch (error) {
    if (error instanceof SlackRefusal) return false
    throw error
  }
}

function usergroupJson(group: Usergroup, withUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: company.team,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: '',
    is_external: false,
    date_create: 17e8,
    date_delete: 0,
    auto_type: null,
    user_count: group.users.length,
    ...(withUsers && { users: group.users }),
  }
}
