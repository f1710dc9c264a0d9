import type { ActionName } from '#/playbook/actions.ts'
import type { Hold, HoldEvent } from './hold-events.ts'
import type { OpenedIncident, Request } from './state.ts'
import type { OrderId, RequestId } from './work.ts'

/** Where a hold stands, in one word for the rules and the cards. */
export type HoldPhase =
  /** A worker is suspending the account, or will. */
  | 'placing'
  | 'held'
  | 'confirmed'
  /** Its time is over, or somebody ended it; the account is not active again yet. */
  | 'ending'
  /** The account could not be made active again, and trying again by itself does not help. */
  | 'stuck'
  | 'over'

/** The actions that a hold is carried out by. They run on one person's word and on time, never as a step. */
export function isHoldWork(action: ActionName): action is 'hold-account' | 'lift-hold' {
  return action === 'hold-account' || action === 'lift-hold'
}

export function phaseOf({ requests }: Pick<OpenedIncident, 'requests'>, hold: Hold): HoldPhase {
  const { placing, lifting, superseded } = hold
  if (superseded !== undefined || lifting?.status === 'done') return 'over'
  const end = requests.get(hold.request)?.end.kind
  if (placing.status === 'failed') {
    // Nobody has to undo what was not begun, or what two people wanted.
    if (!placing.begun || end === 'approved') return 'over'
    return lifting?.status === 'failed' && !lifting.retry ? 'stuck' : 'ending'
  }
  if (end === 'approved') return 'confirmed'
  if (end === 'open') return placing.status === 'done' ? 'held' : 'placing'
  return lifting?.status === 'failed' && !lifting.retry ? 'stuck' : 'ending'
}

/** The hold that still has something to do with the account; there is never more than one. */
export function holdInForce(incident: OpenedIncident): { readonly hold: Hold; readonly phase: HoldPhase } | undefined {
  return [...incident.holds.values()]
    .map((hold) => ({ hold, phase: phaseOf(incident, hold) }))
    .findLast(({ phase }) => phase !== 'over')
}

/** Folds what happened with a hold. */
export function withHoldEvent(incident: OpenedIncident, event: HoldEvent, at: string): OpenedIncident {
  if (event.type === 'HoldPlaced') {
    const { request, by, identity, endsAt } = event
    const hold: Hold = { request, by, identity, endsAt, placedAt: at, placing: { status: 'ordered' } }
    return withHold(incident, hold)
  }
  const hold = incident.holds.get(event.request)
  if (hold === undefined) throw new Error(`ledger out of order: ${event.request} is no hold`)
  switch (event.type) {
    case 'HoldApplied': {
      const { order, proven, wasActive, checks } = event
      const open = checks.filter((check) => check.proven !== true).map(({ detail }) => detail)
      const next = withHold(ended(incident, order), {
        ...hold,
        placing: { status: 'done', order, at, proven, wasActive, open },
      })
      // Suspending ends every session as well.
      const revoked = proven && incident.firstRevokeAt === undefined ? { firstRevokeAt: at } : {}
      const suspended = isConfirmed(incident, hold) && wasActive ? { suspendedAt: at } : {}
      return { ...next, ...revoked, ...suspended, ...later(incident, event.accessTokensEndAt) }
    }
    case 'HoldConfirmed':
      return hold.placing.status === 'done' && hold.placing.wasActive
        ? { ...incident, suspendedAt: hold.placing.at }
        : incident
    case 'HoldLifted': {
      const next = event.order === undefined ? incident : ended(incident, event.order)
      // Not shown as active, it is tried again.
      const lifting = event.proven
        ? ({ status: 'done', at, proven: true } as const)
        : ({ status: 'failed', at, sentence: unproven(event), retry: true } as const)
      return withHold(next, { ...hold, lifting })
    }
    case 'HoldFailed': {
      const { order, action, sentence, retry, begun } = event
      const next = ended(incident, order)
      if (action === 'lift-hold') return withHold(next, { ...hold, lifting: { status: 'failed', at, sentence, retry } })
      return withHold(endRequest(next, hold.request, { kind: 'failed', at, reason: sentence }), {
        ...hold,
        placing: { status: 'failed', order, at, sentence, begun },
      })
    }
    case 'HoldSuperseded':
      return withHold(endRequest(incident, hold.request, { kind: 'voided', at, reason: event.why }), {
        ...hold,
        superseded: { at, why: event.why },
      })
  }
}

/** Notes the order that a hold is placed or lifted by. */
export function withHoldOrder(
  incident: OpenedIncident,
  { action, request }: { readonly action: ActionName; readonly request?: RequestId },
  { id, at }: { readonly id: OrderId; readonly at: string },
): OpenedIncident {
  const hold = request === undefined || !isHoldWork(action) ? undefined : incident.holds.get(request)
  if (hold === undefined) return incident
  return withHold(
    incident,
    action === 'lift-hold'
      ? { ...hold, lifting: { status: 'ordered', order: id, at } }
      : { ...hold, placing: { status: 'ordered', order: id } },
  )
}

function isConfirmed({ requests }: OpenedIncident, { request }: Hold): boolean {
  return requests.get(request)?.end.kind === 'approved'
}

function unproven({ checks }: Extract<HoldEvent, { type: 'HoldLifted' }>): string {
  return checks.find((check) => check.proven !== true)?.detail ?? 'Nothing was read back.'
}

function withHold(incident: OpenedIncident, hold: Hold): OpenedIncident {
  return { ...incident, holds: new Map(incident.holds).set(hold.request, hold) }
}

function ended(incident: OpenedIncident, order: OrderId): OpenedIncident {
  const orders = new Map(incident.orders)
  orders.delete(order)
  return { ...incident, orders }
}

/** What somebody decided before stays decided. */
function endRequest(incident: OpenedIncident, id: RequestId, end: Request['end']): OpenedIncident {
  const request = incident.requests.get(id)
  if (request?.end.kind !== 'open') return incident
  return { ...incident, requests: new Map(incident.requests).set(id, { ...request, end }) }
}

function later(
  { exposureEndsAt }: OpenedIncident,
  endsAt: string | null | undefined,
): { readonly exposureEndsAt?: string } {
  if (endsAt === null || endsAt === undefined) return {}
  return exposureEndsAt !== undefined && exposureEndsAt > endsAt ? {} : { exposureEndsAt: endsAt }
}
