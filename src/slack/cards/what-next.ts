import {
  containmentSteps,
  type IncidentStep,
  isRead,
  nextStep,
  type OpenedIncident,
  openRequests,
  type StepState,
  stepState,
  stopOf,
} from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import { openFindings, waitsForHold } from './asking.ts'
import { lookedAt, lookOf } from './step-words.ts'
import { clock, line, literal, type Mrkdwn, mention, mrkdwn, prose } from './text.ts'
import { whoDecides } from './verdict-words.ts'
import { stepName, stepNumber, subject } from './words.ts'

/** How long an order lies in the queue before that is worth a word, in milliseconds. */
const patienceMs = 30_000

/** What is next and who does it, as one short sentence. Undefined when the incident is closed. */
export function whatNext(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  if (incident.status === 'closed') return undefined
  if (stopOf(incident) !== undefined) return afterTheStop(incident)
  const step = nextStep(incident)
  if (step === undefined) return afterTheSteps(incident)
  const open = openFindings(incident).length
  if (open > 0) return onFindings(incident, step, open)
  const state = stepState(incident, step.id)
  switch (state.status) {
    case 'requested':
      return onRequest(incident, step, state)
    case 'running':
      return onRunning(stepName(incident, step), state, now)
    case 'failed':
      return state.retry
        ? mrkdwn`put right what stopped ${stepName(incident, step)}, then try it again.`
        : mrkdwn`the bot cannot do ${stepName(incident, step)}: ${otherWays(incident, step)}.`
    case 'waiting':
    case 'proven':
    case 'unproven':
    case 'attested':
    case 'expected':
    case 'answered':
    case 'left-out':
    case 'skipped':
      return askNext(incident, step, now)
  }
}

/** Whoever sees to one need not wait for the others. */
function onFindings({ playbook }: OpenedIncident, { found }: IncidentStep, open: number): Mrkdwn {
  const review = playbook.steps.findIndex(({ id }) => id === found?.by) + 1
  const which = open === 1 ? literal('of the finding') : literal(`of each of the ${open} findings`)
  return mrkdwn`any responder says ${which} of step ${review} whether it was expected, or has something done about it.`
}

function onRequest(
  incident: OpenedIncident,
  step: IncidentStep,
  state: Extract<StepState, { status: 'requested' }>,
): Mrkdwn {
  const name = stepName(incident, step)
  const request = incident.requests.get(state.request)
  if (request?.shown !== undefined) {
    const signs = request.kind === 'answer' ? literal('signs the decision of') : literal('approves')
    return mrkdwn`${whoDecides(request)} ${signs} ${name}.`
  }
  return lookOf(incident, state.request)?.waits === undefined
    ? mrkdwn`the worker looks at ${lookedAt(incident, step)}, for ${name}.`
    : mrkdwn`nothing to do: ${name} is looked at as soon as that is possible.`
}

function onRunning(name: Mrkdwn, state: Extract<StepState, { status: 'running' }>, now: string): Mrkdwn {
  if (state.onPeople === true) return mrkdwn`somebody does what ${name} waits for.`
  if (state.waits !== undefined) return mrkdwn`nothing to do: ${name} goes on by itself.`
  if (state.taken !== undefined) return mrkdwn`nothing to do: ${name} is running.`
  return Date.parse(now) - Date.parse(state.since) < patienceMs
    ? mrkdwn`nothing to do: a worker takes ${name}.`
    : mrkdwn`an operator looks why no worker takes ${name}.`
}

function afterTheStop(incident: OpenedIncident): Mrkdwn {
  const asked = openRequests(incident).find(({ kind }) => kind === 'resume')
  return asked === undefined
    ? mrkdwn`any responder asks for the work to be resumed, once it may go on.`
    : mrkdwn`${whoDecides(asked)} approves that the work goes on.`
}

function otherWays({ target }: OpenedIncident, { fallbacks = [] }: IncidentStep): Mrkdwn {
  const ways = [
    ...(fallbacks.includes('suspend') ? [mrkdwn`suspend ${line(target.username, 60)} instead`] : []),
    ...(fallbacks.includes('attest') ? [literal('do it by hand')] : []),
  ]
  return ways.length === 0 ? literal('skip it') : mrkdwn`${ways.join(', ') as Mrkdwn}, or skip it`
}

function askNext(incident: OpenedIncident, step: IncidentStep, now: string): Mrkdwn {
  const who = line(incident.target.username, 60)
  const number = stepNumber(incident, step)
  if (step.question !== undefined)
    return mrkdwn`any responder says how step ${number} is decided; a second person signs it.`
  if (step.manual !== undefined) return mrkdwn`somebody does step ${number} by hand, then says so here.`
  if (!isRead(incident)) return readingFirst(incident)
  if (waitsForHold(incident, step))
    return mrkdwn`somebody confirms or lifts the hold: step ${number} cannot be done while ${who} is suspended.`
  const { sweep } = incident
  if (step.kind === 'recovery') {
    if (sweep.status === 'found') return mrkdwn`close what the sweep found, then sweep again.`
    const open = unsettledProof(incident)
    if (open !== undefined && incident.notification === undefined)
      return mrkdwn`settle step ${stepNumber(incident, open)} (not proven), or go on and tell ${who}.`
    if (incident.notification === undefined && step.needsNotification === true)
      return mrkdwn`tell ${who} out of band, then record how.`
    if (sweep.status === 'due' && sweep.at > now)
      return mrkdwn`wait for the sweep at ${clock(sweep.at, incident.openedAt)}.`
    if (sweep.status === 'due') return mrkdwn`wait until the sweep has ended.`
  }
  return onlyReads(step.action)
    ? mrkdwn`any responder begins step ${number}.`
    : mrkdwn`any responder asks for step ${number}.`
}

/** The first step that is done, not proven, and for which there is another way still. */
function unsettledProof(incident: OpenedIncident): IncidentStep | undefined {
  return containmentSteps(incident).find(({ id }) => {
    const state = stepState(incident, id)
    return state.status === 'unproven' && state.suspended !== true
  })
}

/** Nothing is changed before that. */
function readingFirst(incident: OpenedIncident): Mrkdwn {
  const { orders, playbook, snapshotFailed } = incident
  const what = literal(subject(incident))
  const reading = [...orders.values()].find(({ action }) => action === playbook.snapshot)
  if (reading?.waits !== undefined)
    return mrkdwn`nothing to do: ${what} is read as soon as that is possible (${prose(reading.waits, 140)})`
  return reading === undefined && snapshotFailed !== undefined
    ? mrkdwn`read ${what} again (${prose(snapshotFailed, 140)})`
    : mrkdwn`the worker reads ${what}, then step 1 can be asked for.`
}

function afterTheSteps({ sweep, secret, openedAt }: OpenedIncident): Mrkdwn {
  if (sweep.status === 'due') return mrkdwn`wait for the sweep at ${clock(sweep.at, openedAt)}, then close.`
  if (secret?.state === 'sealed')
    return mrkdwn`${mention(secret.holder)} hands over the temporary password until ${clock(secret.expiresAt, openedAt)}.`
  if (secret?.state === 'destroyed')
    return mrkdwn`nobody saw the temporary password: give access back once more, or close.`
  return mrkdwn`any responder closes the incident.`
}
