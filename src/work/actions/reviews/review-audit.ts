import type { AuditEvent } from '#/autentico/audit.ts'
import { blindSpots } from '#/autentico/audit-coverage.ts'
import { csvRow, csvStart } from '../csv.ts'
import { evidence } from '../evidence.ts'
import { count, list, utc } from '../words.ts'
import { reading } from './reading.ts'

const defaultDays = 30

/**
 * What the audit log has since the exposure, grouped by who did it and what it was, with the whole list as a file, and with what
 * the log cannot show: because it was off, was switched off, begins later, or never shows such a thing.
 */
export const reviewAudit = reading('review-audit', async (ctx) => {
  const { autentico, order, now } = ctx
  const since = new Date(order.inputs?.['since'] ?? now().getTime() - defaultDays * 86_400_000)
  const [events, coverage] = await Promise.all([
    autentico.audit.slice({ since, until: now() }),
    autentico.auditCoverage(since),
  ])
  const isOn = coverage.verdict === 'on'
  const file = evidence(ctx, 'audit-entries.csv', table(events))
  return {
    did: [
      `Read ${count(events.length, 'entry', 'entries')} of the audit log since ${utc(since.toISOString())}.`,
      ...groups(events),
    ],
    // A gap is said as what stays open.
    notes: [...(isOn ? [coverage.sentence] : []), `The log never shows ${list(blindSpots)}.`],
    gaps: isOn ? [] : [coverage.sentence],
    evidence: [file],
    files: [
      {
        name: file.name,
        digest: file.digest,
        title: `Audit log since ${utc(since.toISOString())}`,
        privateOnly: false,
      },
    ],
    known: { exposedSince: since.toISOString() },
  }
})

/** The events by which somebody keeps a way in, or covers tracks, come first. */
const grave = [
  'client_created',
  'client_updated',
  'federation_created',
  'federation_updated',
  'settings_updated',
  'settings_imported',
  'user_created',
  'user_updated',
  'user_reactivated',
  'user_deleted',
  'mfa_disabled',
]

const shownGroups = 12

function groups(events: readonly AuditEvent[]): readonly string[] {
  const by = Map.groupBy(
    events,
    ({ actorUsername, event }) => `${actorUsername === '' ? 'nobody signed in' : actorUsername}\u0000${event}`,
  )
  const lines = [...by].map(([key, all]) => {
    const [who = '', event = ''] = key.split('\u0000')
    return { rank: grave.includes(event) ? 0 : 1, size: all.length, line: `${who}: ${event} ×${all.length}` }
  })
  const sorted = lines.toSorted((a, b) => a.rank - b.rank || b.size - a.size)
  const shown = sorted.slice(0, shownGroups).map(({ line }) => line)
  const rest = sorted.length - shown.length
  return shown.length === 0
    ? []
    : [`${shown.join(' · ')}${rest === 0 ? '' : ` · and ${rest} more kinds, in the file`}.`]
}

function table(events: readonly AuditEvent[]): Buffer {
  const head = ['time', 'event', 'actor', 'actor id', 'target type', 'target', 'address', 'detail']
  const rows = events.map((one) => {
    const detail = Object.entries(one.detail).map(([name, value]) => `${name}=${value}`)
    const { createdAt, event, actorUsername, actorId, targetType, targetId, ipAddress } = one
    return [createdAt, event, actorUsername, actorId ?? '', targetType, targetId, ipAddress, detail.join(' ')]
  })
  return Buffer.from(csvStart + [head, ...rows].map(csvRow).join(''), 'utf8')
}
