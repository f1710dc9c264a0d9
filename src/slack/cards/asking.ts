import { whyNotWhileHeld } from '#/incident/hold.ts'
import {
  containmentSteps,
  type IncidentStep,
  isRead,
  isSettled,
  nextStep,
  type OpenedIncident,
  stepState,
  stepsOf,
  targetOf,
} from '#/incident/state.ts'

/** Whether somebody may ask for the step right now, as far as the state alone can tell. The rules decide again. */
export function isAskable(incident: OpenedIncident, step: IncidentStep): boolean {
  const { status } = stepState(incident, step.id)
  if (status !== 'waiting' && status !== 'failed') return false
  if (!isItsTurn(incident, step)) return false
  // What people say or do themselves touches nothing.
  if (step.question !== undefined || (step.manual !== undefined && step.found === undefined)) return true
  if (!isRead(incident) || waitsForHold(incident, step)) return false
  if (step.kind !== 'recovery') return true
  if (step.needsNotification === true && incident.notification === undefined) return false
  const allSkipped = containmentSteps(incident).every(({ id }) => stepState(incident, id).status === 'skipped')
  return incident.sweep.status === 'clean' || (incident.sweep.status === 'none' && allSkipped)
}

/** It cannot be done while the account is on hold. */
export function waitsForHold(incident: OpenedIncident, step: IncidentStep): boolean {
  return whyNotWhileHeld(incident, { action: step.action, account: targetOf(incident, step).id }) !== undefined
}

/** Everything before it is settled. What one review came upon may be dealt with in any order. */
function isItsTurn(incident: OpenedIncident, { id, found }: IncidentStep): boolean {
  const next = nextStep(incident)
  return next?.id === id || (found !== undefined && next?.found?.by === found.by)
}

/** What a review came upon, and somebody can see to now. */
export function openFindings(incident: OpenedIncident): readonly IncidentStep[] {
  const review = nextStep(incident)?.found?.by
  const found = review === undefined ? [] : (incident.found.get(review) ?? [])
  return found.filter(({ id }) => {
    const { status } = stepState(incident, id)
    return status === 'waiting' || status === 'failed'
  })
}

/** Every step is settled and no sweep is due: nothing speaks against closing. */
export function isClosable(incident: OpenedIncident): boolean {
  return incident.sweep.status !== 'due' && stepsOf(incident).every(({ id }) => isSettled(stepState(incident, id)))
}
