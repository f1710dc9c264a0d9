import { adminOnly } from './bearer.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import type { Route } from './router.ts'
import { jsonExact } from './time.ts'
import { type Call, data, list, type Reply, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

/** Groups and deletion requests, to read. Nothing in an incident changes them. */
export function groupRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/admin/api/groups', adminOnly(world, (call) => listGroups(world, call))],
    ['GET', '/admin/api/users/{id}/groups', adminOnly(world, (call) => listGroupsOfUser(world, call))],
    ['GET', '/admin/api/deletion-requests', adminOnly(world, (call) => listDeletionRequests(world, call))],
  ]
}

type GroupRow = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly member_count: number
  readonly created_at: string
  readonly updated_at: string
}

const memberCount = '(SELECT COUNT(*) FROM user_groups WHERE group_id = groups.id) AS member_count'

function groupJson(row: GroupRow): unknown {
  const { id, name, description, member_count } = row
  return {
    id,
    name,
    description,
    member_count,
    created_at: jsonExact(row.created_at),
    updated_at: jsonExact(row.updated_at),
  }
}

const groupRules: ListRules = {
  sort: ['name', 'created_at', 'updated_at'],
  search: ['name', 'description'],
  filters: [],
  order: 'asc',
  dates: new Map(),
  table: '',
}

function listGroups(world: World, call: Call): Reply {
  const query = readListQuery(call, groupRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM groups WHERE 1=1${query.where}`
  const rows = world.db
    .prepare<string[], GroupRow>(`SELECT groups.*, ${memberCount} ${from}${query.tail}`)
    .all(...query.args)
  return list(rows.map(groupJson), count(world, from, query.args))
}

function listGroupsOfUser(world: World, call: Call): Reply {
  const rows = world.db
    .prepare<[string], GroupRow>(
      `SELECT groups.*, ${memberCount} FROM groups JOIN user_groups ug ON ug.group_id = groups.id
       WHERE ug.user_id = ? ORDER BY groups.name`,
    )
    .all(call.param('id'))
  return data(200, rows.map(groupJson))
}

type DeletionRow = {
  readonly id: string
  readonly user_id: string
  readonly username: string
  readonly email: string | null
  readonly reason: string | null
  readonly requested_at: string
}

const deletionRules: ListRules = {
  sort: ['requested_at'],
  search: ['u.username', 'u.email'],
  filters: [],
  order: 'asc',
  dates: new Map([['requested_at', 'd.requested_at']]),
  table: 'd.',
}

function listDeletionRequests(world: World, call: Call): Reply {
  const query = readListQuery(call, deletionRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM deletion_requests d JOIN users u ON u.id = d.user_id WHERE 1=1${query.where}`
  const rows = world.db
    .prepare<string[], DeletionRow>(`SELECT d.*, u.username, u.email ${from}${query.tail}`)
    .all(...query.args)
  const items = rows.map(({ id, user_id, username, email, reason, requested_at }) => ({
    id,
    user_id,
    username,
    email: email ?? '',
    ...(reason === null ? {} : { reason }),
    requested_at: jsonExact(requested_at),
  }))
  return list(items, count(world, from, query.args))
}

function count(world: World, from: string, args: readonly string[]): number {
  return world.db.prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${from}`).get(...args)?.total ?? 0
}
