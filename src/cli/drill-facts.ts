import type { AccountTarget } from '#/drill/page/glass/account.ts'
import type { IncidentFacts, Move, OpenForm } from '#/drill/page/glass/hint.ts'
import type { Form } from '#/drill/slack/acts/seen.ts'
import { object, text } from '#/drill/slack/json.ts'
import { isInstance } from '#/incident/account.ts'
import type { Finding } from '#/incident/findings.ts'
import {
  type IncidentStep,
  isRead,
  isRestored,
  isSettled,
  nextStep,
  type OpenedIncident,
  openRequests,
  type Request,
  stepState,
  stepsOf,
  stopOf,
} from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import type { PlaybookStep } from '#/playbook/playbook.ts'
import { isAskable } from '#/slack/cards/asking.ts'
import { findingButtons } from '#/slack/cards/findings.ts'
import { askWords } from '#/slack/cards/step-buttons.ts'
import { stepName } from '#/slack/cards/words.ts'
import { fields } from '#/slack/references.ts'
import { plots } from './drill-plots.ts'

/** The incident that counts for somebody at the page: the newest that is open, else the newest. */
export function currentIncident(incidents: readonly OpenedIncident[]): OpenedIncident | undefined {
  return incidents.findLast(({ status }) => status === 'open') ?? incidents.at(-1)
}

/** What a hint has to know of an incident. `isRogue`: whether the attacker is behind what a review came upon. */
export function incidentFacts(incident: OpenedIncident, isRogue: (finding: Finding) => boolean): IncidentFacts {
  return {
    id: incident.id,
    target: incident.target.username,
    isWhole: isInstance(incident.target),
    move: nextMove(incident, isRogue),
    contained: incident.containedAt !== undefined,
    restored: isRestored(incident),
    voided: [...incident.requests.values()].some(({ end }) => end.kind === 'voided'),
    held: incident.holds.size > 0,
  }
}

/** What a hint has to know of the form that somebody has on top. `usual`: whom the first playbook is best tried with. */
export function openForm({ title, blocks }: Pick<Form, 'title' | 'blocks'>, usual: string): OpenForm {
  if (!blocks.some((block) => text(block['block_id']) === fields.target)) return { title }
  const playbook = blocks.map(({ element }) => text(object(object(element ?? {})['initial_option'] ?? {})['value']))
  return { title, target: plots.find((one) => playbook.includes(one.playbook))?.target ?? usual }
}

/** What can be done next; it is what the card says, for people who have never seen one. */
export function nextMove(incident: OpenedIncident, isRogue: (finding: Finding) => boolean): Move {
  if (incident.status === 'closed') return { next: 'look back' }
  if (stopOf(incident) !== undefined) return afterTheStop(incident)
  if (!isRead(incident)) {
    return { next: incident.snapshotFailed === undefined ? 'wait for the reading' : 'read again' }
  }
  const step = nextStep(incident)
  if (step !== undefined) return moveAt(incident, step, isRogue)
  if (incident.sweep.status === 'due') return { next: 'wait for the sweep' }
  const { secret } = incident
  return secret?.state === 'sealed' ? { next: 'show the password', holder: secret.holder.name } : { next: 'close' }
}

function afterTheStop(incident: OpenedIncident): Move {
  const asked = openRequests(incident).find(({ kind }) => kind === 'resume')
  return asked === undefined ? { next: 'resume' } : approval(asked, 'the work to go on')
}

function moveAt(incident: OpenedIncident, step: IncidentStep, isRogue: (finding: Finding) => boolean): Move {
  const what: string = stepName(incident, step)
  const state = stepState(incident, step.id)
  if (state.status === 'running') return { next: 'wait for the worker', what }
  if (state.status === 'requested') {
    const request = incident.requests.get(state.request)
    return request?.shown === undefined ? { next: 'wait for the request', what } : approval(request, what)
  }
  if (step.found !== undefined) {
    const [expected = '', ...others] = findingButtons(incident, step).map(({ text }) => text.text)
    const { finding } = step.found
    const because = isRogue(finding) ? 'rogue' : finding.kind === 'secret' ? 'by hand' : 'expected'
    return { next: 'see to a finding', what, title: step.title, because, buttons: [expected, ...others] }
  }
  if (state.status === 'failed' && !state.retry) return { next: 'find another way', what }
  if (isAskable(incident, step)) {
    const button = askWords(incident, step)
    if (step.question !== undefined) return { next: 'decide', what, button }
    if (step.manual !== undefined) return { next: 'do by hand', what, button }
    return { next: 'ask', what, button, again: state.status === 'failed' }
  }
  if (step.needsNotification === true && incident.notification === undefined) return { next: 'tell' }
  return { next: incident.sweep.status === 'found' ? 'sweep again' : 'wait for the sweep' }
}

function approval({ requester, shown }: Request, what: string): Move {
  return { next: 'approve', what, by: requester.name, byTyping: shown?.effect.confirmByTyping !== undefined }
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
    stepsOf(incident).some(({ id, action, found }) => {
      const { status } = stepState(incident, id)
      const isChange = found !== undefined || (action !== undefined && !onlyReads(action))
      return isChange && (status === 'proven' || status === 'unproven')
    })
  )
}
