import { isInstance } from '#/incident/account.ts'
import { requestName } from '#/incident/names.ts'
import { filledIn } from '#/incident/request-lines.ts'
import {
  isSettled,
  type OpenedIncident,
  openRequests,
  type Request,
  type StepState,
  stepState,
  stepsOf,
  stopOf,
} from '#/incident/state.ts'
import { utc } from '#/incident/times.ts'
import { verdictOf, verdictWords } from '#/incident/verdict.ts'
import { printable } from './printable.ts'

/** One incident on one line: "INC-7  SEV2  open    alice  Compromised user account  2 of 5 steps settled  waits: r3 7QF-2K". */
export function incidentLine(incident: OpenedIncident): string {
  const { id, severity, status, playbook, target } = incident
  const waiting = openRequests(incident).map((request) => [request.id, ...codeOf(request)].join(' '))
  const parts = [
    id.padEnd(8),
    severity.toUpperCase(),
    (stopOf(incident) === undefined ? status : 'stopped').padEnd(7),
    isInstance(target) ? 'Autentico' : target.username,
    playbook.title,
    `${settled(incident)} of ${stepsOf(incident).length} steps settled`,
    ...(waiting.length === 0 ? [] : [`waits: ${waiting.join(', ')}`]),
    ...(incident.drill ? ['drill'] : []),
  ]
  return printable(parts.join('  '))
}

/** An incident as somebody needs it who is about to ask or to decide: what it is about, its steps, and what waits. */
export function incidentLines(incident: OpenedIncident): readonly string[] {
  const { id, severity, playbook, target, openedAt, openedBy, commander, summary, closed } = incident
  const stop = stopOf(incident)
  const facts = [
    `${id}${incident.drill ? ' (drill)' : ''}  ${severity.toUpperCase()}  ${playbook.title}`,
    `Target     ${isInstance(target) ? 'Autentico as a whole' : `${target.username}${target.email === '' ? '' : ` (${target.email})`}`}`,
    `Opened     ${utc(openedAt)} by @${openedBy.name}`,
    `Commander  @${commander.name}`,
    ...(summary === '' ? [] : [`Summary    ${summary}`]),
    ...(stop === undefined
      ? []
      : [`Stopped    ${utc(stop.at)} by @${stop.by.name}: nothing is done until two people resume it`]),
    ...(closed === undefined ? [] : [`Closed     ${utc(closed.at)}`]),
  ]
  const steps = stepsOf(incident).map(
    ({ id: step, title }, at) =>
      `${String(at + 1).padStart(3)}  ${step}: ${title}. ${stateWords(stepState(incident, step))}`,
  )
  const requests = openRequests(incident).flatMap((request) => ['', ...requestLines(incident, request)])
  return [...facts, '', ...steps, ...requests].map(printable)
}

/** A request as it is shown to whoever decides: its effect in words, what was filled in, the warnings, and the code. */
export function requestLines(incident: OpenedIncident, request: Request): readonly string[] {
  const { id, shown, requester, reason, step, inputs, askedAt } = request
  const asked = `Asked      ${utc(askedAt)} by @${requester.name}`
  const lines =
    shown === undefined
      ? [asked, 'It is still being looked at: it can be decided once its effect is shown.']
      : [
          `This will  ${shown.effect.sentence}`,
          ...filledIn(incident, step, inputs).map(({ label, value }) => `           ${label}: ${value}`),
          ...shown.effect.warnings.map((warning) => `Warning    ${warning}`),
          asked,
          ...(reason === undefined ? [] : [`Reason     ${reason}`]),
          `Standing   ${verdictWords(verdictOf(request))}`,
          ...(shown.rule?.reason === true ? ['           A reason is needed to approve it: --reason.'] : []),
          `Until      ${utc(shown.expiresAt)}`,
          `Code       ${shown.code}`,
        ]
  return [`${id}  ${requestName(request, incident)}`, ...lines].map(printable)
}

/** Where a step stands, in a few words. */
function stateWords(state: StepState): string {
  switch (state.status) {
    case 'waiting':
      return 'Waits to be asked for.'
    case 'requested':
      return `Asked for: ${state.request}.`
    case 'running':
      return state.waits === undefined
        ? `Runs since ${utc(state.since)}${state.taken === undefined ? ', no worker has taken it yet' : ` on ${state.taken.by}`}.`
        : `Waits: ${state.waits}`
    case 'proven':
      return `Proven ${utc(state.at)}.`
    case 'unproven':
      return `Done, not proven. Open: ${state.open.join(' ')}`
    case 'failed':
      return `Not done: ${state.sentence}`
    case 'attested':
      return `Done by hand, not proven: ${state.note}`
    case 'expected':
      return `Expected: ${state.note}`
    case 'answered':
      return `Decided: ${state.label}.`
    case 'left-out':
      return `Left out: ${state.label}.`
    case 'skipped':
      return `Skipped: ${state.reason}`
  }
}

function settled(incident: OpenedIncident): number {
  return stepsOf(incident).filter(({ id }) => isSettled(stepState(incident, id))).length
}

function codeOf({ shown }: Request): readonly string[] {
  return shown === undefined ? [] : [shown.code]
}
