import { endBrowserLoginRows } from './admin-sessions.ts'
import { durationMs, programTime } from './time.ts'
import type { World } from './world.ts'

const expiring = [
  'auth_codes',
  'mfa_challenges',
  'passkey_challenges',
  'trusted_devices',
  'sessions',
  'password_reset_tokens',
  'magic_link_tokens',
  'device_codes',
]

/**
 * What runs at every start: idle and over-aged browser logins are ended, and what expired more than `cleanup_retention`
 * ago is deleted. A session counts from the expiry of its access token, which is what ends long unused refresh tokens.
 */
export function cleanUp(world: World): void {
  endBrowserLogins(world, 'last_activity_at', world.settings.duration('sso_session_idle_timeout'))
  endBrowserLogins(world, 'created_at', world.settings.duration('sso_session_max_age'))

  const before = ago(world, world.settings.duration('cleanup_retention'))
  for (const table of expiring) world.db.prepare(`DELETE FROM ${table} WHERE expires_at < ?`).run(before)
  world.db.prepare('DELETE FROM tokens WHERE refresh_token_expires_at < ?').run(before)
  world.db.prepare('DELETE FROM idp_sessions WHERE deactivated_at < ?').run(before)

  const retention = durationMs(world.settings.text('audit_log_retention'))
  if (retention !== undefined && retention > 0) {
    world.db.prepare('DELETE FROM audit_logs WHERE created_at < ?').run(ago(world, retention))
  }
}

function endBrowserLogins(world: World, column: string, limitMs: number): void {
  if (limitMs <= 0) return
  const rows = world.db
    .prepare<[string], { id: string }>(`SELECT id FROM idp_sessions WHERE deactivated_at IS NULL AND ${column} < ?`)
    .all(ago(world, limitMs))
  for (const { id } of rows) endBrowserLoginRows(world, id)
}

function ago(world: World, ms: number): string {
  return programTime(new Date(world.now().getTime() - ms))
}
