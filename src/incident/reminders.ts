import type { ProgramCommand } from './commands.ts'
import type { IncidentEvent } from './events.ts'
import { requestName } from './names.ts'
import { type Person, samePerson } from './people.ts'
import { ofStep } from './requests.ts'
import {
  nextStep,
  type OpenedIncident,
  openRequests,
  type Quiet,
  quoted,
  type Request,
  stepState,
  stopOf,
} from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'

type Around = Pick<Surroundings, 'now' | 'later' | 'policy'>

/** Most people that one line calls upon; the next reminder calls upon the next ones. */
const mostCalled = 20

/**
 * Whether a request is due to be spoken of again: a first time `firstMs` after it was shown, then after twice the wait before, for as
 * long as it lives. The wait counts from the last reminder, so that whoever was away, or had the clock set, makes up for one at most.
 */
export function isReminderDue(incident: OpenedIncident, request: Request, around: Around): boolean {
  const since = request.shown?.at
  return since !== undefined && isDecidable(incident, request, around.now) && isDueAgain(request, since, around)
}

/** The same of anything that waits for people since a moment. */
export function isDueAgain(
  { reminders, remindedAt }: Pick<Request, 'reminders' | 'remindedAt'>,
  since: string,
  { now, later, policy }: Around,
): boolean {
  return now >= later(remindedAt ?? since, policy.reminders.firstMs * 2 ** reminders)
}

/** Whether the next group is due to be called upon: once for each request, `next.afterMs` after it was shown. */
export function isEscalationDue(incident: OpenedIncident, request: Request, around: Around): boolean {
  const since = request.shown?.at
  return since !== undefined && isDecidable(incident, request, around.now) && isNextDue(request, since, around)
}

/** The same of anything that waits for people since a moment. */
export function isNextDue(
  { escalatedTo }: Pick<Request, 'escalatedTo'>,
  since: string,
  { now, later, policy }: Around,
): boolean {
  const { next } = policy.reminders
  return next !== undefined && escalatedTo === undefined && now >= later(since, next.afterMs)
}

/** Whether an open incident in which nothing happened is due to be spoken of: after `staleMs`, then after twice the wait before. */
export function isStale({ status, quiet }: OpenedIncident, { now, later, policy }: Around): boolean {
  const since = quiet.nudgedAt ?? quiet.since
  return status === 'open' && now >= later(since, policy.reminders.staleMs * 2 ** quiet.nudges)
}

/** A request that waits for people. While the work is stopped, only resuming it can be approved, so nobody is bothered with the rest. */
function isDecidable(incident: OpenedIncident, { shown, end, kind }: Request, now: string): boolean {
  if (incident.status === 'closed' || shown === undefined || end.kind !== 'open' || shown.expiresAt <= now) return false
  return kind === 'resume' || stopOf(incident) === undefined
}

/** Everybody who can approve is called upon once. After that only whoever can since then, or else the one who commands. */
export function remindOfRequest(
  incident: OpenedIncident,
  { request: id, able }: Extract<ProgramCommand, { type: 'RemindOfRequest' }>,
  around: Around,
): readonly IncidentEvent[] {
  const request = incident.requests.get(id)
  if (request === undefined || !isReminderDue(incident, request, around)) return []
  const fresh = notYetCalled(request, able)
  return [
    {
      type: 'RequestReminded',
      request: id,
      ...ofStep(request),
      reminder: request.reminders + 1,
      able,
      called: fresh.length > 0 ? fresh : [incident.commander],
    },
  ]
}

/** Calling upon somebody grants nothing: who may approve is a matter of the rule alone. */
export function escalateRequest(
  incident: OpenedIncident,
  { request: id, group, members, able }: Extract<ProgramCommand, { type: 'EscalateRequest' }>,
  around: Around,
): readonly IncidentEvent[] {
  const request = incident.requests.get(id)
  if (request === undefined || around.policy.reminders.next?.group !== group) return []
  if (!isEscalationDue(incident, request, around)) return []
  const others = members.filter((one) => !samePerson(one, request.requester))
  const fresh = notYetCalled(request, others)
  return [
    {
      type: 'RequestEscalated',
      request: id,
      ...ofStep(request),
      group,
      able,
      called: fresh.length > 0 ? fresh : [incident.commander],
    },
  ]
}

/** Nobody is called upon twice. */
export function notYetCalled({ called }: Pick<Request, 'called'>, people: readonly Person[]): readonly Person[] {
  return people.filter((one) => !called.some((other) => samePerson(one, other))).slice(0, mostCalled)
}

export function nudge(incident: OpenedIncident, around: Around): readonly IncidentEvent[] {
  if (!isStale(incident, around)) return []
  const { since, nudges } = incident.quiet
  return [{ type: 'IncidentStale', nudge: nudges + 1, since, next: whatIsLeft(incident) }]
}

/** What an incident in which nothing happens waits for, in one sentence. */
function whatIsLeft(incident: OpenedIncident): string {
  const stop = stopOf(incident)
  if (stop !== undefined)
    return `The work is stopped since ${utc(stop.at)} by @${stop.by.name}: somebody asks to resume it, and somebody else approves.`
  const waiting = openRequests(incident).find(({ shown }) => shown !== undefined)
  if (waiting?.shown !== undefined)
    return `“${requestName(waiting, incident)}” waits for approval until ${utc(waiting.shown.expiresAt)}.`
  const step = nextStep(incident)
  if (step === undefined)
    return incident.sweep.status === 'due'
      ? `The sweep is due at ${utc(incident.sweep.at)}.`
      : 'Every step is settled: it can be closed.'
  const state = stepState(incident, step.id)
  if (state.status === 'running')
    return state.waits === undefined
      ? `${capital(quoted(step))} is running.`
      : `${capital(quoted(step))} waits: ${state.waits}`
  return `Next is ${quoted(step)}.`
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

/** What says nothing about whether people and workers are at it. */
const silent: ReadonlySet<IncidentEvent['type']> = new Set([
  'RequestReminded',
  'RequestEscalated',
  'IncidentStale',
  'LegalClockReminded',
  'CheckpointSigned',
  'ForgeryRefused',
])

export function quietAfter(before: Quiet, event: IncidentEvent, at: string): Quiet {
  if (event.type === 'IncidentStale') return { ...before, nudges: event.nudge, nudgedAt: at }
  return silent.has(event.type) ? before : { since: at, nudges: 0 }
}
