import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIncidents, digestOf, later, plain, recordedOf, scrubbed } from '#/deciders/incidents.ts'
import type { Command } from '#/incident/commands.ts'
import { decide } from '#/incident/decide.ts'
import type { IncidentEvent, IncidentId } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import { type Actor, type Person, type Standing, samePerson, type UserId } from '#/incident/people.ts'
import { type Incident, type OpenedIncident, unopened } from '#/incident/state.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { actionNames } from '#/playbook/actions.ts'
import { decisionNames, type Policy, type Rule, standardPolicy } from '#/policy/policy.ts'
import {
  alice,
  approves,
  asks,
  effect,
  facts,
  newestRequest,
  openOrder,
  opens,
  type Pressed,
  standing,
  steps,
} from '../../support/stories.ts'
import type { Figure } from '../figure.ts'

/** Approvals in one measurement. */
const clicks = 40
/** Incidents that are open at first, and one more with each measurement: whoever is the target of one of them decides on nothing. */
const others = 10
const teams = 10
const settings = { sweepDelayMs: 600_000, legalDeadlineMs: 72 * 3_600_000 }
const standard = standardPolicy({ ttlMs: 1_800_000 })

/** A rule for everything there is, three approvals of ten groups, one of them of a certain one. */
const rich: Policy = {
  ...standard,
  groups: Object.fromEntries(Array.from({ length: teams }, (_, n) => [`team-${n}`, [`S0TEAM${n}`]])),
  rules: Object.fromEntries([...actionNames, ...decisionNames].map((name) => [name, ruleOfThree()])),
}

/**
 * The approval that completes a request, from the command to its entries on the disk and the state after them. Ours is weighed under
 * the rich policy. The floor checks what was checked before there were policies, by hand, and appends and folds the same two entries.
 */
const approval: Figure = {
  name: 'click to durable entry, with policy',
  unit: 'µs',
  target: { atMost: 1.2 },
  pairs: 15,
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'responder-bench-'))
    stack.defer(async () => rm(folder, { recursive: true }))
    const ours = withPolicy(stack.use(openLedger({ file: join(folder, 'ours.db') })))
    const floor = without(stack.use(openLedger({ file: join(folder, 'floor.db') })))
    for (const desk of [ours, floor]) for (let n = 0; n < others; n += 1) opened(desk, n)
    return {
      ours: async () => Promise.resolve(measured(ours, [approver(1), approver(2)])),
      floor: async () => Promise.resolve(measured(floor, [])),
      [Symbol.asyncDispose]: async () => stack.disposeAsync(),
    }
  },
}

export const figures: readonly Figure[] = [approval]

/** Somebody who executes commands, and approves in the way that is measured. */
type Desk = {
  readonly execute: (id: IncidentId | 'new', command: Command | Pressed) => OpenedIncident
  readonly approve: (id: IncidentId, command: Command) => void
}

/** Microseconds for one approval: the median of many, each of a request of its own, which only the last approval completes. */
function measured(desk: Desk, before: readonly Standing[]): number {
  const { id } = opened(desk, Date.now() + Math.random())
  const took = Array.from({ length: clicks }, () => {
    desk.execute(id, asks(steps.sessions))
    desk.execute(id, outcome('prepare', { kind: 'prepared', effect: effect() }))
    for (const by of before) desk.execute(id, approves(by))
    const incident = desk.execute(id, { type: 'AddNote', by: standing('ana'), text: 'Still waiting.' })
    const command = approves(approver(3))(incident)
    const start = performance.now()
    desk.approve(id, command)
    const ended = performance.now()
    desk.execute(id, outcome('run', { kind: 'failed', sentence: 'Nobody is there.', retry: true }))
    return (ended - start) * 1000
  })
  return took.toSorted((one, other) => one - other)[Math.floor(clicks / 2)] ?? 0
}

function opened(desk: Desk, n: number): OpenedIncident {
  const target = {
    ...alice,
    id: `account-${n}` as typeof alice.id,
    username: `user-${n}`,
    email: `user-${n}@acme.test`,
  }
  const { id } = desk.execute('new', opens({ target }))
  return desk.execute(id, outcome('snapshot', { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] }))
}

function outcome(
  sort: Parameters<typeof openOrder>[1],
  result: Extract<Command, { type: 'RecordOutcome' }>['result'],
): Pressed {
  return (incident) => ({ type: 'RecordOutcome', worker: 'worker-1', order: openOrder(incident, sort), result })
}

function withPolicy(ledger: Ledger): Desk {
  const incidents = createIncidents({ ledger, rules: { policy: rich, ...settings }, now: () => new Date() })
  const execute: Desk['execute'] = (target, asked) => {
    const incident = target === 'new' ? undefined : incidents.find(target)
    const executed = incidents.execute(target, typeof asked === 'function' ? asked(known(incident)) : asked)
    if (executed.kind === 'refused') throw new Error(executed.sentence)
    return executed.incident
  }
  return { execute, approve: execute }
}

/** The same, and approving as it was before. */
function without(ledger: Ledger): Desk {
  const states = new Map<IncidentId, Incident>()
  const policyDigest = digestOf(standard)
  const record = (id: IncidentId, actor: Actor, events: readonly IncidentEvent[]): OpenedIncident => {
    const before = states.get(id) ?? unopened
    const at = new Date().toISOString()
    const drafts = events.map(({ type, ...body }) => ({ type, actor: plain(actor), body: plain(body) }))
    const expected = before.status === 'unopened' ? 0 : before.lastSeq
    const after = known(ledger.append({ incident: id, expected, at, drafts }).map(recordedOf).reduce(evolve, before))
    if (after.status === 'closed') states.delete(id)
    else states.set(id, after)
    return after
  }
  let number = 0
  return {
    execute(target, asked) {
      const id = target === 'new' ? (`INC-${(number += 1)}` as IncidentId) : target
      const before = states.get(id) ?? unopened
      const command = typeof asked === 'function' ? asked(known(before)) : asked
      const around = { ...settings, policy: standard, policyDigest, digestOf, later, open: [] }
      const now = new Date().toISOString()
      const decision = decide(before, command, { ...around, now, outlived: () => false, ripe: () => true })
      if (decision.kind === 'refused') throw new Error(decision.sentence)
      return record(id, 'by' in command ? command.by.person : { worker: 'worker-1' }, decision.events)
    },
    approve(id, given) {
      const command = scrubbed(given)
      const incident = known(states.get(id))
      if (command.type !== 'ApproveRequest') throw new Error('only approvals are measured')
      record(id, command.by.person, eventsBefore(incident, command))
    },
  }
}

/** What was decided before there were policies: somebody else, of ours, on the list, not the target, and what was shown is what is approved. */
function eventsBefore(
  incident: OpenedIncident,
  { by, digest }: Extract<Command, { type: 'ApproveRequest' }>,
): readonly IncidentEvent[] {
  const request = newestRequest(incident)
  const { email } = incident.target
  const counts =
    !samePerson(request.requester, by.person) &&
    by.membership === 'member' &&
    !by.rosterEmpty &&
    by.email !== email &&
    by.approver &&
    request.end.kind === 'open' &&
    request.shown?.digest === digest &&
    request.shown.expiresAt > new Date().toISOString()
  if (!counts || request.step === undefined || request.action === undefined) throw new Error('this approval counts not')
  const { id, step, action } = request
  return [
    { type: 'StepApproved', request: id, step, digest },
    { type: 'WorkOrdered', mode: 'run', action, step, request: id },
  ]
}

/** Somebody who may approve, of several of the groups. */
function approver(n: number): Standing {
  const handle = `approver-${n}`
  const person: Person = { slack: { team: 'T0ACME', user: `U0${n}` as UserId }, name: handle }
  const groups = ['responders', 'approvers', ...Array.from({ length: 5 }, (_, at) => `team-${(n + at) % teams}`)]
  return { ...standing('bao'), person, email: `${handle}@acme.test`, groups }
}

function ruleOfThree(): Rule {
  const from = ['approvers', ...Array.from({ length: teams }, (_, n) => `team-${n}`)]
  return { ...standard.standard, approvals: 3, from, including: 'team-3' }
}

function known(incident: Incident | undefined): OpenedIncident {
  if (incident === undefined || incident.status === 'unopened') throw new Error('this incident was never opened')
  return incident
}
