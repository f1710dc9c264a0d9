import type { StepId } from '#/playbook/playbook.ts'
import { endOrder, withOrder, without, withRequest, withStep } from './changed.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import type { Finding } from './findings.ts'
import { withHoldOrder } from './hold-state.ts'
import { actorName } from './people.ts'
import {
  type IncidentStep,
  isBusy,
  isSettled,
  type OpenedIncident,
  orderIdOf,
  type Stop,
  stepState,
  stepsOf,
} from './state.ts'
import { checksOf } from './sweep.ts'
import type { OrderId, RequestId, StepCheck } from './work.ts'

export type WorkEvent = Extract<
  IncidentEvent,
  {
    type:
      | 'WorkOrdered'
      | 'WorkStarted'
      | 'WorkIssuedAgain'
      | 'WorkStopped'
      | 'WorkHalted'
      | 'WorkResumed'
      | 'WorkWaits'
      | 'WorkProgressed'
      | 'SnapshotTaken'
      | 'StepDone'
      | 'StepFailed'
      | 'ReadingFailed'
      | 'SweepDone'
  }
>

/** Folds what was ordered, what workers say of it, and the emergency stop. */
export function withWorkEvent(
  incident: OpenedIncident,
  event: WorkEvent,
  { at, actor, seq }: Pick<Recorded, 'at' | 'actor' | 'seq'>,
): OpenedIncident {
  switch (event.type) {
    case 'WorkOrdered':
      return withHoldOrder(ordered(incident, event, at, seq), event, { id: orderIdOf(incident.id, seq), at })
    case 'WorkStarted':
      return taken(incident, event, { by: actorName(actor), at })
    case 'WorkIssuedAgain':
      return withOrder(incident, event.order, (order) => ({ ...order, issuedAgain: order.issuedAgain + 1 }))
    case 'WorkStopped':
      return { ...incident, stops: [...incident.stops, stopped(event, { at, seq })] }
    case 'WorkHalted':
      return halted(incident, event)
    case 'WorkResumed':
      return resumed(incident, event, seq)
    case 'WorkWaits':
      return waits(incident, event)
    case 'WorkProgressed':
      return progressed(incident, event)
    case 'SnapshotTaken': {
      const { facts, instance } = event
      return {
        ...without(endOrder(incident, event.order), 'snapshotFailed'),
        ...(facts === undefined ? {} : { facts }),
        ...(instance === undefined ? {} : { instance }),
        factWarnings: event.warnings,
        ...exposure(incident, facts?.accessTokensEndAt ?? instance?.accessTokensEndAt),
      }
    }
    case 'StepDone':
      return done(incident, event, at)
    case 'StepFailed':
      return failed(incident, event, at)
    case 'ReadingFailed':
      return readingFailed(incident, event.order, event.sentence, at)
    case 'SweepDone':
      return swept(incident, event, at)
  }
}

/** What ends sessions: from then on old access tokens are not renewed. */
export const revoking: ReadonlySet<string> = new Set([
  'revoke-sessions',
  'revoke-everybody',
  'rotate-admin-token',
  'invalidate-tokens',
])

function ordered(
  incident: OpenedIncident,
  event: Extract<IncidentEvent, { type: 'WorkOrdered' }>,
  at: string,
  seq: number,
): OpenedIncident {
  const { type: _type, ...work } = event
  const id = orderIdOf(incident.id, seq)
  const { action, step, request } = event
  const next = {
    ...incident,
    orders: new Map(incident.orders).set(id, { ...work, id, orderedAt: at, issuedAgain: 0 }),
    work: new Map(incident.work).set(id, {
      action,
      ...(step === undefined ? {} : { step }),
      ...(request === undefined ? {} : { request }),
    }),
  }
  if (event.action === incident.playbook.sweep) {
    // The newest sweep is the one that counts: an earlier one would prove a moment before the last change.
    const orders = new Map([...next.orders].filter(([other, { action }]) => other === id || action !== event.action))
    return { ...next, orders, sweep: { status: 'due', order: id, at: event.notBefore ?? at } }
  }
  if (event.mode === 'run' && event.step !== undefined) {
    const by = event.request === undefined ? {} : { request: event.request }
    return withStep(next, event.step, { status: 'running', ...by, order: id, since: at })
  }
  return next
}

function stopped(
  { by, all, reason }: Extract<IncidentEvent, { type: 'WorkStopped' }>,
  { at, seq }: Pick<Recorded, 'at' | 'seq'>,
): Stop {
  return { by, at, seq, all, ...(reason === undefined ? {} : { reason }) }
}

/** The order is with no worker any more. */
function halted(
  incident: OpenedIncident,
  { order: id, begun }: Extract<IncidentEvent, { type: 'WorkHalted' }>,
): OpenedIncident {
  const order = incident.orders.get(id)
  const next = withOrder(incident, id, (one) => ({ ...one, halted: { begun } }))
  const step = order?.step === undefined ? undefined : incident.steps.get(order.step)
  if (order?.step === undefined || step?.status !== 'running') return next
  const { taken: _over, waits: _past, onPeople: _theirs, ...running } = step
  return withStep(next, order.step, running)
}

/** Resuming everything leaves an incident stopped that was stopped for itself; resuming one incident lifts both. */
function resumed(
  incident: OpenedIncident,
  { all }: Extract<IncidentEvent, { type: 'WorkResumed' }>,
  seq: number,
): OpenedIncident {
  const orders = new Map([...incident.orders].map(([id, { halted: _over, ...order }]) => [id, order]))
  return { ...incident, orders, stops: all ? incident.stops.filter((stop) => !stop.all) : [], resumedSeq: seq }
}

function taken(
  incident: OpenedIncident,
  { order: id, attempt }: Extract<IncidentEvent, { type: 'WorkStarted' }>,
  { by, at }: { readonly by: string; readonly at: string },
): OpenedIncident {
  const order = incident.orders.get(id)
  const step = order?.step === undefined ? undefined : incident.steps.get(order.step)
  if (order?.step === undefined || step?.status !== 'running') return incident
  const { waits: _over, onPeople: _theirs, ...running } = step
  return withStep(incident, order.step, { ...running, taken: { by, at, attempt } })
}

function progressed(
  incident: OpenedIncident,
  { order: id, type: _type, ...progress }: Extract<IncidentEvent, { type: 'WorkProgressed' }>,
): OpenedIncident {
  const step = incident.orders.get(id)?.step
  const state = step === undefined ? undefined : incident.steps.get(step)
  if (step === undefined || state?.status !== 'running') return incident
  const { waits: _over, onPeople: _theirs, ...running } = state
  return withStep(incident, step, { ...running, progress })
}

/** A look that failed has touched nothing: what was settled before stays so. */
function failed(
  incident: OpenedIncident,
  { order: id, step, sentence, retry }: Extract<IncidentEvent, { type: 'StepFailed' }>,
  at: string,
): OpenedIncident {
  const order = incident.orders.get(id)
  const next = endOrder(incident, id)
  if (order?.request === undefined || order.mode === 'run')
    return withStep(next, step, { status: 'failed', at, sentence, retry })
  const before = incident.requests.get(order.request)?.before
  const state =
    before !== undefined && isSettled(before) ? before : ({ status: 'failed', at, sentence, retry } as const)
  return withStep(endRequest(next, order.request, at, sentence), step, state)
}

function endRequest(incident: OpenedIncident, id: RequestId, at: string, reason: string): OpenedIncident {
  return withRequest(incident, id, (request) =>
    request.end.kind === 'open' ? { ...request, end: { kind: 'failed', at, reason } } : request,
  )
}

function waits(
  incident: OpenedIncident,
  { order: id, why, onPeople }: Extract<IncidentEvent, { type: 'WorkWaits' }>,
): OpenedIncident {
  const next = withOrder(incident, id, (order) => ({ ...order, waits: why }))
  const order = incident.orders.get(id)
  if (order?.step === undefined) return next
  const step = incident.steps.get(order.step)
  if (step?.status !== 'running') return next
  const { onPeople: _other, ...running } = step
  return withStep(next, order.step, { ...running, waits: why, ...(onPeople === undefined ? {} : { onPeople }) })
}

function done(
  incident: OpenedIncident,
  event: Extract<IncidentEvent, { type: 'StepDone' }>,
  at: string,
): OpenedIncident {
  const order = incident.orders.get(event.order)
  const request = order?.request === undefined ? undefined : incident.requests.get(order.request)
  const open = unprovenOf(event.checks)
  const next: OpenedIncident = {
    ...withFound(endOrder(incident, event.order), event),
    known: { ...incident.known, ...event.known },
    ...exposure(incident, event.accessTokensEndAt),
    ...(revoking.has(event.action) && incident.firstRevokeAt === undefined ? { firstRevokeAt: at } : {}),
    ...(event.sealed === undefined || request === undefined
      ? {}
      : {
          secret: { order: event.order, holder: request.requester, expiresAt: event.sealed.expiresAt, state: 'sealed' },
        }),
  }
  if (request?.kind === 'suspend') {
    const held = event.proven ? { ...next, suspendedAt: at } : next
    return withStep(held, event.step, {
      status: 'unproven',
      at,
      did: event.did,
      open: event.proven ? event.notes : open,
      ...(event.proven ? { suspended: true } : {}),
    })
  }
  const restored = event.action === 'restore-access' && event.proven ? without(next, 'suspendedAt') : next
  return withStep(
    restored,
    event.step,
    event.proven
      ? { status: 'proven', at, did: event.did, notes: event.notes }
      : { status: 'unproven', at, did: event.did, open },
  )
}

/**
 * What a review came upon, in place of what an earlier run of it did. What people have dealt with, or are dealing with, stays;
 * the same thing in the same state keeps its place.
 */
function withFound(
  incident: OpenedIncident,
  { step: by, findings }: Extract<IncidentEvent, { type: 'StepDone' }>,
): OpenedIncident {
  const review = incident.playbook.steps.find(({ id }) => id === by)
  if (findings === undefined || review === undefined) return incident
  const before = incident.found.get(by) ?? []
  const seen = new Set(findings.map(({ key }) => key))
  const kept = before.filter(({ id, found }) => {
    const state = stepState(incident, id)
    return isSettled(state) || isBusy(state) || (found !== undefined && seen.has(found.finding.key))
  })
  const known = new Set(kept.map(({ found }) => found?.finding.key))
  const soFar = incident.foundSoFar.get(by) ?? 0
  const fresh = findings
    .filter(({ key }) => !known.has(key))
    .map((finding, index) => foundStep(review, finding, soFar + 1 + index))
  const steps = new Map(
    [...incident.steps].filter(([id]) => !before.some((one) => one.id === id && !kept.includes(one))),
  )
  for (const { id } of fresh) steps.set(id, { status: 'waiting' })
  return {
    ...incident,
    steps,
    found: new Map(incident.found).set(by, [...kept, ...fresh]),
    foundSoFar: new Map(incident.foundSoFar).set(by, soFar + fresh.length),
  }
}

function foundStep(review: IncidentStep, finding: Finding, number: number): IncidentStep {
  return {
    id: `${review.id}-${number}` as StepId,
    title: finding.title,
    document: review.document,
    does: finding.says,
    kind: review.kind,
    manual: { instructions: finding.says },
    ...(finding.byHand === true ? { fallbacks: ['attest'] } : {}),
    found: { by: review.id, finding },
  }
}

function swept(
  incident: OpenedIncident,
  event: Extract<IncidentEvent, { type: 'SweepDone' }>,
  at: string,
): OpenedIncident {
  const next = endOrder(incident, event.order)
  if (event.proven) return { ...next, sweep: { status: 'clean', at } }
  const open = unprovenOf(event.checks)
  const found: OpenedIncident = {
    ...without(next, 'containedAt'),
    sweep: { status: 'found', at, open: open.length > 0 ? open : ['Not every step was read back.'] },
  }
  return stepsOf(incident).reduce((state, step) => {
    const broken = checksOf(incident, step, event.checks).filter((check) => check.proven !== true)
    // A step whose proof never came has nothing to lose; only what was green turns back.
    return broken.length > 0 && state.steps.get(step.id)?.status === 'proven'
      ? withStep(state, step.id, {
          status: 'unproven',
          at,
          did: [],
          open: broken.map((check) => check.detail),
          lost: true,
        })
      : state
  }, found)
}

function readingFailed(incident: OpenedIncident, id: OrderId, sentence: string, at: string): OpenedIncident {
  const order = incident.orders.get(id)
  const next = endOrder(incident, id)
  if (order?.action === incident.playbook.sweep) return { ...next, sweep: { status: 'found', at, open: [sentence] } }
  return { ...next, snapshotFailed: sentence }
}

/** The details of the checks that did not hold, in order. */
function unprovenOf(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter((check) => check.proven !== true).map((check) => check.detail)
}

function exposure(incident: OpenedIncident, endsAt: string | null | undefined): { readonly exposureEndsAt?: string } {
  if (endsAt === null || endsAt === undefined) return {}
  return incident.exposureEndsAt !== undefined && incident.exposureEndsAt > endsAt ? {} : { exposureEndsAt: endsAt }
}
