import type { AccountTarget } from '#/drill/page/glass/account.ts'
import type { IncidentFacts, Move } from '#/drill/page/glass/hint.ts'
import { isRestored, isSettled, nextStep, type OpenedIncident, stepState } from '#/incident/state.ts'
import type { PlaybookStep } from '#/playbook/playbook.ts'
import { isAskable } from '#/slack/cards/asking.ts'
import { stepNumber } from '#/slack/cards/words.ts'

/** The incident that counts for somebody at the page: the newest that is open, else the newest. */
export function currentIncident(incidents: readonly OpenedIncident[]): OpenedIncident | undefined {
  return incidents.findLast(({ status }) => status === 'open') ?? incidents.at(-1)
}

/** What a hint has to know of an incident. */
export function incidentFacts(incident: OpenedIncident): IncidentFacts {
  return {
    id: incident.id,
    target: incident.target.username,
    move: nextMove(incident),
    contained: incident.containedAt !== undefined,
    restored: isRestored(incident),
  }
}

/** What can be done next; it is what the card says, for people who have never seen one. */
export function nextMove(incident: OpenedIncident): Move {
  if (incident.status === 'closed') return { next: 'look back' }
  if (incident.facts === undefined) {
    return { next: incident.snapshotFailed === undefined ? 'wait for the account to be read' : 'read again' }
  }
  const step = nextStep(incident)
  if (step !== undefined) return moveAt(incident, step)
  if (incident.sweep.status === 'due') return { next: 'wait for the sweep' }
  const { secret } = incident
  return secret?.state === 'sealed' ? { next: 'show the password', holder: secret.holder.name } : { next: 'close' }
}

function moveAt(incident: OpenedIncident, step: PlaybookStep): Move {
  const number = stepNumber(incident, step)
  const state = stepState(incident, step.id)
  if (state.status === 'running') return { next: 'wait for the worker', step: number }
  if (state.status === 'requested') {
    const request = incident.requests.get(state.request)
    if (request?.shown === undefined) return { next: 'wait for the request', step: number }
    const byTyping = request.shown.effect.confirmByTyping !== undefined
    return { next: 'approve', step: number, by: request.requester.name, byTyping }
  }
  if (state.status === 'failed' && !state.retry) return { next: 'find another way', step: number }
  if (isAskable(incident, step)) return { next: 'ask', step: number, again: state.status === 'failed' }
  if (step.needsNotification === true && incident.notification === undefined) return { next: 'tell' }
  return { next: incident.sweep.status === 'found' ? 'sweep again' : 'wait for the sweep' }
}

/** How far along an incident is, 0 to 1: each step asked for and settled, the user told, contained, closed. */
export function progressOf(incident: OpenedIncident | undefined): number {
  if (incident === undefined) return 0
  const { playbook, notification, containedAt, status } = incident
  const reached = playbook.steps.reduce((sum, { id }) => {
    const state = stepState(incident, id)
    return sum + (isSettled(state) ? 2 : state.status === 'waiting' ? 0 : 1)
  }, 1)
  const marks = [notification !== undefined, containedAt !== undefined, status === 'closed']
  const all = 1 + 2 * playbook.steps.length + marks.length
  return status === 'closed' ? 1 : (reached + marks.filter(Boolean).length) / all
}

/** What the ledger says became of the password in this incident. */
export function passwordFacts(incident: OpenedIncident): AccountTarget['password'] {
  const doneAt = (wanted: (step: PlaybookStep) => boolean): string | undefined => {
    const step = incident.playbook.steps.find(wanted)
    const state = step === undefined ? undefined : stepState(incident, step.id)
    return state?.status === 'proven' || state?.status === 'unproven' ? state.at : undefined
  }
  const restoredAt = doneAt(({ kind }) => kind === 'recovery')
  if (restoredAt !== undefined) return { is: 'temporary', since: restoredAt }
  const resetAt = doneAt(({ action }) => action === 'reset-password')
  return resetAt === undefined ? undefined : { is: 'known to nobody', since: resetAt }
}

/** Whether anything has been done against the attacker. */
export function isDefended(incident: OpenedIncident): boolean {
  return (
    incident.suspendedAt !== undefined ||
    incident.playbook.steps.some(({ id }) => {
      const { status } = stepState(incident, id)
      return status === 'proven' || status === 'unproven'
    })
  )
}
