import type { Audit, AuditEvent } from './audit.ts'
import type { AutenticoDatabase } from './database.ts'
import type { Settings } from './settings.ts'
import { parseGoDuration, parseTime, utcMinute } from './times.ts'

/** How far the audit log can be believed about the time since a moment. */
export type AuditCoverage = {
  /**
   * `on`: nothing speaks against it. `off`: nothing is being written now. `interrupted`: settings were changed meanwhile, and auditing may
   * have been off for a while: switching it off leaves no event, only switching it on again does. `from`: it begins later than
   * was asked for. `unknown`: this server does not say.
   */
  readonly verdict: 'on' | 'off' | 'interrupted' | 'from' | 'unknown'
  /** Events before this moment have been deleted, in RFC 3339; the moment asked about where nothing has. */
  readonly coversFrom: string
  /** Changes of settings in that time, by whom and when; what was changed is never said. */
  readonly settingsChanges: readonly AuditEvent[]
  /** When the retention itself was last written, in RFC 3339, also with the same value; undefined without a database, or if never. */
  readonly retentionWrittenAt: string | undefined
  readonly sentence: string
}

export type AuditCoverageDeps = {
  readonly audit: Audit
  readonly settings: Settings
  readonly database: AutenticoDatabase | undefined
  readonly now: () => Date
}

export async function auditCoverage(deps: AuditCoverageDeps, since: Date): Promise<AuditCoverage> {
  const { audit, settings, database, now } = deps
  const until = now()
  const [values, updated, imported, written] = await Promise.all([
    settings.read(),
    audit.slice({ since, until, event: 'settings_updated' }),
    audit.slice({ since, until, event: 'settings_imported' }),
    database?.everybody.settingChangedAt('audit_log_retention'),
  ])
  const retention = values.get('audit_log_retention')
  const settingsChanges = [...updated, ...imported].toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  const writtenAt = written === undefined ? undefined : parseTime(written)
  const kept = retention === undefined ? undefined : parseGoDuration(retention)
  const oldest = kept === undefined ? since : new Date(Math.max(since.getTime(), until.getTime() - kept))
  return {
    ...verdictOf({ retention, settingsChanges, writtenAt, oldest, since }),
    coversFrom: oldest.toISOString(),
    settingsChanges,
    retentionWrittenAt: writtenAt?.toISOString(),
  }
}

type Grounds = {
  readonly retention: string | undefined
  readonly settingsChanges: readonly AuditEvent[]
  readonly writtenAt: Date | undefined
  readonly oldest: Date
  readonly since: Date
}

function verdictOf({
  retention,
  settingsChanges,
  writtenAt,
  oldest,
  since,
}: Grounds): Pick<AuditCoverage, 'verdict' | 'sentence'> {
  if (retention === undefined) {
    const sentence = 'This Autentico has no audit_log_retention setting; whether it audits is not known.'
    return { verdict: 'unknown', sentence }
  }
  if (retention === '' || retention === '0') {
    const sentence = `Auditing is off now (audit_log_retention is 0), and nobody can tell from the log since when: what is not in it may have happened all the same.`
    return { verdict: 'off', sentence }
  }
  // Without the database any change may have been one of the retention. Times are written in whole seconds.
  const isTouched =
    writtenAt === undefined
      ? settingsChanges.length > 0
      : writtenAt.getTime() >= Math.floor(since.getTime() / 1_000) * 1_000
  if (isTouched) {
    const by = [...new Set(settingsChanges.map(({ actorUsername }) => actorUsername))]
    const whom = by.length === 0 ? 'no event says by whom' : `settings were changed by ${by.join(', ')}`
    const what =
      writtenAt === undefined ? 'Settings were written' : `audit_log_retention was written at ${utcMinute(writtenAt)}`
    return {
      verdict: 'interrupted',
      sentence: `${what} in this time (${whom}): auditing may have been off for a while, and switching it off leaves no event. What is in the log has happened; what is not may have happened too.`,
    }
  }
  if (oldest > since) {
    return {
      verdict: 'from',
      sentence: `Autentico keeps events for ${retention}: the log covers the time from ${utcMinute(oldest)} on only.`,
    }
  }
  return { verdict: 'on', sentence: 'Auditing is on, and nothing shows that it was off in this time.' }
}

/** What no audit log of Autentico ever shows, whatever its settings. */
export const blindSpots: readonly string[] = [
  'tokens issued without a browser, and refused attempts at them',
  'lockouts',
  'groups and who is in them',
  // A new administrator looks like a new phone number.
  'what was changed about an account or a setting',
  'devices that are trusted to skip MFA',
  'what people change about their own profile and sessions',
  'sign-ins by an e-mail verification link',
  'right passwords where MFA was not passed',
  'sign-outs',
  'the first administrator',
  // The export of the settings, which holds the mail password, is one.
  'whatever is only read',
  'changes in the database itself',
  // It is what the client or a proxy claims.
  'where a request really came from',
]
