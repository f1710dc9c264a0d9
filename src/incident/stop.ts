import { identityOf, whyNotTakePart } from './approval.ts'
import type { PersonCommand, ProgramCommand } from './commands.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { longestText } from './limits.ts'
import { title } from './names.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { nextRequestId, shown } from './requests.ts'
import { type OpenedIncident, openRequests, type Request, type Stop, stopOf } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'
import type { Effect } from './work.ts'

/** Stopping is for one alone: it takes nothing away that two cannot give back. */
export function stopWork(
  incident: OpenedIncident,
  { by, all, reason = '' }: Extract<PersonCommand, { type: 'StopWork' }>,
): Decision {
  const known = incident.stops.find((stop) => stop.all === all) ?? (all ? undefined : stopOf(incident))
  if (known !== undefined) return refused('already_stopped', { what: stoppedSince(known) })
  if (reason.length > longestText) return refused('text_too_long')
  const why = reason.trim()
  return accepted({ type: 'WorkStopped', by: by.person, all, ...(why === '' ? {} : { reason: why }) })
}

/** An incident that is opened while everything is stopped is stopped as well: by the one who stopped everything. */
export function stoppedFromTheStart({ open }: Surroundings): readonly IncidentEvent[] {
  const stop = open.flatMap(({ stops }) => stops).find(({ all }) => all)
  if (stop === undefined) return []
  const { by, reason } = stop
  return [{ type: 'WorkStopped', by, all: true, ...(reason === undefined ? {} : { reason }) }]
}

/** Why nothing may be set in motion. Undefined: the work is not stopped. */
export function whyNotWhileStopped(incident: OpenedIncident): Refusal | undefined {
  const stop = stopOf(incident)
  return stop === undefined ? undefined : because('work_stopped', { what: stoppedSince(stop) })
}

export function askToResume(
  incident: OpenedIncident,
  { by, all }: Extract<PersonCommand, { type: 'AskToResume' }>,
  around: Surroundings,
): Decision {
  if (!incident.stops.some((stop) => stop.all || !all)) return refused('not_stopped')
  const asked = (all ? around.open : [incident])
    .flatMap(openRequests)
    .find((request) => request.kind === 'resume' && (request.all === true) === all)
  if (asked !== undefined) return refused('resume_asked', { who: `@${asked.requester.name}` })
  const refusal = all ? whyNotAll(incident, by, around) : undefined
  if (refusal !== undefined) return refusedFor(refusal)

  const request = { id: nextRequestId(incident), kind: 'resume' as const, ...(all ? { all } : {}) }
  return accepted(
    {
      type: 'StepRequested',
      request: request.id,
      kind: 'resume',
      requester: by.person,
      identity: identityOf(by),
      ...(all ? { all } : {}),
    },
    shown(incident, { request, effect: effectOfResume(incident, request, around) }, around),
  )
}

/** Why a request to resume is not right to approve any more, or not by this person. */
export function whyNotResume(
  incident: OpenedIncident,
  request: Request,
  by: Standing,
  around: Surroundings,
): Refusal | undefined {
  if (!incident.stops.some((stop) => stop.all || request.all !== true)) return because('not_stopped')
  if (effectOfResume(incident, request, around).sentence !== request.shown?.effect.sentence)
    return because('resume_differs')
  return request.all === true ? whyNotAll(incident, by, around) : undefined
}

export function afterResume(
  incident: OpenedIncident,
  { id, all, requester, approvals }: Request,
  approver: Person,
): readonly IncidentEvent[] {
  // Whoever breaks the glass is the only one.
  const by = samePerson(requester, approver)
    ? [requester]
    : [requester, ...approvals.map(({ by: one }) => one), approver]
  return [{ type: 'WorkResumed', all: all === true, incident: incident.id, request: id, by }]
}

/** What was resumed in another incident holds here too, unless this one was stopped for itself or goes on already. */
export function resumeToo(
  incident: OpenedIncident,
  { incident: other, request, people }: Extract<ProgramCommand, { type: 'ResumeToo' }>,
): Decision {
  if (!incident.stops.some(({ all }) => all)) return refused('not_stopped')
  return accepted({ type: 'WorkResumed', all: true, incident: other, request, by: people })
}

/** The incidents that everything being resumed would let go on, this one among them. */
function stoppedWithAll(incident: OpenedIncident, { open }: Surroundings): readonly OpenedIncident[] {
  const others = open.filter(({ id }) => id !== incident.id)
  return [...others, incident].filter(({ stops }) => stops.some(({ all }) => all)).toSorted(byNumber)
}

function byNumber(one: OpenedIncident, other: OpenedIncident): number {
  return Number(one.id.slice('INC-'.length)) - Number(other.id.slice('INC-'.length))
}

/** Nobody lets the incident about themselves go on by way of all the others. */
function whyNotAll(incident: OpenedIncident, by: Standing, around: Surroundings): Refusal | undefined {
  return stoppedWithAll(incident, around)
    .map(({ target }) => whyNotTakePart(by, target))
    .find((refusal) => refusal !== undefined)
}

function effectOfResume(incident: OpenedIncident, { all }: Pick<Request, 'all'>, around: Surroundings): Effect {
  const affected = all === true ? stoppedWithAll(incident, around) : [incident]
  const names = affected.map(({ id, target }) => `${id} (${target.username})`).join(', ')
  const at = affected.flatMap(workLeft)
  const held = all === true ? affected.filter(({ stops }) => stops.some((stop) => !stop.all)) : []
  return {
    sentence: `let the work of ${names} go on`,
    question: `Let the work of ${affected.length === 1 ? names : `${affected.length} incidents`} go on? What was approved and has not ended is done at once.`,
    verb: 'Resume',
    warnings: [
      at.length === 0 ? 'Nothing that was approved waits to be done.' : `Goes on at once: ${at.join(', ')}.`,
      ...held.map(({ id }) => `${id} was also stopped for itself, and stays so.`),
    ],
    basis: {},
  }
}

function workLeft(incident: OpenedIncident): readonly string[] {
  return [...incident.orders.values()].flatMap(({ step, mode }) =>
    step === undefined || mode === 'prepare' ? [] : [`“${title(incident, step)}” of ${incident.target.username}`],
  )
}

function stoppedSince({ by, at, all }: Stop): string {
  return `${all ? 'everything was' : 'it was'} stopped by @${by.name} at ${utc(at)}`
}
