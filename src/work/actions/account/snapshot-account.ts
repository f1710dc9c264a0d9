import type { AuditEvent } from '#/autentico/audit.ts'
import type { Snapshot } from '#/autentico/snapshot.ts'
import type { Action } from '../action.ts'
import { jsonEvidence } from '../evidence.ts'
import { utc } from '../words.ts'
import { lookAt, type Seen } from './account-facts.ts'

/** Reads the account and keeps the evidence before anything is changed. Autentico forgets most of it within a day. */
export const snapshotAccount: Action = {
  changes: false,
  async run(ctx) {
    const seen = await lookAt(ctx)
    const snapshot = await ctx.autentico.snapshot(ctx.order.target.id)
    const evidence = evidenceOf(snapshot).map(([name, content]) => jsonEvidence(ctx, name, content))
    return {
      result: {
        kind: 'snapshot',
        facts: seen.facts,
        evidence: evidence.map(({ name, digest }) => ({ name, digest })),
        warnings: warningsOf(seen, snapshot, ctx.now()),
      },
      evidence,
    }
  },
}

/** One file for each thing, so that each can be looked at alone. */
function evidenceOf(snapshot: Snapshot): readonly (readonly [name: string, content: object])[] {
  const { takenAt, userId, user, sessions, idpSessions, tokens, audit, doors } = snapshot
  const about = { takenAt, userId }
  return [
    ['account.json', { ...about, user }],
    ['sessions.json', { ...about, sessions }],
    ['sso-sessions.json', { ...about, ssoSessions: idpSessions }],
    ['tokens.json', { ...about, tokens }],
    ['audit.json', { ...about, audit }],
    ...(doors === null ? [] : [['doors.json', { ...about, doors }] as const]),
  ]
}

/** Events by which an attacker keeps a way in. */
const telling: Readonly<Record<string, string>> = {
  passkey_added: 'A passkey was added',
  mfa_enrolled: 'An authenticator was enrolled',
  mfa_disabled: 'MFA was switched off',
  password_changed: 'The password was changed',
  password_reset_completed: 'The password was reset by a link',
}

function warningsOf({ facts, visible }: Seen, { audit }: Snapshot, now: Date): readonly string[] {
  const { username } = facts.account
  return [
    ...(visible ? [] : [`Autentico no longer shows ${username}: the account is suspended, or gone.`]),
    ...(visible && facts.suspended ? [`${username} is suspended already.`] : []),
    ...(facts.isLastAdmin ? [`${username} is the last administrator besides the bot.`] : []),
    ...(audit.auditing.on === true ? [] : [audit.auditing.sentence]),
    ...(facts.database
      ? []
      : [
          'Passkeys, trusted devices, codes and links cannot be seen: this worker has no database (`AUTENTICO_DB_PATH`).',
        ]),
    ...(facts.mfa.required ? [] : ['This Autentico does not require MFA.']),
    ...recent(audit.events, now),
  ]
}

const weekMs = 7 * 86_400_000

/** The newest of each telling event of the last week. */
function recent(events: readonly AuditEvent[], now: Date): readonly string[] {
  return Object.entries(telling).flatMap(([event, words]) => {
    const last = events.findLast((one) => one.event === event)
    const at = last === undefined ? Number.NaN : Date.parse(last.createdAt)
    if (last === undefined || !(now.getTime() - at <= weekMs)) return []
    const from = last.ipAddress === '' ? '' : ` from ${last.ipAddress}`
    return [`${words} on ${utc(new Date(at).toISOString())}${from}.`]
  })
}
