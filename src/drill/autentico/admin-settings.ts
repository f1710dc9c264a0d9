import { z } from 'zod'
import { audit } from './audit-log.ts'
import { adminOnly, type Caller } from './bearer.ts'
import { readBody, textField } from './body.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import type { Route } from './router.ts'
import { durationSettings, settingDefaults } from './settings.ts'
import { durationMs, jsonSeconds, sqlTime } from './time.ts'
import { type Call, data, list, nothing, type Reply, refuse, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

/** Settings, statistics and the audit log. */
export function adminSettingsRoutes(world: World): readonly Route[] {
  const admin = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    adminOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/admin/api/settings', admin(showSettings)],
    ['PUT', '/admin/api/settings', admin(changeSettings)],
    ['GET', '/admin/api/settings/export', admin(exportSettings)],
    ['POST', '/admin/api/settings/import/preview', admin(previewImport)],
    ['POST', '/admin/api/settings/import/apply', admin(applyImport)],
    ['POST', '/admin/api/settings/test-smtp', admin(testMail)],
    ['GET', '/admin/api/stats', admin(showStats)],
    ['GET', '/admin/api/audit-logs', admin(listAudit)],
  ]
}

function showSettings(world: World): Reply {
  const hidden = new Set(['private_key', 'smtp_password'])
  return data(200, sorted([...world.settings.stored()].filter(([key]) => !hidden.has(key))))
}

/** Holds the mail password in clear, whatever its name promises. */
function exportSettings(world: World): Reply {
  const settings = sorted([...world.settings.stored()].filter(([key]) => key !== 'onboarded'))
  return data(200, { version: 1, exported_at: world.now().toISOString(), settings })
}

function sorted(entries: readonly (readonly [string, string])[]): unknown {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Unknown keys are stored without a word. The new values count from the audit entry on, this one's own included. */
function changeSettings(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, z.record(z.string(), textField))
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON body')
  const complaint = durationComplaint(body)
  if (complaint !== undefined) return refuse(400, 'invalid_request', complaint)
  for (const [key, value] of Object.entries(body)) {
    if (key !== 'onboarded' && key !== 'private_key') world.settings.store(key, value, world.now())
  }
  world.settings.reload()
  audit(world, call, { event: 'settings_updated', actor: caller.user, target: ['settings', ''] })
  return nothing()
}

function durationComplaint(values: Readonly<Record<string, string>>): string | undefined {
  for (const [key, allowed] of durationSettings) {
    const value = values[key]
    if (value === undefined || allowed.includes(value) || durationMs(value) !== undefined) continue
    return `setting "${key}" has invalid duration "${value}" (expected a Go duration like 15m, 1h, 24h)`
  }
  return undefined
}

const exported = z.object({ settings: z.record(z.string(), textField).nullish() })

/** Shows the present values beside the new ones, the mail password too if it is asked about. */
function previewImport(world: World, call: Call): Reply {
  const body = readBody(call.body, exported)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON body')
  const present = world.settings.stored()
  const entries = Object.entries(body.settings ?? {})
  const known = entries.filter(([key]) => settingDefaults.has(key))
  return data(200, {
    rows: known.map(([key, incoming]) => ({ key, current: present.get(key) ?? '', incoming })),
    unknown: entries.map(([key]) => key).filter((key) => !settingDefaults.has(key)),
  })
}

function applyImport(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, exported)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON body')
  const complaint = durationComplaint(body.settings ?? {})
  if (complaint !== undefined) return refuse(400, 'invalid_request', complaint)
  for (const [key, value] of Object.entries(body.settings ?? {})) {
    if (key !== 'onboarded' && settingDefaults.has(key)) world.settings.store(key, value, world.now())
  }
  world.settings.reload()
  audit(world, call, { event: 'settings_imported', actor: caller.user, target: ['settings', ''] })
  return nothing()
}

/** Nothing is sent from here, so it always fails. */
function testMail(): Reply {
  return refuse(500, 'smtp_error', 'Failed to send test email. Check SMTP configuration.')
}

function showStats(world: World): Reply {
  const now = world.now()
  const dayAgo = sqlTime(new Date(now.getTime() - 86_400_000))
  const at = sqlTime(now)
  const count = (sql: string, ...args: string[]): number =>
    world.db.prepare<string[], { n: number }>(`SELECT COUNT(*) AS n FROM ${sql}`).get(...args)?.n ?? 0
  return data(200, {
    total_users: count('users WHERE deactivated_at IS NULL'),
    active_clients: count('clients WHERE is_active = 1'),
    active_devices: count('idp_sessions WHERE deactivated_at IS NULL'),
    active_tokens: count('tokens WHERE revoked_at IS NULL AND access_token_expires_at > ?', at),
    recent_logins: count('sessions WHERE created_at > ?', dayAgo),
    pending_deletion_requests: count('deletion_requests'),
    failed_logins_24h: count("audit_logs WHERE event = 'login_failed' AND created_at > ?", dayAgo),
    locked_accounts: count('users WHERE locked_until > ? AND deactivated_at IS NULL', at),
  })
}

type AuditRow = {
  readonly id: string
  readonly event: string
  readonly actor_id: string | null
  readonly actor_username: string
  readonly target_type: string
  readonly target_id: string
  readonly detail: string
  readonly ip_address: string
  readonly created_at: string
}

const auditRules: ListRules = {
  sort: ['created_at', 'event'],
  search: ['actor_username', 'target_id', 'ip_address', 'detail'],
  filters: ['event'],
  order: 'desc',
  dates: new Map([['created_at', 'created_at']]),
  table: '',
}

function listAudit(world: World, call: Call): Reply {
  const query = readListQuery(call, auditRules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM audit_logs WHERE 1=1${query.where}`
  const rows = world.db.prepare<string[], AuditRow>(`SELECT * ${from}${query.tail}`).all(...query.args)
  const { total } = world.db
    .prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${from}`)
    .get(...query.args) ?? {
    total: 0,
  }
  return list(
    rows.map((row) => ({
      id: row.id,
      event: row.event,
      actor_id: row.actor_id,
      actor_username: row.actor_username,
      target_type: row.target_type,
      target_id: row.target_id,
      detail: row.detail,
      ip_address: row.ip_address,
      created_at: jsonSeconds(row.created_at),
    })),
    total,
  )
}
