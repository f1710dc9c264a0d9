import { sqlTime } from './time.ts'
import type { Call } from './wire.ts'
import type { World } from './world.ts'

export type AuditEvent = {
  readonly event: string
  readonly actor?: { readonly id: string; readonly username: string } | undefined
  readonly target?: readonly [type: string, id: string]
  readonly detail?: Readonly<Record<string, string>>
}

/** Writes an audit entry, or nothing at all while `audit_log_retention` is '' or '0'. */
export function audit(world: World, call: Pick<Call, 'ip'>, entry: AuditEvent): void {
  const retention = world.settings.text('audit_log_retention')
  if (retention === '' || retention === '0') return
  const [targetType, targetId] = entry.target ?? ['', '']
  world.db
    .prepare(
      `INSERT INTO audit_logs (id, event, actor_id, actor_username, target_type, target_id, detail, ip_address, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      world.ids.ordered(),
      entry.event,
      entry.actor?.id ?? null,
      entry.actor?.username ?? '',
      targetType,
      targetId,
      entry.detail === undefined ? '' : JSON.stringify(entry.detail),
      call.ip,
      sqlTime(world.now()),
    )
}
