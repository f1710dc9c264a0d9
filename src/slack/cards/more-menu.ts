import type { Button, Overflow } from '@slack/types'
import {
  type IncidentStep,
  isRepeatable,
  isRestored,
  nextStep,
  type OpenedIncident,
  stepState,
  stopOf,
} from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import { limits } from '../limits.ts'
import { presses, type Reference, writeReference } from '../references.ts'
import { isAskable } from './asking.ts'
import { button, option } from './blocks.ts'
import { aboutStep } from './step-buttons.ts'
import { stepName, stepNumber, subject } from './words.ts'

/**
 * What is possible besides what is next. Nothing stands here that would be refused to everybody. A menu takes five lines; what
 * does not fit, the rarest, becomes buttons.
 */
export function moreMenu(incident: OpenedIncident): { readonly menu: Overflow; readonly rest: readonly Button[] } {
  const choices = choicesOf(incident)
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

/** Every press once at most, since what does not fit stands in one row. */
type Choice = { readonly words: string; readonly press: string; readonly about: Reference }

/** The most wanted first. */
function choicesOf(incident: OpenedIncident): readonly Choice[] {
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
  return [take, ...stepChoices(incident), timeline, ...lookAgain(incident), ...goesOn, ...readAgain(incident, about)]
}

function stepChoices(incident: OpenedIncident): readonly Choice[] {
  const step = nextStep(incident)
  if (step === undefined) return []
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

function lookAgain(incident: OpenedIncident): readonly Choice[] {
  const [first, ...more] = repeatableReviews(incident)
  if (first === undefined) return []
  return more.length === 0
    ? [
        {
          words: `Look again at step ${stepNumber(incident, first)}${(first.inputs ?? []).length === 0 ? '' : '…'}`,
          press: presses.ask,
          about: aboutStep(incident, first),
        },
      ]
    : [{ words: 'Look again at a step…', press: presses.lookAgain, about: { of: 'incident', incident: incident.id } }]
}

function readAgain(incident: OpenedIncident, about: Reference): readonly Choice[] {
  if (isReading(incident)) return []
  const { status } = incident.sweep
  if ((status === 'clean' || status === 'found') && !isRestored(incident))
    return status === 'found' ? [] : [{ words: 'Sweep again', press: presses.readSweep, about }]
  return [{ words: `Read ${subject(incident)} again`, press: presses.readSnapshot, about }]
}

/** The snapshot or the sweep is being made. */
export function isReading({ orders, playbook }: OpenedIncident): boolean {
  return [...orders.values()].some(({ action }) => action === playbook.snapshot || action === playbook.sweep)
}
