import type { StepId } from '#/playbook/playbook.ts'
import { endOrder, endOrdersOf, personOf, withOrder, withRequest, withStep } from './changed.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import { type Person, samePerson } from './people.ts'
import { type Approval, type OpenedIncident, type Request, stepState } from './state.ts'
import type { RequestId } from './work.ts'

export type RequestEvent = Extract<
  IncidentEvent,
  {
    type:
      | 'StepRequested'
      | 'RequestShown'
      | 'RequestReminded'
      | 'RequestEscalated'
      | 'ApprovalGiven'
      | 'ApprovalLapsed'
      | 'StepApproved'
      | 'StepUpStarted'
      | 'StepUpFailed'
      | 'StepDenied'
      | 'RequestWithdrawn'
      | 'WithdrawalBegun'
      | 'WithdrawalFailed'
      | 'RequestExpired'
      | 'ApprovalVoided'
      | 'StepSkipped'
      | 'StepAttested'
      | 'FindingExpected'
      | 'QuestionAnswered'
  }
>

/** Folds what people asked for, decided and took back, and what became of steps by their word. */
export function withRequestEvent(
  incident: OpenedIncident,
  event: RequestEvent,
  { at, actor, seq }: Pick<Recorded, 'at' | 'actor' | 'seq'>,
): OpenedIncident {
  switch (event.type) {
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
  }
}

/** The sign-in to approve is over, with an approval or without. */
export function withoutStepUp(incident: OpenedIncident, request: RequestId, person: Person): OpenedIncident {
  const stepUps = incident.stepUps.filter((one) => one.request !== request || !samePerson(one.by, person))
  return stepUps.length === incident.stepUps.length ? incident : { ...incident, stepUps }
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

/** The order goes with the request; what it was is kept, for whoever reports about it all the same. */
function takenBack(
  incident: OpenedIncident,
  { order: id }: Extract<IncidentEvent, { type: 'RequestWithdrawn' }>,
): OpenedIncident {
  const order = id === undefined ? undefined : incident.orders.get(id)
  if (id === undefined || order === undefined) return incident
  return { ...endOrder(incident, id), takenBack: new Map(incident.takenBack).set(id, order) }
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
