import SQLite from 'better-sqlite3'
import { expect } from 'vitest'
import { recordedOf } from '#/deciders/incidents.ts'
import { scriptClientId } from '#/drill/autentico/seed.ts'
import { until } from '#/drill/crew.ts'
import type { Stage } from '#/drill/stage.ts'
import type { IncidentId } from '#/incident/events.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { type Case, caseOf, entriesOf, ledgerOf, openFor, reloadEverybody } from '../../support/incident-flow.ts'

/** Stands, where something is expected, for any text that this fits. */
export function matching(pattern: RegExp | string): unknown {
  return expect.stringMatching(pattern)
}

/** The account id of a person of the drill. Throws when there is none. */
export function idOf({ autentico }: Stage, username: string): string {
  const found = autentico.accounts[username]
  if (found === undefined) throw new Error(`the drill has no ${username}`)
  return found.id
}

/** Opens a session of this account with its password, as the victim or an attacker does. Throws when it is refused. */
export async function signIn(stage: Stage, username: string): Promise<void> {
  const { url, accounts } = stage.autentico
  const body = {
    grant_type: 'password',
    client_id: scriptClientId,
    username,
    password: accounts[username]?.password ?? '',
  }
  const answer = await fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(body) })
  if (!answer.ok) throw new Error(`the sign-in of ${username} was refused with ${answer.status}`)
}

/** An incident about an account with one live session, whose first step waits for an approval. */
export async function askedFor(stage: Stage, username: string): Promise<Case> {
  reloadEverybody(stage)
  await signIn(stage, username)
  const incident = await openFor(stage, username)
  await incident.ask(1)
  return incident
}

/** Statuses of the calls that changed something about this account, oldest first; 0 for one that was never answered. */
export function changes(stage: Stage, username: string, ending = ''): readonly number[] {
  const account = `/admin/api/users/${idOf(stage, username)}`
  return stage.autentico.control.calls
    .filter(({ method, path }) => method !== 'GET' && path.startsWith(account) && path.endsWith(ending))
    .map(({ status }) => status)
}

/** How many sessions of this account are live, by Autentico's own database. */
export function liveSessions({ autentico }: Stage, username: string): number {
  const db = new SQLite(autentico.databaseFile, { readonly: true })
  try {
    const count = db
      .prepare<[string], number>('SELECT count(*) FROM sessions WHERE user_id = ? AND deactivated_at IS NULL')
      .pluck()
    return count.get(autentico.accounts[username]?.id ?? '') ?? 0
  } finally {
    db.close()
  }
}

/** Edits Autentico's database behind its back. */
export function edit({ autentico }: Stage, sql: string, ...values: readonly string[]): void {
  const db = new SQLite(autentico.databaseFile)
  try {
    db.prepare(sql).run(...values)
  } finally {
    db.close()
  }
}

/** Numbers of the entries that the messages of an incident's thread name in their metadata, in the order of the messages. */
export function namedInThread({ slack }: Stage, id: IncidentId): readonly number[] {
  return slack
    .state()
    .channels.flatMap(({ messages }) => messages)
    .flatMap(({ metadata }) => {
      const payload = metadata?.['event_payload']
      if (metadata?.['event_type'] !== 'autentico_entry' || typeof payload !== 'object' || payload === null) return []
      const { incident, seq, also } = payload as {
        readonly incident?: unknown
        readonly seq?: unknown
        readonly also?: unknown
      }
      if (incident !== id) return []
      return [...(Array.isArray(also) ? (also as unknown[]) : []), seq].map(Number)
    })
}

/** Numbers of the entries of an incident that belong into its thread, by the ledger. */
export function dueInThread(stage: Stage, id: IncidentId): readonly number[] {
  const incident = caseOf(stage, id).state()
  using ledger = ledgerOf(stage)
  return ledger
    .stream(id)
    .map(recordedOf)
    .filter((recorded) => timelineLine(recorded, incident).forThread)
    .map(({ seq }) => seq)
}

/** Waits until the thread has caught up, and checks that it then has every line that is due, once, and in order. */
export async function expectThreadToAgree(stage: Stage, { id }: Pick<Case, 'id'>, limitMs = 25_000): Promise<void> {
  await until(
    () => (namedInThread(stage, id).includes(dueInThread(stage, id).at(-1) ?? 0) ? true : undefined),
    `the last line of ${id} in its thread`,
    limitMs,
  )
  expect(namedInThread(stage, id)).toEqual(dueInThread(stage, id))
  // Nobody altered anything, so nothing of it may be taken for altered.
  expect(entriesOf(stage, id, 'PostsAltered')).toEqual([])
}

/** Waits until the card has been drawn for the newest entry of the incident. */
export async function expectCardToBeCurrent(incident: Case): Promise<void> {
  await until(() => {
    const { lastSeq, lastHash } = incident.state()
    return incident.card().text.includes(`entry ${lastSeq} · ${lastHash.slice(0, 6)}`) ? true : undefined
  }, `the card of ${incident.id} as the ledger has it`)
}
