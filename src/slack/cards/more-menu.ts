import type { Button, Overflow } from '@slack/types'
import { isInstance } from '#/incident/account.ts'
import { holdInForce } from '#/incident/hold-state.ts'
import {
  type IncidentStep,
  isRead,
  isRepeatable,
  isRestored,
  nextStep,
  type OpenedIncident,
  stepState,
  stopOf,
} from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import type { HoldRule, Policy } from '#/policy/policy.ts'
import { limits } from '../limits.ts'
import { presses, type Reference, writeReference } from '../references.ts'
import { isAskable } from './asking.ts'
import { button, option } from './blocks.ts'
import { aboutStep, stepsToRepeat } from './step-buttons.ts'
import { minutes, shortened } from './text.ts'
import { stepName, stepNumber, subject } from './words.ts'

/**
 * What is possible besides what is next. Nothing stands here that would be refused to everybody. A menu takes five lines; what
 * does not fit, the rarest, becomes buttons.
 */
export function moreMenu(
  incident: OpenedIncident,
  policy?: Pick<Policy, 'hold'>,
): { readonly menu: Overflow; readonly rest: readonly Button[] } {
  const choices = choicesOf(incident, policy)
  return {
    menu: {
      type: 'overflow',
      action_id: presses.more,
      options: choices
        .slice(0, limits.overflowOptions)
        .map(({ words, press, about }) => option(words, `${press}|${writeReference(about)}`)),
    },
    rest: choices.slice(limits.overflowOptions).map(({ words, press, about }) => button(words, press, about)),
  }
}

/** What only reads, is done, and may be looked at once more. */
export function repeatableReviews(incident: OpenedIncident): readonly IncidentStep[] {
  return incident.playbook.steps.filter(
    (step) =>
      step.action !== undefined &&
      onlyReads(step.action) &&
      stepState(incident, step.id).status === 'proven' &&
      isRepeatable(incident, step),
  )
}

/** The snapshot or the sweep can be made anew. Undefined: not now. */
export function readingToRepeat(incident: OpenedIncident): 'snapshot' | 'sweep' | undefined {
  if (isReading(incident)) return undefined
  const { status } = incident.sweep
  if ((status !== 'clean' && status !== 'found') || isRestored(incident)) return 'snapshot'
  // What it found has its own button.
  return status === 'found' ? undefined : 'sweep'
}

/** What repeating it is called. */
export function readingWords(incident: OpenedIncident, what: 'snapshot' | 'sweep'): string {
  return what === 'sweep' ? 'Sweep again' : `Read ${subject(incident)} again`
}

/** Every press once at most, since what does not fit stands in one row. */
type Choice = { readonly words: string; readonly press: string; readonly about: Reference }

/** The most wanted first. */
function choicesOf(incident: OpenedIncident, policy: Pick<Policy, 'hold'> | undefined): readonly Choice[] {
  const about: Reference = { of: 'incident', incident: incident.id }
  const take: Choice = { words: 'Take command', press: presses.take, about }
  const timeline: Choice = { words: 'Timeline', press: presses.timeline, about }
  const goesOn: readonly Choice[] = [
    ...(incident.legalClock === undefined
      ? []
      : [{ words: 'Put right when it was noticed…', press: presses.awareness, about }]),
    { words: 'Start a follow-up…', press: presses.followUp, about },
  ]
  if (stopOf(incident) !== undefined) return [take, timeline, ...goesOn]
  return [
    take,
    ...holdChoice(incident, policy?.hold),
    ...stepChoices(incident),
    timeline,
    ...lookAgain(incident),
    ...goesOn,
  ]
}

/** Offered where one responder could suspend the target now. */
function holdChoice(incident: OpenedIncident, rule: HoldRule | undefined): readonly Choice[] {
  const { target, suspendedAt } = incident
  if (rule?.allowed !== true || rule.by.length === 0 || isInstance(target)) return []
  if (suspendedAt !== undefined || holdInForce(incident) !== undefined) return []
  if (!isRead(incident) && incident.snapshotFailed === undefined) return []
  const about: Reference = { of: 'incident', incident: incident.id }
  return [{ words: `Hold ${shortened(target.username, 40)} for ${minutes(rule.lengthMs)}`, press: presses.hold, about }]
}

function stepChoices(incident: OpenedIncident): readonly Choice[] {
  const step = nextStep(incident)
  if (step === undefined) return incident.secret?.state === 'shown' ? handOverAgain(incident) : []
  const state = stepState(incident, step.id)
  if (state.status === 'requested' || state.status === 'running') return []
  return [
    { words: `Skip ${stepName(incident, step)}…`, press: presses.skip, about: aboutStep(incident, step) },
    // It is said not to help as things are; things may change.
    ...(state.status === 'failed' && !state.retry && step.found === undefined && isAskable(incident, step)
      ? [
          {
            words: `Try step ${stepNumber(incident, step)} again`,
            press: presses.ask,
            about: aboutStep(incident, step),
          },
        ]
      : []),
  ]
}

/** That the temporary password was taken out does not mean that it could be read: Slack may have failed, or the form been closed. */
function handOverAgain(incident: OpenedIncident): readonly Choice[] {
  return stepsToRepeat(incident).map((step) => ({
    words: `Ask for step ${stepNumber(incident, step)} again`,
    press: presses.ask,
    about: aboutStep(incident, step),
  }))
}

/** Whatever only looks. When there are several such things, which one is asked in a form. */
function lookAgain(incident: OpenedIncident): readonly Choice[] {
  const about: Reference = { of: 'incident', incident: incident.id }
  const reading = readingToRepeat(incident)
  const [review, ...more] = repeatableReviews(incident)
  if (review === undefined) {
    if (reading === undefined) return []
    const press = reading === 'sweep' ? presses.readSweep : presses.readSnapshot
    return [{ words: readingWords(incident, reading), press, about }]
  }
  if (reading !== undefined || more.length > 0) return [{ words: 'Look again…', press: presses.lookAgain, about }]
  const words = `Look again at step ${stepNumber(incident, review)}${(review.inputs ?? []).length === 0 ? '' : '…'}`
  return [{ words, press: presses.ask, about: aboutStep(incident, review) }]
}

/** The snapshot or the sweep is being made. */
export function isReading({ orders, playbook }: OpenedIncident): boolean {
  return [...orders.values()].some(({ action }) => action === playbook.snapshot || action === playbook.sweep)
}
