import { z } from 'zod'
import { audit } from './audit-log.ts'
import { adminOnly, type Caller } from './bearer.ts'
import { flagField, readBody, textField } from './body.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import type { Route } from './router.ts'
import { sqlTime } from './time.ts'
import { isDuplicate } from './users.ts'
import { type Call, list, nothing, type Reply, raw, refuse, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

export function adminFederationRoutes(world: World): readonly Route[] {
  const admin = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    adminOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/admin/api/federation', admin(listProviders)],
    ['POST', '/admin/api/federation', admin(create)],
    ['GET', '/admin/api/federation/{id}', admin(show)],
    ['PUT', '/admin/api/federation/{id}', admin(update)],
    ['DELETE', '/admin/api/federation/{id}', admin(remove)],
  ]
}

export type ProviderRow = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly client_id: string
  readonly client_secret: string
  readonly icon_svg: string | null
  readonly enabled: number
  readonly sort_order: number
}

export function findProvider(world: World, id: string): ProviderRow | undefined {
  return world.db.prepare<[string], ProviderRow>('SELECT * FROM federation_providers WHERE id = ?').get(id)
}

const rules: ListRules = {
  sort: ['sort_order', 'name', 'issuer', 'client_id', 'enabled', 'created_at'],
  search: ['name', 'issuer', 'client_id'],
  filters: ['enabled'],
  order: 'asc',
  dates: new Map(),
  table: '',
}

function listProviders(world: World, call: Call): Reply {
  const query = readListQuery(call, rules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM federation_providers WHERE 1=1${query.where}`
  const { total } = world.db
    .prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${from}`)
    .get(...query.args) ?? {
    total: 0,
  }
  return list(
    world.db
      .prepare<string[], ProviderRow>(`SELECT * ${from}${query.tail}`)
      .all(...query.args)
      .map(providerJson),
    total,
  )
}

/** The secret is never shown. */
function providerJson(row: ProviderRow): unknown {
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    client_id: row.client_id,
    icon_svg: row.icon_svg ?? '',
    enabled: row.enabled === 1,
    sort_order: row.sort_order,
  }
}

const provider = z.object({
  id: textField,
  name: textField,
  issuer: textField,
  client_id: textField,
  client_secret: textField,
  icon_svg: textField,
  enabled: flagField,
  sort_order: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? 0),
})

function create(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, provider)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON payload')
  if ([body.id, body.name, body.issuer, body.client_id, body.client_secret].includes('')) {
    return refuse(400, 'invalid_request', 'id, name, issuer, client_id, and client_secret are required')
  }
  try {
    world.db
      .prepare(
        `INSERT INTO federation_providers (id, name, issuer, client_id, client_secret, icon_svg, enabled, sort_order, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(body.id, ...columns(body), sqlTime(world.now()))
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return refuse(400, 'invalid_request', 'A federation provider with that ID already exists')
  }
  const detail = { name: body.name }
  audit(world, call, { event: 'federation_created', actor: caller.user, target: ['federation', body.id], detail })
  return raw(201, { status: 'created' })
}

function columns(body: z.infer<typeof provider>): readonly (string | number | null)[] {
  const icon = body.icon_svg === '' ? null : body.icon_svg
  return [
    body.name,
    body.issuer,
    body.client_id,
    body.client_secret,
    icon,
    Number(body.enabled ?? true),
    body.sort_order,
  ]
}

function show(world: World, call: Call): Reply {
  const row = findProvider(world, call.param('id'))
  return row === undefined ? notFound() : raw(200, providerJson(row))
}

/** Overwrites everything; a secret that is not given is blanked. */
function update(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  if (findProvider(world, id) === undefined) return notFound()
  const body = readBody(call.body, provider)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON payload')
  if ([body.name, body.issuer, body.client_id].includes('')) {
    return refuse(400, 'invalid_request', 'name, issuer, and client_id are required')
  }
  world.db
    .prepare(
      `UPDATE federation_providers SET name = ?, issuer = ?, client_id = ?, client_secret = ?, icon_svg = ?, enabled = ?,
       sort_order = ? WHERE id = ?`,
    )
    .run(...columns(body), id)
  audit(world, call, { event: 'federation_updated', actor: caller.user, target: ['federation', id] })
  return raw(200, { status: 'updated' })
}

/** Fails while any account is linked to the provider. */
function remove(world: World, call: Call, caller: Caller): Reply {
  const id = call.param('id')
  if (findProvider(world, id) === undefined) return notFound()
  try {
    world.db.prepare('DELETE FROM federation_providers WHERE id = ?').run(id)
  } catch {
    return refuse(500, 'server_error', 'Failed to delete federation provider')
  }
  audit(world, call, { event: 'federation_deleted', actor: caller.user, target: ['federation', id] })
  return nothing()
}

function notFound(): Reply {
  return refuse(404, 'not_found', 'Federation provider not found')
}
