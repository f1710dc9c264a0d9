import { z } from 'zod'
import type { AdminClient } from './client.ts'
import { readAll } from './paging.ts'
import { path, type Query } from './paths.ts'
import { cookieDigest } from './sessions.ts'
import type { Settings } from './settings.ts'
import { daysAfter, parseTime, utcDay } from './times.ts'

/** One line of Autentico's audit log. */
export type AuditEvent = {
  readonly id: string
  readonly event: string
  readonly actorId: string | undefined
  readonly actorUsername: string
  readonly targetType: string
  /** A digest where Autentico put an SSO cookie here. */
  readonly targetId: string
  readonly detail: Readonly<{ [key: string]: string }>
  /** Can be forged, like every address Autentico records. */
  readonly ipAddress: string
  readonly createdAt: string
}

/** Both ends belong to it. */
export type TimeWindow = { readonly since: Date; readonly until: Date }

/** Whether Autentico writes an audit log at all; without one, an empty result says nothing. */
export type Auditing = { readonly on: boolean | 'unknown'; readonly sentence: string }

export type Audit = {
  /** All events in the window, oldest first; with `event`, only those of this name. */
  slice(window: TimeWindow & { readonly event?: string }): Promise<readonly AuditEvent[]>
  /** The events in the window by which somebody changed something, oldest first: few, however many sign-ins an attack makes. */
  changes(window: TimeWindow): Promise<readonly AuditEvent[]>
  /** The events in the window in which the account acts, is acted upon, or is named in a failed sign-in; oldest first. */
  ofAccount(
    account: { readonly id: string; readonly username?: string | undefined },
    window: TimeWindow,
  ): Promise<readonly AuditEvent[]>
  /** Whether events are being written now. That they were at an earlier time cannot be told from here. */
  auditing(): Promise<Auditing>
}

/** Every event that is not about signing in. Autentico filters by one at a time. */
export const changeEvents = [
  'user_created',
  'user_updated',
  'user_deactivated',
  'user_reactivated',
  'user_deleted',
  'user_unlocked',
  'deletion_approved',
  'password_changed',
  'password_reset_completed',
  'mfa_enrolled',
  'mfa_disabled',
  'passkey_added',
  'passkey_removed',
  'session_revoked',
  'all_user_sessions_revoked',
  'token_revoked',
  'client_created',
  'client_updated',
  'client_deleted',
  'settings_updated',
  'settings_imported',
  'federation_created',
  'federation_updated',
  'federation_deleted',
] as const

const auditEvent = z
  .object({
    id: z.string().min(1),
    event: z.string(),
    actor_id: z.string().nullable(),
    actor_username: z.string(),
    target_type: z.string(),
    target_id: z.string(),
    detail: z.string(),
    ip_address: z.string(),
    created_at: z.string(),
  })
  .transform(
    (row): AuditEvent => ({
      id: row.id,
      event: row.event,
      actorId: row.actor_id ?? undefined,
      actorUsername: row.actor_username,
      targetType: row.target_type,
      targetId: row.target_type === 'session' && isCookie(row.target_id) ? cookieDigest(row.target_id) : row.target_id,
      detail: parseDetail(row.detail),
      ipAddress: row.ip_address,
      createdAt: row.created_at,
    }),
  )

export function auditOf(client: AdminClient, settings: Settings): Audit {
  async function read(window: TimeWindow, filter: Query): Promise<readonly AuditEvent[]> {
    const events = await readAll(client, {
      list: path`/admin/api/audit-logs`,
      query: {
        ...filter,
        sort: 'created_at',
        order: 'asc',
        // Autentico compares the text it is given with the text it stored: only whole days filter correctly, and the
        // last day belongs to the result only if the day after it is asked for.
        created_at_from: utcDay(window.since),
        created_at_to: utcDay(daysAfter(window.until, 1)),
      },
      item: auditEvent,
    })
    return events.filter((event) => isWithin(event, window))
  }

  const slice: Audit['slice'] = async ({ event, ...window }) => {
    const events = await read(window, { event })
    return events.filter((one) => event === undefined || one.event === event)
  }

  return {
    slice,

    async changes(window) {
      const found: AuditEvent[] = []
      for (const event of changeEvents) found.push(...(await slice({ ...window, event })))
      return found.toSorted(byTime)
    },

    async ofAccount({ id, username }, window) {
      const found = new Map<string, AuditEvent>()
      // The search looks at target and actor name, not at the actor's id.
      for (const search of [id, username]) {
        if (search === undefined || search === '') continue
        for (const event of await read(window, { search })) {
          if (concerns(event, { id, username })) found.set(event.id, event)
        }
      }
      return [...found.values()].toSorted(byTime)
    },

    async auditing() {
      return auditingFrom((await settings.read()).get('audit_log_retention'))
    },
  }
}

function auditingFrom(retention: string | undefined): Auditing {
  if (retention === undefined) {
    return {
      on: 'unknown',
      sentence: 'This Autentico has no audit_log_retention setting; whether it audits is not known.',
    }
  }
  if (retention === '' || retention === '0') {
    return {
      on: false,
      sentence: 'Auditing is off (audit_log_retention is 0): nothing is written, so nothing can be ruled out.',
    }
  }
  const kept = retention === '-1' ? 'for ever' : `for ${retention}`
  return { on: true, sentence: `Auditing is on; events are kept ${kept}.` }
}

/** An id of a browser login (32 random bytes in base64url); sessions proper have ids of 20 characters. */
function isCookie(id: string): boolean {
  return /^[\w-]{40,}$/.test(id)
}

function parseDetail(text: string): Readonly<{ [key: string]: string }> {
  if (text === '') return {}
  try {
    const parsed = z.record(z.string(), z.string()).safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : {}
  } catch {
    return {}
  }
}

function isWithin(event: AuditEvent, { since, until }: TimeWindow): boolean {
  const at = parseTime(event.createdAt)
  // Times are whole seconds, so an event within the first second of the window must not be lost.
  return at !== undefined && at.getTime() >= Math.floor(since.getTime() / 1_000) * 1_000 && at <= until
}

function concerns(
  event: AuditEvent,
  account: { readonly id: string; readonly username?: string | undefined },
): boolean {
  if (event.actorId === account.id || event.targetId === account.id) return true
  // A failed sign-in has neither actor nor target, only the name that was typed.
  return account.username !== undefined && event.actorId === undefined && event.detail['username'] === account.username
}

function byTime(a: AuditEvent, b: AuditEvent): number {
  return compare(a.createdAt, b.createdAt) || compare(a.id, b.id)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
