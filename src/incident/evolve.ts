import type { StepId } from '#/playbook/playbook.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import type { Finding } from './findings.ts'
import { withGlassEvent } from './glass-state.ts'
import { withHoldEvent, withHoldOrder } from './hold-state.ts'
import { heard } from './messages.ts'
import { type Actor, actorName, isPerson, type Person, personKey, samePerson } from './people.ts'
import { quietAfter } from './reminders.ts'
import {
  type Approval,
  type Incident,
  type IncidentStep,
  isBusy,
  isSettled,
  type OpenedIncident,
  type OpenOrder,
  orderIdOf,
  type Request,
  type Secret,
  type StepState,
  type Stop,
  stepState,
  stepsOf,
} from './state.ts'
import { checksOf } from './sweep.ts'
import type { OrderedWork, OrderId, RequestId, StepCheck } from './work.ts'

/** Folds one fact into the state. It never refuses: the decision was taken when the event was written. */
export function evolve(incident: Incident, recorded: Recorded): Incident {
  const { event, seq, hash } = recorded
  if (event.type === 'IncidentOpened') return opened(event, recorded)
  // A refusal or a forgery may be recorded in a stream that never opened.
  if (incident.status === 'unopened') return incident
  const quiet = quietAfter(incident.quiet, event, recorded.at)
  return { ...applied(incident, event, recorded), quiet, lastSeq: seq, lastHash: hash }
}

function opened(
  event: Extract<IncidentEvent, { type: 'IncidentOpened' }>,
  { seq, hash, incident, at, actor }: Recorded,
): OpenedIncident {
  const by = personOf(actor)
  const {
    playbook,
    playbookDigest,
    policyDigest,
    quorum,
    severity,
    summary,
    target,
    channel,
    drill,
    from,
    legalClock,
  } = event
  return {
    status: 'open',
    id: incident,
    lastSeq: seq,
    lastHash: hash,
    openedAt: at,
    openedBy: by,
    commander: by,
    severity,
    summary,
    drill,
    channel,
    playbook,
    playbookDigest,
    target,
    factWarnings: [],
    steps: new Map(playbook.steps.map((step) => [step.id, { status: 'waiting' }])),
    found: new Map(),
    foundSoFar: new Map(),
    known: {},
    requests: new Map(),
    orders: new Map(),
    takenBack: new Map(),
    work: new Map(),
    sweep: { status: 'none' },
    stepUps: [],
    holds: new Map(),
    glass: new Map(),
    stops: [],
    resumedSeq: 0,
    followedBy: [],
    refusedClicks: 0,
    quiet: { since: at, nudges: 0 },
    refusedApprovals: new Map(),
    probers: [],
    ...(policyDigest === undefined ? {} : { policyDigest }),
    ...(quorum === undefined ? {} : { quorum }),
    messages: new Map(),
    postsGone: { entries: new Set(), card: false },
    ...(from === undefined ? {} : { from }),
    ...(legalClock === undefined ? {} : { legalClock: { ...legalClock, reminders: 0 } }),
  }
}

function applied(
  incident: OpenedIncident,
  event: Exclude<IncidentEvent, { type: 'IncidentOpened' }>,
  { at, actor, seq }: Recorded,
): OpenedIncident {
  switch (event.type) {
    case 'ThreadStarted':
      return { ...incident, thread: { channel: event.channel, ts: event.ts } }
    case 'CommanderNamed':
      return { ...incident, commander: event.commander }
    case 'IncidentLinked':
      return { ...incident, followedBy: [...incident.followedBy, { id: event.to, playbook: event.playbook }] }
    case 'AwarenessCorrected':
      return { ...incident, legalClock: { ...event.legalClock, reminders: 0 } }
    case 'LegalClockReminded':
      return incident.legalClock === undefined
        ? incident
        : { ...incident, legalClock: { ...incident.legalClock, reminders: event.reminder } }
    case 'NoteAdded':
    case 'IncidentStale':
    case 'ForgeryRefused':
    case 'CheckpointSigned':
    case 'RecordDoubted':
    case 'PackRequested':
    case 'CommandSigned':
      return incident
    case 'MessageWritten':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'PostsDeleted':
      return heard(incident, event, actor)
    case 'WorkStarted':
      return taken(incident, event, { by: actorName(actor), at })
    case 'ClickRefused':
      return clickRefused(incident, event, actor)
    case 'ApprovalProbed':
      return incident.probers.some((one) => samePerson(one, event.by))
        ? incident
        : { ...incident, probers: [...incident.probers, event.by] }
    case 'WorkOrdered':
      return withHoldOrder(ordered(incident, event, at, seq), event, { id: orderIdOf(incident.id, seq), at })
    case 'HoldPlaced':
    case 'HoldApplied':
    case 'HoldConfirmed':
    case 'HoldLifted':
    case 'HoldFailed':
    case 'HoldSuperseded':
      return withHoldEvent(incident, event, at)
    case 'GlassAnnounced':
    case 'GlassBroken':
    case 'GlassCalledOff':
    case 'GlassReviewed':
      return withGlassEvent(
        event.type === 'GlassAnnounced' ? withoutStepUp(incident, event.request, personOf(actor)) : incident,
        event,
        { at, by: isPerson(actor) ? actor : undefined },
      )
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
    case 'StepRequested':
      return requested(incident, event, at)
    case 'RequestShown': {
      const { effect, expiresAt, digest, code, rule, policyDigest } = event
      const next = endOrdersOf(incident, event.request, 'prepare')
      return withRequest(next, event.request, (request) => ({
        ...request,
        // What was approved before was approved as it was shown then.
        approvals: [],
        shown: {
          effect,
          expiresAt,
          digest,
          code,
          seq,
          at,
          ...(rule === undefined ? {} : { rule }),
          ...(policyDigest === undefined ? {} : { policyDigest }),
        },
      }))
    }
    case 'RequestReminded':
      return withRequest(incident, event.request, (request) => ({
        ...request,
        reminders: event.reminder,
        remindedAt: at,
        called: [...request.called, ...(event.called ?? event.able)],
      }))
    case 'RequestEscalated':
      return withRequest(incident, event.request, (request) => ({
        ...request,
        escalatedTo: event.group,
        called: [...request.called, ...event.called],
      }))
    case 'ApprovalGiven':
      return withRequest(withoutStepUp(incident, event.request, personOf(actor)), event.request, (request) => ({
        ...request,
        approvals: [...request.approvals, approvalOf(event, personOf(actor), at)],
      }))
    case 'ApprovalLapsed':
      return withRequest(incident, event.request, (request) => ({
        ...request,
        approvals: request.approvals.filter(({ by }) => !samePerson(by, event.by)),
      }))
    case 'StepApproved':
      return withRequest(withoutStepUp(incident, event.request, personOf(actor)), event.request, (request) => ({
        ...request,
        approvals: [...request.approvals, approvalOf(event, personOf(actor), at)],
        end: { kind: 'approved', by: personOf(actor), at },
      }))
    case 'StepUpStarted':
      return { ...incident, stepUps: [...incident.stepUps, { request: event.request, by: personOf(actor), at }] }
    case 'StepUpFailed':
      return withoutStepUp(incident, event.request, event.person)
    case 'StepDenied':
      return backToBefore(
        withRequest(endOrdersOf(incident, event.request, 'prepare'), event.request, (request) => ({
          ...request,
          end: { kind: 'denied', by: personOf(actor), at, reason: event.reason },
        })),
        event,
      )
    case 'RequestWithdrawn':
      return backToBefore(
        withRequest(endOrdersOf(takenBack(incident, event), event.request, 'prepare'), event.request, (request) => ({
          ...request,
          end: { kind: 'withdrawn', by: event.by ?? personOf(actor), at },
        })),
        event,
      )
    case 'WithdrawalBegun':
      return withOrder(incident, event.order, (order) => ({ ...order, withdrawing: { by: event.by, at } }))
    case 'WithdrawalFailed':
      return withOrder(incident, event.order, ({ withdrawing: _over, ...order }) => order)
    case 'RequestExpired':
      return backToBefore(
        withRequest(incident, event.request, (request) => ({ ...request, end: { kind: 'expired', at } })),
        event,
      )
    case 'ApprovalVoided':
      return backToBefore(
        withRequest(endOrdersOf(incident, event.request, 'run'), event.request, (request) => ({
          ...request,
          end: { kind: 'voided', at, reason: event.differences.join(' ') },
        })),
        event,
      )
    case 'StepDone':
      return done(incident, event, at)
    case 'StepFailed':
      return failed(incident, event, at)
    case 'StepSkipped':
      return withStep(incident, event.step, {
        status: 'skipped',
        at,
        reason: event.reason,
        by: everybodyOf(incident, event.request),
      })
    case 'StepAttested':
      return withStep(incident, event.step, {
        status: 'attested',
        at,
        note: event.note,
        by: everybodyOf(incident, event.request),
      })
    case 'FindingExpected':
      return withStep(incident, event.step, {
        status: 'expected',
        at,
        note: event.note,
        by: everybodyOf(incident, event.request),
      })
    case 'QuestionAnswered':
      return event.leftOut.reduce(
        (state, step) => withStep(state, step, { status: 'left-out', at, label: event.label }),
        withStep(incident, event.step, {
          status: 'answered',
          at,
          label: event.label,
          note: event.note,
          by: everybodyOf(incident, event.request),
        }),
      )
    case 'ReadingFailed':
      return readingFailed(incident, event.order, event.sentence, at)
    case 'SweepDone':
      return swept(incident, event, at)
    case 'NotificationRecorded':
      return {
        ...incident,
        notification: {
          by: personOf(actor),
          at,
          channel: event.channel,
          identityCheck: event.identityCheck,
          note: event.note,
        },
      }
    case 'SecretShown':
      return withSecret(incident, event.order, { state: 'shown', why: 'it was shown once' })
    case 'SecretDestroyed':
      return withSecret(incident, event.order, { state: 'destroyed', why: event.why })
    case 'IncidentContained':
      return { ...incident, containedAt: at }
    case 'IncidentClosed':
      return { ...incident, status: 'closed', closed: { at, by: actor, reason: event.reason } }
  }
}

/** It is over, with an approval or without. */
function withoutStepUp(incident: OpenedIncident, request: RequestId, person: Person): OpenedIncident {
  const stepUps = incident.stepUps.filter((one) => one.request !== request || !samePerson(one.by, person))
  return stepUps.length === incident.stepUps.length ? incident : { ...incident, stepUps }
}

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

function requested(
  incident: OpenedIncident,
  event: Extract<IncidentEvent, { type: 'StepRequested' }>,
  at: string,
): OpenedIncident {
  const { request: id, step, kind, action, reason, inputs, answer, requester, identity, replaces, all } = event
  const request: Request = {
    id,
    kind,
    requester,
    identity,
    askedAt: at,
    reminders: 0,
    called: [],
    approvals: [],
    end: { kind: 'open' },
    ...(step === undefined ? {} : { step, before: stepState(incident, step) }),
    ...(all === undefined ? {} : { all }),
    ...(action === undefined ? {} : { action }),
    ...(reason === undefined ? {} : { reason }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(answer === undefined ? {} : { answer }),
    ...(replaces === undefined ? {} : { replaces }),
  }
  const next = { ...incident, requests: new Map(incident.requests).set(id, request) }
  return step === undefined ? next : withStep(next, step, { status: 'requested', request: id })
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

/** What ends sessions: from then on old access tokens are not renewed. */
export const revoking: ReadonlySet<string> = new Set([
  'revoke-sessions',
  'revoke-everybody',
  'rotate-admin-token',
  'invalidate-tokens',
])

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

function backToBefore(
  incident: OpenedIncident,
  { step, request }: { readonly step?: StepId; readonly request: RequestId },
): OpenedIncident {
  if (step === undefined) return incident
  const now = incident.steps.get(step)
  const id = now?.status === 'requested' || now?.status === 'running' ? now.request : undefined
  const asked = id === undefined ? undefined : incident.requests.get(id)
  return asked?.id === request && asked.before !== undefined ? withStep(incident, step, asked.before) : incident
}

/** Who asked, and who said yes. */
function everybodyOf(incident: OpenedIncident, id: RequestId): readonly Person[] {
  const request = incident.requests.get(id)
  if (request === undefined) throw new Error(`ledger out of order: ${id} was settled before it was requested`)
  return [request.requester, ...request.approvals.map(({ by }) => by)]
}

function approvalOf(
  event: Extract<IncidentEvent, { type: 'ApprovalGiven' | 'StepApproved' }>,
  by: Person,
  at: string,
): Approval {
  const { reason, stepUp } = event
  const { identity, groups } = event.type === 'ApprovalGiven' ? event : { identity: {}, groups: [] }
  return {
    by,
    at,
    identity,
    groups,
    ...(reason === undefined ? {} : { reason }),
    ...(stepUp === undefined ? {} : { stepUp }),
  }
}

function clickRefused(
  incident: OpenedIncident,
  { approval }: Extract<IncidentEvent, { type: 'ClickRefused' }>,
  actor: Actor,
): OpenedIncident {
  const next = { ...incident, refusedClicks: incident.refusedClicks + 1 }
  if (approval === undefined || !isPerson(actor)) return next
  const key = personKey(actor)
  const count = (incident.refusedApprovals.get(key) ?? 0) + 1
  return { ...next, refusedApprovals: new Map(incident.refusedApprovals).set(key, count) }
}

function endRequest(incident: OpenedIncident, id: RequestId, at: string, reason: string): OpenedIncident {
  return withRequest(incident, id, (request) =>
    request.end.kind === 'open' ? { ...request, end: { kind: 'failed', at, reason } } : request,
  )
}

function endOrder(incident: OpenedIncident, id: OrderId): OpenedIncident {
  const orders = new Map(incident.orders)
  orders.delete(id)
  return { ...incident, orders }
}

/** The order goes with the request; what it was is kept, for whoever reports about it all the same. */
function takenBack(
  incident: OpenedIncident,
  { order: id }: Extract<IncidentEvent, { type: 'RequestWithdrawn' }>,
): OpenedIncident {
  const order = id === undefined ? undefined : incident.orders.get(id)
  if (id === undefined || order === undefined) return incident
  return { ...endOrder(incident, id), takenBack: new Map(incident.takenBack).set(id, order) }
}

function endOrdersOf(incident: OpenedIncident, request: RequestId, mode: OrderedWork['mode']): OpenedIncident {
  const orders = new Map([...incident.orders].filter(([, order]) => order.request !== request || order.mode !== mode))
  return { ...incident, orders }
}

function withStep(incident: OpenedIncident, id: StepId, step: StepState): OpenedIncident {
  return { ...incident, steps: new Map(incident.steps).set(id, step) }
}

function withOrder(incident: OpenedIncident, id: OrderId, change: (order: OpenOrder) => OpenOrder): OpenedIncident {
  const order = incident.orders.get(id)
  return order === undefined ? incident : { ...incident, orders: new Map(incident.orders).set(id, change(order)) }
}

function withRequest(incident: OpenedIncident, id: RequestId, change: (request: Request) => Request): OpenedIncident {
  const request = incident.requests.get(id)
  if (request === undefined) throw new Error(`ledger out of order: ${id} is spoken of before it was requested`)
  return { ...incident, requests: new Map(incident.requests).set(id, change(request)) }
}

function withSecret(incident: OpenedIncident, order: OrderId, change: Pick<Secret, 'state' | 'why'>): OpenedIncident {
  return incident.secret?.order === order ? { ...incident, secret: { ...incident.secret, ...change } } : incident
}

function without<K extends keyof OpenedIncident>(incident: OpenedIncident, key: K): OpenedIncident {
  const { [key]: _gone, ...rest } = incident
  return rest as OpenedIncident
}

function personOf(actor: Actor): Person {
  if (!isPerson(actor)) throw new Error('ledger out of order: a person has to stand behind this entry')
  return actor
}
