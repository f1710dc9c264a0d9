import type { Button } from '@slack/types'
import { type IncidentStep, isRepeatable, type OpenedIncident, stepState, stepsOf } from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { presses, type StepReference } from '../references.ts'
import { isAskable } from './asking.ts'
import { type Blocks, button, context, linkButton, row } from './blocks.ts'
import { literal } from './text.ts'
import { stepName, stepNumber } from './words.ts'

/** What can be pressed for the step whose turn it is. A finding has its buttons beside it. */
export function stepButtons(
  incident: OpenedIncident,
  step: IncidentStep,
  requestLink: string | undefined,
): readonly Button[] {
  const state = stepState(incident, step.id)
  const buttons: Button[] = []
  if (state.status === 'requested') {
    const request = { of: 'request', incident: incident.id, request: state.request } as const
    // As long as it is being looked at, no message of its own carries its buttons.
    if (incident.requests.get(state.request)?.shown === undefined)
      buttons.push(button('Withdraw the request', presses.withdraw, request))
    else if (requestLink !== undefined)
      buttons.push(linkButton(`Open ${stepName(incident, step)}`, requestLink, presses.link))
  }
  if (step.found === undefined && isAskable(incident, step) && !(state.status === 'failed' && !state.retry))
    buttons.push(askButton(incident, step))
  if (step.needsNotification === true && incident.notification === undefined) {
    const words = `Record how ${incident.target.username} was told…`
    buttons.push(button(words, presses.notify, { of: 'incident', incident: incident.id }))
  }
  return buttons
}

/** "Ask for step 3"; what only reads begins at once, what people decide or do is asked of them. */
function askButton(incident: OpenedIncident, step: IncidentStep): Button {
  const press = step.question !== undefined ? presses.decide : step.manual !== undefined ? presses.attest : presses.ask
  return button(askWords(incident, step), press, aboutStep(incident, step), { style: 'primary' })
}

/** What stands on the button that begins with the step, as it stands now. */
export function askWords(incident: OpenedIncident, step: IncidentStep): string {
  const number = stepNumber(incident, step)
  if (step.question !== undefined) return `Decide step ${number}…`
  if (step.manual !== undefined) return `I did step ${number}…`
  // A form comes first where something has to be filled in.
  const more = (step.inputs ?? []).length === 0 ? '' : '…'
  if (stepState(incident, step.id).status === 'failed') return `Try step ${number} again${more}`
  return `${onlyReads(step.action) ? 'Begin' : 'Ask for'} step ${number}${more}`
}

export function aboutStep({ id, requests }: OpenedIncident, step: IncidentStep): StepReference {
  const about = { of: 'step', incident: id, step: step.id } as const
  if (step.found === undefined) return about
  // Again means the way that was tried last.
  const action = [...requests.values()].findLast((one) => one.step === step.id && one.kind === 'run')?.action
  return action === undefined ? about : { ...about, action }
}

/** The temporary password ran out unseen: access can be given back once more. */
export function restoreAgain(incident: OpenedIncident): readonly Button[] {
  return stepsToRepeat(incident).map((step) =>
    button(`Ask for step ${stepNumber(incident, step)} again`, presses.ask, aboutStep(incident, step)),
  )
}

/** What gave something back, and can give it back once more. */
export function stepsToRepeat(incident: OpenedIncident): readonly IncidentStep[] {
  return incident.playbook.steps.filter(
    (step) =>
      step.kind === 'recovery' && isRepeatable(incident, step) && stepState(incident, step.id).status === 'proven',
  )
}

/** How many steps have their other ways on the card at once. */
const mostRows = 5

/** What may be done about a step that could not be proven, or not be done. A row each: a row takes every action once. */
export function fallbackRows(incident: OpenedIncident, only?: StepId): Blocks {
  const rows = stepsOf(incident).flatMap((step) =>
    only !== undefined && step.id !== only ? [] : fallbackRow(incident, step),
  )
  const rest = rows.length - mostRows
  return rest > 0
    ? [
        ...rows.slice(0, mostRows),
        context(literal(`${rest} more have other ways open: they move up as those above are settled.`)),
      ]
    : rows
}

function fallbackRow(incident: OpenedIncident, step: IncidentStep): Blocks {
  const state = stepState(incident, step.id)
  // A finding that is open has all its buttons beside it.
  const isStuck = state.status === 'unproven' || (state.status === 'failed' && step.found === undefined)
  if (!isStuck) return []
  const { fallbacks = [] } = step
  const about = aboutStep(incident, step)
  const suspend = fallbacks.includes('suspend') && incident.suspendedAt === undefined
  return row([
    isWorthAnother(incident, step) ? button(`Try ${stepName(incident, step)} again`, presses.ask, about) : undefined,
    suspend ? button(`Suspend ${incident.target.username} instead`, presses.suspend, about) : undefined,
    fallbacks.includes('attest')
      ? button(`I did ${stepName(incident, step)} by hand…`, presses.attest, about)
      : undefined,
  ])
}

/** Whether a step that is done but not proven may come out otherwise. What nobody can see without the database stays unseen. */
function isWorthAnother(incident: OpenedIncident, step: IncidentStep): boolean {
  const state = stepState(incident, step.id)
  if (state.status !== 'unproven' || state.suspended === true) return false
  const seen = incident.facts ?? incident.instance
  return state.lost === true || seen?.database !== false || step.fallbacks === undefined
}
