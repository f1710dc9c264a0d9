import fc from 'fast-check'
import type { Command } from '#/incident/commands.ts'
import type { Decision } from '#/incident/decision.ts'
import { holdsDue } from '#/incident/hold.ts'
import type { Person, Standing } from '#/incident/people.ts'
import {
  containmentSteps,
  nextStep,
  type OpenedIncident,
  type OpenOrder,
  openRequests,
  stepState,
} from '#/incident/state.ts'
import type { OrderId, RequestId, WorkResult } from '#/incident/work.ts'
import { around, beginning, execute, type Story } from './given.ts'
import {
  asks,
  check,
  doneResult,
  effect,
  facts,
  type Handle,
  notifies,
  opens,
  person,
  standing,
  sweepChecks,
} from './stories.ts'

/** One random turn: what is tried, by whom, on which of the things there are, and how long after the turn before. */
export type Move = {
  readonly what: What
  readonly who: Handle
  readonly twist: number
  readonly pick: number
  readonly minutes: number
}

const whats = [
  'advance',
  'ask',
  'approve',
  'deny',
  'withdraw',
  'report',
  'read again',
  'secret',
  'close',
  'notify',
  'program',
  'talk',
  'hold',
] as const
type What = (typeof whats)[number]

// Mostly what leads on, so that many stories get far; beside it everything that people and workers could do out of turn.
const weights: Readonly<Record<What, number>> = {
  advance: 60,
  ask: 9,
  approve: 4,
  deny: 4,
  withdraw: 4,
  report: 6,
  'read again': 1,
  secret: 1,
  close: 1,
  notify: 1,
  program: 2,
  talk: 1,
  hold: 3,
}

const move: fc.Arbitrary<Move> = fc.record({
  what: fc.oneof(...whats.map((what) => ({ weight: weights[what], arbitrary: fc.constant(what) }))),
  who: fc.constantFrom<Handle>('ana', 'ana', 'bao', 'bao', 'chi', 'gil', 'olu', 'alice'),
  twist: fc.nat({ max: 999 }),
  pick: fc.nat({ max: 999 }),
  minutes: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 5, 10, 40, 40, -3),
})
export const moves: fc.Arbitrary<readonly Move[]> = fc.array(move, { minLength: 30, maxLength: 140 })

function one<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(items.length, 1)]
}

/** Somebody, mostly as they are, sometimes with a standing that does not fit. */
function somebody({ who, twist }: Move): Standing {
  switch (twist % 24) {
    case 0:
      return standing(who, { membership: 'unknown' })
    case 1:
      return standing(who, { rosterEmpty: true })
    case 2:
      return standing(who, { responder: true, approver: true })
    case 3:
      return standing(who, { email: 'ana@acme.test' })
    case 4:
      return standing(who, { account: 'alice' })
    case 5:
      return standing(who, { approver: false })
    case 6:
    case 7:
      // Slack does not always give an e-mail address, so nothing may rest on it alone.
      return nameless(standing(who))
    default:
      return standing(who)
  }
}

function nameless({ email: _email, ...rest }: Standing): Standing {
  return rest
}

function commandOf(move: Move, { incident, now }: Story): Command {
  const by = somebody(move)
  if (incident.status === 'unopened') return opens(move.twist % 9 === 0 ? { by } : {})
  const { pick, twist } = move
  switch (move.what) {
    case 'advance':
      return advance(incident, move, now)
    case 'ask': {
      const step = one(incident.playbook.steps, pick)?.id ?? ('none' as never)
      const kind = one(['run', 'run', 'suspend', 'attest', 'skip', 'skip-rest'] as const, twist) ?? 'run'
      return asks(step, { by, kind, reason: twist % 7 === 0 ? '' : 'Because.' })
    }
    case 'approve': {
      const { request, digest, requester } = someRequest(incident, move)
      // Every third press is the requester's own, known to Slack by the id alone.
      const isOwn = twist % 3 === 1 && requester !== undefined
      const presser = isOwn ? { ...nameless(standing('ana')), person: requester } : by
      return { type: 'ApproveRequest', by: presser, request, digest }
    }
    case 'deny':
      return {
        type: 'DenyRequest',
        by,
        request: someRequest(incident, move).request,
        reason: twist % 5 === 0 ? '' : 'No.',
      }
    case 'withdraw':
      return { type: 'WithdrawRequest', by, request: someRequest(incident, move).request }
    case 'report':
      return report(someOrder(incident, move), someResult(twist))
    case 'read again':
      return { type: 'ReadAgain', by, what: twist % 2 === 0 ? 'snapshot' : 'sweep' }
    case 'secret': {
      const holder = incident.secret?.holder
      const one = twist % 2 === 0 || holder === undefined ? by : { ...standing('ana'), person: holder }
      return { type: 'ShowSecret', by: one, order: incident.secret?.order ?? ('INC-1-1' as OrderId) }
    }
    case 'close':
      return { type: 'CloseIncident', by, reason: 'Over.' }
    case 'notify':
      return { ...notifies, by }
    case 'program':
      return programCommand(incident, move)
    case 'hold':
      return twist % 4 === 3 ? holdEnds(incident, twist) : { type: 'HoldTarget', by }
    case 'talk':
      return twist % 2 === 0 ? { type: 'AddNote', by, text: 'Seen.' } : { type: 'TakeCommand', by }
  }
}

/** What would lead on from here, done by the right person. */
function advance(incident: OpenedIncident, { twist }: Move, now: string): Command {
  const [request] = openRequests(incident)
  if (request?.shown !== undefined) {
    if (request.shown.expiresAt <= now) return { type: 'ExpireRequests' }
    if (twist % 4 === 2) return { type: 'RemindOfRequest', request: request.id, able: [person('bao')] }
    const race = raceWith(incident, twist, now)
    if (race !== undefined) return race
    const approver = standing(request.requester.name === 'bao' ? 'ana' : 'bao')
    return { type: 'ApproveRequest', by: approver, request: request.id, digest: request.shown.digest }
  }
  if (request !== undefined && twist % 30 === 7) {
    return { type: 'DenyRequest', by: standing('chi'), request: request.id, reason: 'Not yet.' }
  }
  if (twist % 2 === 0 && holdsDue(incident, { ...around(now), open: [] })) return { type: 'SettleHolds' }
  const order = [...incident.orders.values()].at(-1)
  if (order !== undefined) return report(order.id, leadsOn(incident, order, twist, now))
  const { secret } = incident
  // Looked at, and looked at once more: the second look has to be refused.
  if (secret !== undefined && secret.state !== 'destroyed' && twist % 2 === 0) {
    return { type: 'ShowSecret', by: { ...standing('ana'), person: secret.holder }, order: secret.order }
  }
  const step = nextStep(incident)
  if (step === undefined) return { type: 'CloseIncident', by: standing('ana'), reason: '' }
  if (twist % 20 === 3) {
    return asks(step.id, { kind: twist % 3 === 0 ? 'skip-rest' : 'skip', reason: 'Not needed.' })
  }
  // Now and then a step that is done but not proven once more, or what may be done in its place.
  const open = containmentSteps(incident).findLast(({ id }) => stepState(incident, id).status === 'unproven')
  if (open !== undefined && twist % 3 !== 0) {
    const kind = one(['run', ...(open.fallbacks ?? [])] as const, twist) ?? 'run'
    return asks(open.id, { kind, reason: 'Done by hand.' })
  }
  return step.kind === 'recovery' && incident.notification === undefined && twist % 4 !== 0 ? notifies : asks(step.id)
}

/** While access is asked for, a sweep is made again and may find something before anybody approves. */
function raceWith(incident: OpenedIncident, twist: number, now: string): Command | undefined {
  if (nextStep(incident)?.kind !== 'recovery' || twist % 3 === 0) return undefined
  if (incident.sweep.status === 'clean') return { type: 'ReadAgain', by: standing('chi'), what: 'sweep' }
  const order = incident.sweep.status === 'due' ? incident.orders.get(incident.sweep.order) : undefined
  return order === undefined ? undefined : report(order.id, leadsOn(incident, order, twist, now))
}

function leadsOn(incident: OpenedIncident, order: OpenOrder, twist: number, now: string): WorkResult {
  if (order.action === incident.playbook.snapshot)
    return { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] }
  if (order.action === incident.playbook.sweep) {
    return doneResult({ checks: twist % 4 === 0 ? sweepChecks('reset-mfa') : sweepChecks() })
  }
  if (order.action === 'hold-account' || order.action === 'lift-hold') {
    const checks = [check(order.action, twist % 6 === 0 ? false : true)]
    const known = { wasActive: twist % 5 === 0 ? 'no' : 'yes' }
    return doneResult({ checks, ...(order.action === 'hold-account' ? { known } : {}) })
  }
  if (order.mode === 'prepare') return { kind: 'prepared', effect: effect(`Does it, as seen ${twist}.`) }
  if (twist % 9 === 0) return { kind: 'changed', effect: effect('Does more.'), differences: ['More.'] }
  // Closing the doors is the step that a worker without the database cannot prove.
  const isBlind = twist % (order.action === 'close-doors' ? 2 : 4) === 1
  const checks = [check(order.action, isBlind ? 'unknown' : true)]
  const sealed = order.action === 'restore-access' ? { sealed: { expiresAt: around(now).later(now, 15 * 60_000) } } : {}
  return doneResult({ checks, ...sealed })
}

/** By time, by the one who placed it, or by another. */
function holdEnds({ holds }: OpenedIncident, twist: number): Command {
  const hold = [...holds.values()].at(-1)
  if (hold === undefined || twist % 3 === 0) return { type: 'SettleHolds' }
  const { request, by } = hold
  return twist % 3 === 1
    ? { type: 'WithdrawRequest', by: { ...standing('ana'), person: by }, request }
    : { type: 'DenyRequest', by: standing(by.name === 'bao' ? 'chi' : 'bao'), request, reason: 'No need.' }
}

function report(order: OrderId, result: WorkResult): Command {
  return { type: 'RecordOutcome', worker: 'worker-1', order, result }
}

function someOrder(incident: OpenedIncident, { pick }: Move): OrderId {
  return one([...incident.orders.keys(), `INC-1-${pick}` as OrderId], pick) ?? ('INC-1-0' as OrderId)
}

function someRequest(
  incident: OpenedIncident,
  { pick, twist }: Move,
): { readonly request: RequestId; readonly digest: string; readonly requester: Person | undefined } {
  const request = one([...incident.requests.values()].reverse(), twist % 3 === 0 ? pick : 0)
  const digest = twist % 6 === 0 ? 'f'.repeat(64) : (request?.shown?.digest ?? '')
  return { request: request?.id ?? ('r0' as RequestId), digest, requester: request?.requester }
}

/** Any sort of result, whether or not the order could have it. */
function someResult(twist: number): WorkResult {
  const results: readonly WorkResult[] = [
    { kind: 'started', attempt: 1 },
    { kind: 'waiting', why: 'no answer', attempt: 1 },
    { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
    { kind: 'prepared', effect: effect() },
    { kind: 'changed', effect: effect(`Now ${twist}.`), differences: ['More.'] },
    doneResult({ checks: sweepChecks('revoke-sessions') }),
    doneResult({ checks: [] }),
    { kind: 'failed', sentence: 'No.', retry: true },
  ]
  return one(results, twist) ?? { kind: 'started', attempt: 1 }
}

function programCommand(incident: OpenedIncident, move: Move): Command {
  const order = someOrder(incident, move)
  const commands: readonly Command[] = [
    { type: 'ExpireRequests' },
    { type: 'SettleHolds' },
    { type: 'RemindOfRequest', request: someRequest(incident, move).request, able: [] },
    { type: 'IssueAgain', order, why: 'lost' },
    { type: 'ExpireOrder', order, sentence: 'Nobody ran it.' },
    { type: 'DestroySecret', order: incident.secret?.order ?? order, why: 'lost' },
    { type: 'RecordCheckpoint', size: 3, note: 'note' },
    { type: 'StartThread', channel: 'C0INCIDENTS', ts: '1.2' },
    { type: 'RecordForgery', what: 'outcome', why: 'unsigned', digest: 'ab'.repeat(32) },
  ]
  return one(commands, move.twist) ?? { type: 'ExpireRequests' }
}

/** A turn with the state before and after it. A rule that throws ends the story. */
export type Turn = {
  readonly command: Command
  readonly decision: Decision
  readonly before: Story
  readonly after: Story
  readonly thrown?: unknown
}

/** Plays the moves one after the other, each on what the ones before have left. */
export function playOut(all: readonly Move[]): readonly Turn[] {
  const turns: Turn[] = []
  let story = beginning
  for (const next of all) {
    const before = { ...story, now: around('').later(story.now, next.minutes * 60_000) }
    const command = commandOf(next, before)
    try {
      const { story: after, decision } = execute(before, command)
      turns.push({ command, decision, before, after })
      story = after
    } catch (thrown) {
      return [...turns, { command, decision: { kind: 'accepted', events: [] }, before, after: before, thrown }]
    }
  }
  return turns
}
