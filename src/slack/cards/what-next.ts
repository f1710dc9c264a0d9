import { containmentSteps, nextStep, type OpenedIncident, openRequests, stepState, stopOf } from '#/incident/state.ts'
import type { PlaybookStep } from '#/playbook/playbook.ts'
import { clock, line, literal, type Mrkdwn, mention, mrkdwn, prose } from './text.ts'
import { lookOf, stepNumber } from './words.ts'

/** How long an order lies in the queue before that is worth a word, in milliseconds. */
const patienceMs = 30_000

/** What is next and who does it, as one short sentence. Undefined when the incident is closed. */
export function whatNext(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  if (incident.status === 'closed') return undefined
  if (stopOf(incident) !== undefined) return afterTheStop(incident)
  const step = nextStep(incident)
  if (step === undefined) return afterTheSteps(incident)
  const number = stepNumber(incident, step)
  const state = stepState(incident, step.id)
  switch (state.status) {
    case 'requested': {
      const request = incident.requests.get(state.request)
      if (request?.shown !== undefined)
        return mrkdwn`somebody other than ${mention(request.requester)} approves step ${number}.`
      const waits = lookOf(incident, state.request)?.waits !== undefined
      return waits
        ? mrkdwn`nothing to do: step ${number} is looked at as soon as that is possible.`
        : mrkdwn`the worker looks at the account, for step ${number}.`
    }
    case 'running':
      if (state.waits !== undefined) return mrkdwn`nothing to do: step ${number} goes on by itself.`
      if (state.taken !== undefined) return mrkdwn`nothing to do: step ${number} is running.`
      return Date.parse(now) - Date.parse(state.since) < patienceMs
        ? mrkdwn`nothing to do: a worker takes step ${number}.`
        : mrkdwn`an operator looks why no worker takes step ${number}.`
    case 'failed':
      return state.retry
        ? mrkdwn`put right what stopped step ${number}, then try it again.`
        : mrkdwn`the bot cannot do step ${number}: ${otherWays(incident, step)}.`
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

function afterTheStop(incident: OpenedIncident): Mrkdwn {
  const asked = openRequests(incident).find(({ kind }) => kind === 'resume')
  return asked === undefined
    ? mrkdwn`any responder asks for the work to be resumed, once it may go on.`
    : mrkdwn`somebody other than ${mention(asked.requester)} approves that the work goes on.`
}

function otherWays({ target }: OpenedIncident, { fallbacks = [] }: PlaybookStep): Mrkdwn {
  const ways = [
    ...(fallbacks.includes('suspend') ? [mrkdwn`suspend ${line(target.username, 60)} instead`] : []),
    ...(fallbacks.includes('attest') ? [literal('do it by hand')] : []),
  ]
  return ways.length === 0 ? literal('skip it') : mrkdwn`${ways.join(', ') as Mrkdwn}, or skip it`
}

function askNext(incident: OpenedIncident, step: PlaybookStep, now: string): Mrkdwn {
  const who = line(incident.target.username, 60)
  if (incident.facts === undefined) return readingFirst(incident)
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
  return mrkdwn`any responder asks for step ${stepNumber(incident, step)}.`
}

/** The first step that is done, not proven, and for which there is another way still. */
function unsettledProof(incident: OpenedIncident): PlaybookStep | undefined {
  return containmentSteps(incident).find(({ id }) => {
    const state = stepState(incident, id)
    return state.status === 'unproven' && state.suspended !== true
  })
}

/** Before anything is changed the account is read. */
function readingFirst({ orders, playbook, snapshotFailed }: OpenedIncident): Mrkdwn {
  const reading = [...orders.values()].find(({ action }) => action === playbook.snapshot)
  if (reading?.waits !== undefined)
    return mrkdwn`nothing to do: the account is read as soon as that is possible (${prose(reading.waits, 140)})`
  return reading === undefined && snapshotFailed !== undefined
    ? mrkdwn`read the account again (${prose(snapshotFailed, 140)})`
    : mrkdwn`the worker reads the account, then step 1 can be asked for.`
}

function afterTheSteps({ sweep, secret, openedAt }: OpenedIncident): Mrkdwn {
  if (sweep.status === 'due') return mrkdwn`wait for the sweep at ${clock(sweep.at, openedAt)}, then close.`
  if (secret?.state === 'sealed')
    return mrkdwn`${mention(secret.holder)} hands over the temporary password until ${clock(secret.expiresAt, openedAt)}.`
  if (secret?.state === 'destroyed')
    return mrkdwn`nobody saw the temporary password: give access back once more, or close.`
  return mrkdwn`any responder closes the incident.`
}
