import type { Incidents } from '#/deciders/incidents.ts'
import type { Metrics } from '#/health/metrics.ts'
import type { Board, Look } from '#/health/parts.ts'
import { isRestored, type OpenedIncident, openRequests } from '#/incident/state.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { LedgerWatch } from '#/record/watch-ledger.ts'
import type { ThreadWitness } from '#/record/witness-threads.ts'
import type { Slack } from '#/slack/start-slack.ts'
import type { Health } from './health.ts'
import { remedy } from './slack-door.ts'

export type BotParts = {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly slack: Slack
  readonly watch: LedgerWatch
  readonly witness: ThreadWitness
  /** How often the consumer of outcomes was replaced. */
  readonly outcomesRebuilt: () => number
  readonly now: () => Date
}

/** Adds what the bot shows: the ledger, Slack, what people wait for, and how far its followers are behind. */
export function showBot({ board, metrics, counts }: Health, parts: BotParts): void {
  const { ledger, incidents, slack, watch, witness, now } = parts
  board.add({ name: 'ledger', needed: true, look: () => writable(watch) })
  board.add({ name: 'verification', needed: false, look: () => holds(watch) })
  board.add({ name: 'threads', needed: false, look: () => agree(witness) })
  showSlack(board, metrics, { slack, lastDelivery: counts.lastDelivery })
  showLedger(metrics, ledger, watch)
  showFollowers(metrics, ledger, now)
  showIncidents(metrics, incidents, now)
  metrics.total({
    name: 'outcome_consumer_rebuilt_total',
    help: 'How often the bot had gone deaf to outcomes and was connected anew.',
    read: parts.outcomesRebuilt,
  })
}

function writable(watch: LedgerWatch): Look {
  const trouble = watch.trouble()
  return trouble === undefined
    ? { ok: true, sentence: 'The ledger takes entries.' }
    : {
        ok: false,
        sentence: `The ledger cannot be written (${trouble.why}), so nothing can be done. ${remedy(trouble.why)}`,
      }
}

function holds(watch: LedgerWatch): Look {
  const verified = watch.verified()
  if (verified === undefined) return { ok: true, sentence: 'The ledger was not verified yet since the start.' }
  return verified.ok
    ? { ok: true, sentence: `The ledger is verified up to entry ${verified.seq}.` }
    : {
        ok: false,
        sentence: `The ledger is damaged (${verified.problem ?? 'unknown'}): see "The ledger does not verify".`,
      }
}

/** Never what does not agree: that may name an incident. */
function agree(witness: ThreadWitness): Look {
  const found = witness.witnessed()
  if (found === undefined)
    return { ok: true, sentence: 'The threads were not compared with the ledger yet since the start.' }
  const { compared, unreadable, problems, at } = found
  if (problems.length > 0)
    return {
      ok: false,
      sentence: `${problems.length} differences between threads and the ledger: see the log and "A thread does not agree".`,
    }
  const unread = unreadable.length === 0 ? '' : ` ${unreadable.length} could not be read.`
  return { ok: true, sentence: `${compared} threads agree with the ledger, compared ${at}.${unread}` }
}

/** Slack as a part of the program; it is shown by a bot that may not write as well. */
export function showSlack(
  board: Board,
  metrics: Metrics,
  { slack, lastDelivery }: { readonly slack: Slack; readonly lastDelivery: () => number | undefined },
): void {
  board.add({
    name: 'slack',
    needed: true,
    look: () =>
      slack.connected()
        ? { ok: true, sentence: 'Clicks can come in.' }
        : { ok: false, sentence: 'No connection to Slack is open, so no click comes in. It is tried again and again.' },
  })
  metrics.gauge({
    name: 'slack_connections',
    help: 'Open connections to Slack; in HTTP mode 1 while the port listens.',
    read: () => slack.connections(),
  })
  metrics.gauge({
    name: 'slack_last_event_timestamp_seconds',
    help: 'When somebody last did something in Slack that reached the bot; absent before the first.',
    read: () => seconds(lastDelivery()),
  })
}

function showLedger(metrics: Metrics, ledger: Ledger, watch: LedgerWatch): void {
  metrics.gauge({ name: 'ledger_head_seq', help: 'Number of the last entry.', read: () => ledger.size() })
  metrics.gauge({
    name: 'ledger_verified_seq',
    help: 'Up to this entry the ledger was verified in the background.',
    read: () => watch.verified()?.seq,
  })
  metrics.gauge({
    name: 'ledger_verified_ok',
    help: 'Whether the last verification found nothing wrong; absent before the first.',
    read: () => bit(watch.verified()?.ok),
  })
  metrics.gauge({
    name: 'ledger_verified_timestamp_seconds',
    help: 'When the ledger was last verified.',
    read: () => seconds(moment(watch.verified()?.at)),
  })
  const tally = tallied(ledger)
  metrics.gauge({
    name: 'ledger_checkpoint_seq',
    help: 'Number of the entry with the last signed checkpoint.',
    read: () => tally().last('CheckpointSigned'),
  })
  metrics.total({
    name: 'clicks_refused_total',
    help: 'Clicks that the rules refused, over the whole ledger.',
    read: () => tally().count('ClickRefused'),
  })
  metrics.total({
    name: 'approvals_probed_total',
    help: 'How often somebody was spoken of for trying approvals that were not theirs, over the whole ledger.',
    read: () => tally().count('ApprovalProbed'),
  })
  metrics.total({
    name: 'forgeries_refused_total',
    help: 'Orders and outcomes in Redis that nobody known had signed, over the whole ledger.',
    read: () => tally().count('ForgeryRefused'),
  })
}

const talliedTypes = ['ApprovalProbed', 'CheckpointSigned', 'ClickRefused', 'ForgeryRefused'] as const
type Tallied = (typeof talliedTypes)[number]

/** Counts what is new since it was last asked, so that asking does not grow with the ledger. */
function tallied(ledger: Ledger): () => {
  readonly count: (type: Tallied) => number
  readonly last: (type: Tallied) => number
} {
  const sums = new Map<string, { readonly count: number; readonly last: number }>()
  let upTo = 0
  const sum = (type: Tallied) => sums.get(type) ?? { count: 0, last: 0 }
  return () => {
    const size = ledger.size()
    if (size > upTo || sums.size === 0) {
      for (const [type, { count, last }] of ledger.tally(talliedTypes, upTo)) {
        const before = sums.get(type) ?? { count: 0, last: 0 }
        sums.set(type, { count: before.count + count, last: Math.max(before.last, last) })
      }
      upTo = size
    }
    return { count: (type) => sum(type).count, last: (type) => sum(type).last }
  }
}

/** The poster is the outbox: its lag is what people in Slack do not see yet. */
const followers = ['dispatcher', 'poster', 'messenger', 'filer', 'notary'] as const

function showFollowers(metrics: Metrics, ledger: Ledger, now: () => Date): void {
  metrics.gauge({
    name: 'follower_lag_entries',
    help: 'Entries that a follower has still to deal with; of the poster, what the threads do not show yet.',
    labels: ['follower'],
    read: () => followers.map((follower) => ({ labels: { follower }, value: ledger.size() - ledger.cursor(follower) })),
  })
  metrics.gauge({
    name: 'follower_oldest_seconds',
    help: 'Age of the first entry that a follower has still to deal with; 0 when there is none.',
    labels: ['follower'],
    read: () =>
      followers.map((follower) => ({
        labels: { follower },
        value: age(now, [ledger.entry(ledger.cursor(follower) + 1)?.at]),
      })),
  })
}

function showIncidents(metrics: Metrics, incidents: Incidents, now: () => Date): void {
  metrics.gauge({
    name: 'incidents_open',
    help: 'Open incidents by how far they are.',
    labels: ['state'],
    read: () => {
      const open = incidents.open().map(stageOf)
      return stages.map((state) => ({ labels: { state }, value: open.filter((one) => one === state).length }))
    },
  })
  metrics.gauge({
    name: 'requests_open',
    help: 'Requests that nobody has decided yet.',
    read: () => incidents.open().flatMap(openRequests).length,
  })
  metrics.gauge({
    name: 'requests_oldest_seconds',
    help: 'Age of the oldest request that nobody has decided yet; 0 when there is none.',
    read: () =>
      age(
        now,
        incidents
          .open()
          .flatMap(openRequests)
          .map(({ askedAt }) => askedAt),
      ),
  })
  metrics.gauge({
    name: 'orders_open',
    help: 'Work orders that were given, may be begun, and have not ended.',
    read: () => due(incidents, now).length,
  })
  metrics.gauge({
    name: 'orders_oldest_seconds',
    help: 'For how long the oldest of them might have been begun; 0 when there is none.',
    read: () => age(now, due(incidents, now)),
  })
}

const stages = ['containing', 'contained', 'restored'] as const

function stageOf(incident: OpenedIncident): (typeof stages)[number] {
  if (isRestored(incident)) return 'restored'
  return incident.containedAt === undefined ? 'containing' : 'contained'
}

/** Since when each open order might have been begun. */
function due(incidents: Incidents, now: () => Date): readonly string[] {
  const at = now().toISOString()
  return incidents
    .open()
    .flatMap(({ orders }) => [...orders.values()].map(({ orderedAt, notBefore }) => notBefore ?? orderedAt))
    .filter((since) => since <= at)
}

/** Seconds since the earliest of these moments; 0 without any. */
function age(now: () => Date, since: readonly (string | undefined)[]): number {
  const moments = since.flatMap((at) => (at === undefined ? [] : [Date.parse(at)]))
  return moments.length === 0 ? 0 : Math.max(0, now().getTime() - Math.min(...moments)) / 1000
}

function moment(at: string | undefined): number | undefined {
  return at === undefined ? undefined : Date.parse(at)
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}

function bit(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : value ? 1 : 0
}
