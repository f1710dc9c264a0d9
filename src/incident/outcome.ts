import { onlyReads } from '#/playbook/actions.ts'
import type { IncidentEvent } from './events.ts'
import { holdOutcome, isHoldOrder, supersededBy } from './hold.ts'
import { nextRequestId, shown } from './requests.ts'
import { containmentSteps, isGood, type OpenedIncident, type OpenOrder, stepState } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { afterSettling, checksOf, isOwed } from './sweep.ts'
import { allProven, type WorkResult } from './work.ts'

type Final<K extends WorkResult['kind']> = Extract<WorkResult, { kind: K }>

/** Whether a result is one that the order can have. What is only to be looked at cannot have been done. */
export function fits({ playbook }: OpenedIncident, order: OpenOrder, { kind }: WorkResult): boolean {
  if (isHoldOrder(order) && (kind === 'changed' || kind === 'prepared')) return false
  switch (kind) {
    case 'started':
    case 'waiting':
    case 'halted':
    case 'failed':
      return true
    case 'progress':
      return order.mode === 'run' && order.step !== undefined
    case 'snapshot':
      return order.action === playbook.snapshot
    case 'prepared':
      return order.mode === 'prepare'
    case 'changed':
      return order.mode === 'run' && order.request !== undefined
    case 'done':
      return order.mode === 'run' && (order.step !== undefined || order.action === playbook.sweep || isHoldOrder(order))
  }
}

/** What a worker's report of an open order makes true. An empty list: nothing new. */
export function recordOutcome(
  incident: OpenedIncident,
  order: OpenOrder,
  result: WorkResult,
  around: Surroundings,
): readonly IncidentEvent[] {
  switch (result.kind) {
    case 'started':
      return order.mode === 'run' && order.step !== undefined
        ? [{ type: 'WorkStarted', order: order.id, attempt: result.attempt }]
        : []
    case 'waiting':
      // The same reason again is no news.
      return order.waits === result.why
        ? []
        : [
            {
              type: 'WorkWaits',
              order: order.id,
              why: result.why,
              ...(result.onPeople === undefined ? {} : { onPeople: true }),
            },
          ]
    case 'halted':
      return order.halted === undefined ? [{ type: 'WorkHalted', order: order.id, begun: result.begun }] : []
    case 'progress': {
      const { kind: _kind, ...progress } = result
      return [{ type: 'WorkProgressed', order: order.id, ...progress }]
    }
    case 'snapshot': {
      const { kind: _kind, ...taken } = result
      return [{ type: 'SnapshotTaken', order: order.id, ...taken }]
    }
    case 'prepared':
      return prepared(incident, order, result, around)
    case 'changed':
      return changed(incident, order, result, around)
    case 'done':
      if (isHoldOrder(order)) return holdOutcome(order, result)
      return order.step === undefined ? swept(incident, order, result) : done(incident, order, result, around)
    case 'failed':
      return isHoldOrder(order) ? holdOutcome(order, result) : failed(order, result)
  }
}

function prepared(
  incident: OpenedIncident,
  order: OpenOrder,
  { effect }: Final<'prepared'>,
  around: Surroundings,
): readonly IncidentEvent[] {
  const request = order.request === undefined ? undefined : incident.requests.get(order.request)
  if (request === undefined) throw new Error(`order ${order.id} prepares no request`)
  return [shown(incident, { request, effect }, around)]
}

/** The approval was for something else than what is there now: it is void, and the new picture is shown at once. */
function changed(
  incident: OpenedIncident,
  order: OpenOrder,
  result: Final<'changed'>,
  around: Surroundings,
): readonly IncidentEvent[] {
  const request = order.request === undefined ? undefined : incident.requests.get(order.request)
  if (request?.step === undefined) throw new Error(`order ${order.id} runs no request of a step`)
  const { step, kind, action, reason, inputs, requester, identity } = request
  const next = nextRequestId(incident)
  return [
    { type: 'ApprovalVoided', request: request.id, step, differences: result.differences },
    {
      type: 'StepRequested',
      request: next,
      step,
      kind,
      requester,
      identity,
      replaces: request.id,
      ...(action === undefined ? {} : { action }),
      ...(reason === undefined ? {} : { reason }),
      ...(inputs === undefined ? {} : { inputs }),
    },
    shown(incident, { request: { ...request, id: next }, effect: result.effect }, around),
  ]
}

function done(
  incident: OpenedIncident,
  order: OpenOrder,
  result: Final<'done'>,
  around: Surroundings,
): readonly IncidentEvent[] {
  const { step } = order
  if (step === undefined) return []
  const { kind: _kind, ...rest } = result
  const { secret } = incident
  return [
    // The state knows one secret: the one before it would be kept sealed, with nobody left to destroy it.
    ...(rest.sealed !== undefined && secret?.state === 'sealed'
      ? [{ type: 'SecretDestroyed', order: secret.order, why: 'a new one was made' } as const]
      : []),
    { type: 'StepDone', order: order.id, step, action: order.action, proven: allProven(result.checks), ...rest },
    ...supersededBy(incident, order, allProven(result.checks)),
    // What a review came upon has to be dealt with first.
    ...(opensMore(incident, order, rest) ? [] : afterSettling(incident, (id) => id === step, around)),
  ]
}

function opensMore(
  incident: OpenedIncident,
  { step }: OpenOrder,
  { findings = [] }: Pick<Final<'done'>, 'findings'>,
): boolean {
  const known = step === undefined ? [] : (incident.found.get(step) ?? [])
  return findings.some(
    ({ key }) => !known.some(({ id, found }) => found?.finding.key === key && isGood(stepState(incident, id))),
  )
}

/**
 * The sweep holds when everything that was proven still is, and what an earlier sweep found is gone. A step that never was
 * proven, or was skipped, has no proof to repeat; it is in the summary anyway.
 */
function swept(incident: OpenedIncident, order: OpenOrder, result: Final<'done'>): readonly IncidentEvent[] {
  const states = containmentSteps(incident).map((step) => ({ step, state: stepState(incident, step.id) }))
  // A step without any check read back is a step that the sweep did not look at.
  const holds = states.every(({ step, state }) => {
    // What was only looked at has nothing that could come undone.
    if (step.action !== undefined && onlyReads(step.action)) return true
    return !isOwed(state) || allProven(checksOf(incident, step, result.checks))
  })
  const { evidence, requestIds } = result
  const sweep: IncidentEvent = {
    type: 'SweepDone',
    order: order.id,
    proven: holds,
    checks: result.checks,
    evidence,
    requestIds,
  }
  const contained = holds && states.every(({ state }) => isGood(state)) && incident.containedAt === undefined
  return contained ? [sweep, { type: 'IncidentContained' }] : [sweep]
}

function failed(order: OpenOrder, { kind: _kind, begun: _begun, ...why }: Final<'failed'>): readonly IncidentEvent[] {
  return order.step === undefined
    ? [{ type: 'ReadingFailed', order: order.id, sentence: why.sentence, retry: why.retry }]
    : [{ type: 'StepFailed', order: order.id, step: order.step, ...why }]
}
