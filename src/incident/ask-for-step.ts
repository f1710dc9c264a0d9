import { type ActionName, onlyReads } from '#/playbook/actions.ts'
import { readInputs } from '#/playbook/inputs.ts'
import { identityOf } from './approval.ts'
import type { Command } from './commands.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent, RequestKind } from './events.ts'
import { whyNotWhileHeld } from './hold.ts'
import { longestText } from './limits.ts'
import type { Refusal } from './refusals.ts'
import { effectOfDecision, nextRequestId, shown } from './requests.ts'
import {
  containmentSteps,
  findStep,
  type IncidentStep,
  isRead,
  isRepeatable,
  isSettled,
  type OpenedIncident,
  quoted,
  stepState,
  stepsOf,
  targetOf,
} from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'

/** Asks for a step in one of its ways. What changes anything becomes a request; what only reads is ordered at once. */
export function askForStep(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'AskForStep' }>,
  around: Surroundings,
): Decision {
  const step = findStep(incident, command.step)
  if (step === undefined) return refused('no_such_step')
  const refusal = whyNotAsk(incident, step, command)
  if (refusal !== undefined) return refusedFor(refusal)
  const { by, kind, answer } = command
  const read = readInputs(kind === 'run' ? (step.inputs ?? []) : [], (id) => command.inputs?.[id] ?? '', around.now)
  if (read.kind === 'wrong') return refused('inputs_wrong', { what: Object.values(read.errors).join(' ') })
  const { inputs } = read

  const action = actionOf(step, command)
  const given = Object.keys(inputs).length === 0 ? {} : { inputs }
  // What only reads needs no second person.
  if (action !== undefined && onlyReads(action))
    return accepted({ type: 'WorkOrdered', mode: 'run', action, step: step.id, ...given })

  const request = nextRequestId(incident)
  const reason = command.reason?.trim()
  const asked: IncidentEvent = {
    type: 'StepRequested',
    request,
    step: step.id,
    kind,
    requester: by.person,
    identity: identityOf(by),
    ...(action === undefined ? {} : { action }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...given,
    ...(kind !== 'answer' || answer === undefined ? {} : { answer }),
  }
  if (action !== undefined)
    return accepted(asked, { type: 'WorkOrdered', mode: 'prepare', action, step: step.id, request })

  // Nothing outside is touched, so there is nothing to look at first: the effect is what the words say.
  const about = {
    id: request,
    step: step.id,
    kind,
    reason: reason ?? '',
    ...(kind === 'answer' && answer !== undefined ? { answer } : {}),
  }
  const effect = effectOfDecision(incident, step, about)
  return accepted(asked, shown(incident, { request: about, effect }, around))
}

function whyNotAsk(
  incident: OpenedIncident,
  step: IncidentStep,
  command: Extract<Command, { type: 'AskForStep' }>,
): Refusal | undefined {
  const { kind, reason, answer } = command
  const state = stepState(incident, step.id)
  if (state.status === 'requested') {
    const open = incident.requests.get(state.request)
    return because('request_open', open === undefined ? {} : { who: `@${open.requester.name}` })
  }
  if (state.status === 'running') return because('step_running')
  const isOver =
    isFinal.has(state.status) || (state.status === 'proven' && !(kind === 'run' && isRepeatable(incident, step)))
  if (isOver) return because('step_settled', { what: overWords[state.status] ?? state.status })

  const early = whyTooEarly(incident, step)
  if (early !== undefined) return early

  const notOffered = whyNotOffered(step, command)
  if (notOffered !== undefined) return notOffered
  if (kind !== 'run' && kind !== 'suspend' && (reason === undefined || reason.trim() === ''))
    return because('reason_missing')
  if (reason !== undefined && reason.length > longestText) return because('text_too_long')
  if (kind === 'suspend' || kind === 'attest') {
    // What only people can do has no other way to wait for.
    const byHand = kind === 'attest' && step.manual !== undefined
    const stuck = byHand || state.status === 'unproven' || state.status === 'failed'
    const offered = stuck && ((byHand && step.found === undefined) || step.fallbacks?.includes(kind) === true)
    return offered ? undefined : because('fallback_not_offered')
  }
  if (kind === 'answer')
    return step.question?.answers.some(({ id }) => id === answer) === true ? undefined : because('answer_unknown')
  if (kind !== 'run') return undefined
  if (!isRead(incident)) {
    return because('snapshot_first', incident.snapshotFailed === undefined ? {} : { what: incident.snapshotFailed })
  }
  return (
    whyNotWhileHeld(incident, { action: actionOf(step, command), account: targetOf(incident, step).id }) ??
    (step.kind === 'recovery' ? whyNotRecover(incident, step) : undefined)
  )
}

/** States that nothing leads out of. */
const isFinal: ReadonlySet<string> = new Set(['skipped', 'expected', 'answered', 'left-out'])

const overWords: Readonly<Record<string, string>> = { 'left-out': 'left out', expected: 'recorded as expected' }

/** A finding is spoken for, or dealt with in one of its ways; a question is answered; what people do by hand is no worker's work. */
function whyNotOffered(
  step: IncidentStep,
  { kind, action }: Extract<Command, { type: 'AskForStep' }>,
): Refusal | undefined {
  const what = step.title
  const isSkip = kind === 'skip' || kind === 'skip-rest'
  if (step.found !== undefined) {
    const { ways } = step.found.finding
    const offered =
      kind === 'run' ? action !== undefined && ways.includes(action) : kind !== 'answer' && kind !== 'suspend'
    return offered ? undefined : because('way_not_offered', { what })
  }
  if (kind === 'expect' || (action !== undefined && action !== step.action)) return because('way_not_offered', { what })
  if (step.question !== undefined) return kind === 'answer' || isSkip ? undefined : because('way_not_offered', { what })
  if (step.manual !== undefined) return kind === 'attest' || isSkip ? undefined : because('way_not_offered', { what })
  return kind === 'answer' ? because('way_not_offered', { what }) : undefined
}

/** The findings of one review may be dealt with in any order. */
export function whyTooEarly(incident: OpenedIncident, step: IncidentStep): Refusal | undefined {
  const all = stepsOf(incident)
  const earlier = all
    .slice(
      0,
      all.findIndex(({ id }) => id === step.id),
    )
    .filter(({ found }) => found === undefined || found.by !== step.found?.by)
  const first = earlier.find(({ id }) => !isSettled(stepState(incident, id)))
  return first === undefined ? undefined : because('step_not_next', { what: quoted(first) })
}

/** Nothing is given back before containment has been swept and the user has been told. */
export function whyNotRecover(incident: OpenedIncident, step: IncidentStep): Refusal | undefined {
  if (step.needsNotification === true && incident.notification === undefined) {
    return because('notification_first', { who: incident.target.username })
  }
  const { sweep } = incident
  // Everything before was skipped with approval: there is nothing whose proof could be repeated.
  if (
    sweep.status === 'none' &&
    containmentSteps(incident).every(({ id }) => stepState(incident, id).status === 'skipped')
  )
    return undefined
  if (sweep.status === 'due') return because('sweep_first', { what: `is due at ${utc(sweep.at)}` })
  if (sweep.status === 'found') return because('sweep_first', { what: `found: ${sweep.open.join(' ')}` })
  return sweep.status === 'clean' ? undefined : because('sweep_first')
}

function actionOf(
  step: IncidentStep,
  { kind, action }: { readonly kind: RequestKind; readonly action?: ActionName },
): ActionName | undefined {
  if (kind === 'run') return step.action ?? action
  return kind === 'suspend' ? 'suspend-account' : undefined
}
