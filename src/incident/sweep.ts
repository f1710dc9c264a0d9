import { type ActionName, onlyReads } from '#/playbook/actions.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { StepId } from '#/playbook/playbook.ts'
import type { IncidentEvent } from './events.ts'
import {
  containmentSteps,
  type IncidentStep,
  isSettled,
  type OpenedIncident,
  type StepState,
  stepState,
} from './state.ts'
import type { Surroundings } from './surroundings.ts'
import type { StepCheck } from './work.ts'

type Settling = Extract<
  IncidentEvent,
  { type: 'StepSkipped' | 'StepAttested' | 'FindingExpected' | 'QuestionAnswered' }
>

/** The events that settle steps, followed by what their being settled brings about. */
export function settle(
  incident: OpenedIncident,
  events: readonly Settling[],
  around: Surroundings,
): readonly IncidentEvent[] {
  const done = new Set(
    events.flatMap((event) => (event.type === 'QuestionAnswered' ? [event.step, ...event.leftOut] : event.step)),
  )
  const onlySkipped = containmentSteps(incident).every(
    ({ id }) =>
      stepState(incident, id).status === 'skipped' ||
      events.some(({ type, step }) => step === id && type === 'StepSkipped'),
  )
  return [...events, ...(onlySkipped ? [] : afterSettling(incident, (id) => done.has(id), around))]
}

/**
 * The sweep, once every containment step is settled: an attacker's half-finished login lives for ten minutes, so the proof
 * is repeated when that is over (contract §2.6, §10). A step that is done again before that begins the wait anew.
 */
export function afterSettling(
  incident: OpenedIncident,
  settledNow: (step: StepId) => boolean,
  around: Surroundings,
): readonly IncidentEvent[] {
  const steps = containmentSteps(incident)
  // A recovery step ending changes nothing about containment.
  if (!steps.some(({ id }) => settledNow(id))) return []
  const all = steps.every(({ id }) => settledNow(id) || isSettled(stepState(incident, id)))
  return all ? [orderSweep(incident, around, around.sweepDelayMs)] : []
}

export function orderSweep(incident: OpenedIncident, { now, later }: Surroundings, delayMs: number): IncidentEvent {
  return { type: 'WorkOrdered', mode: 'run', action: incident.playbook.sweep, notBefore: later(now, delayMs) }
}

/** What a sweep read back for a step. An earlier version named the action alone. */
export function checksOf(
  { work }: OpenedIncident,
  { id, action }: IncidentStep,
  checks: readonly StepCheck[],
): readonly StepCheck[] {
  const done = action ?? [...work.values()].findLast((one) => one.step === id)?.action
  return checks.filter((check) => (check.step === undefined ? check.action === done : check.step === id))
}

/** A step whose proof a sweep has to repeat, and what was done for it. */
export type OwedProof = { readonly step: IncidentStep; readonly action: ActionName; readonly inputs?: Inputs }

/** Everything that was proven, and what an earlier sweep found undone. What was only read has nothing that could come undone. */
export function owedProofs(incident: OpenedIncident): readonly OwedProof[] {
  return containmentSteps(incident).flatMap((step): readonly OwedProof[] => {
    const [, last] = [...incident.work].findLast(([, work]) => work.step === step.id) ?? []
    const action = step.action ?? last?.action
    if (!isOwed(stepState(incident, step.id)) || action === undefined || onlyReads(action)) return []
    const inputs = last?.request === undefined ? undefined : incident.requests.get(last.request)?.inputs
    return [{ step, action, ...(inputs === undefined ? {} : { inputs }) }]
  })
}

/** A step that was proven, be it that an earlier sweep took that back. */
export function isOwed(state: StepState): boolean {
  return state.status === 'proven' || (state.status === 'unproven' && state.lost === true)
}
