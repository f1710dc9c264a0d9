import type { EventType, IncidentId, Recorded } from '#/incident/events.ts'
import { accountOf } from '#/incident/findings.ts'
import { isHoldWork } from '#/incident/hold-state.ts'
import {
  findStep,
  type IncidentStep,
  type OpenedIncident,
  type OpenOrder,
  orderIdOf,
  type Request,
  stepState,
  targetOf,
} from '#/incident/state.ts'
import { owedProofs } from '#/incident/sweep.ts'
import type { OrderId } from '#/incident/work.ts'
import type { Again, Alone, HeldFor, WorkOrder } from '#/work/work-order.ts'

export type DispatcherDeps = {
  readonly find: (id: IncidentId) => OpenedIncident | undefined
  /** The entry that gave an order, by its number. */
  readonly entry: (seq: number) => Recorded | undefined
  readonly issue: (order: WorkOrder) => Promise<void>
  /** Keeps the work of a stopped incident from being done. */
  readonly keepStopped: (incident: OpenedIncident) => Promise<void>
  /** Its work goes on: the workers need not be told of a stop any more. */
  readonly release: (id: IncidentId) => Promise<void>
  /** Takes an order out of the queue for good, unless a worker has ever taken it. `gone`: none had. */
  readonly cancel: (order: OrderId) => Promise<{ readonly gone: boolean }>
  /** Records what came of that. */
  readonly settle: (id: IncidentId, order: OrderId, what: { readonly gone: boolean }) => void
  /** The keys of every finding that people have said is expected, in any incident. */
  readonly expected: () => readonly string[]
  /** The public key of an order that makes a secret; asked again, it is the same. `why`: the disk takes none now, in whole sentences. */
  readonly sealTo: (order: OrderId) => { readonly key: string } | { readonly why: string }
  /** Records why an order is not handed out yet. */
  readonly wait: (id: IncidentId, order: OrderId, why: string) => void
  /** How long an approval is good for once its work may begin. */
  readonly orderTtlMs: number
}

export type Dispatcher = {
  readonly handle: (entries: readonly Recorded[]) => Promise<void>
  /** Hands out what the disk held up, as far as it does not any more. */
  readonly again: () => Promise<void>
  /** Whether an order is held up by the disk, and so in no queue although its entry was seen. */
  readonly isHeldUp: (order: OrderId) => boolean
}

/**
 * Hands what was ordered to the queue. It may see an entry twice; the order's id makes the second time a no-op. What was
 * withdrawn, or has ended meanwhile, is no longer in the state and is not issued. An order whose secret would have no key waits by
 * itself, and holds up no other.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { find, keepStopped } = deps
  const heldUp = new Map<OrderId, IncidentId>()
  const handle = async (entries: readonly Recorded[]): Promise<void> => {
    for (const { incident: id, seq, event } of entries) {
      if (!(event.type in concerns)) continue
      const incident = find(id)
      if (incident === undefined) continue
      if (event.type === 'WorkOrdered') await issueOne({ ...deps, heldUp }, incident, orderIdOf(id, seq))
      else if (event.type === 'WorkIssuedAgain') await issueOne({ ...deps, heldUp }, incident, event.order)
      else if (event.type === 'WithdrawalBegun') await takeBack(deps, incident, event.order)
      else if (event.type === 'WorkStopped') await keepStopped(incident)
      else if (event.type === 'WorkResumed') await goOn({ ...deps, heldUp }, incident)
    }
  }
  return {
    handle,
    async again() {
      // What is still held up afterwards is put in again.
      const waiting = [...heldUp]
      for (const [order, id] of waiting) {
        const incident = find(id)
        if (incident === undefined) heldUp.delete(order)
        else await issueOne({ ...deps, heldUp }, incident, order)
      }
    },
    isHeldUp: (order) => heldUp.has(order),
  }
}

type Issuing = DispatcherDeps & { readonly heldUp: Map<OrderId, IncidentId> }

/** The entries that have something to do with the queue. The state is looked up for these alone. */
const concerns: Readonly<Partial<Record<EventType, true>>> = {
  WorkOrdered: true,
  WorkIssuedAgain: true,
  WithdrawalBegun: true,
  WorkStopped: true,
  WorkResumed: true,
}

async function issueOne(
  { entry, issue, expected, sealTo, wait, orderTtlMs, heldUp }: Issuing,
  incident: OpenedIncident,
  id: OrderId,
): Promise<void> {
  heldUp.delete(id)
  const order = incident.orders.get(id)
  const cause = entry(entryOf(id))
  if (cause === undefined || order === undefined || !isDue(incident, order)) return
  const seal = makesSecret(order) ? sealTo(id) : undefined
  if (seal !== undefined && 'why' in seal) {
    heldUp.set(id, incident.id)
    wait(incident.id, id, seal.why)
    return
  }
  const known = order.action.startsWith('review-') ? expected() : undefined
  await issue(workOrder(incident, order, cause, { orderTtlMs, expected: known, sealTo: seal?.key }))
}

/** Whether workers are to have it: not when it is being taken back, nor while the incident is stopped. */
function isDue({ status, stops }: OpenedIncident, { withdrawing }: OpenOrder): boolean {
  return status !== 'closed' && stops.length === 0 && withdrawing === undefined
}

/** Nobody is handed an order that is being taken back, so what the queue says of it now is how it ends. */
async function takeBack(
  { cancel, settle }: DispatcherDeps,
  { id, orders }: OpenedIncident,
  order: OrderId,
): Promise<void> {
  const known = orders.get(order)
  if (known?.withdrawing === undefined) return
  const what = await cancel(order)
  // Halted before it had begun, it was with a worker, and nothing was done.
  settle(id, order, { gone: what.gone || known.halted?.begun === false })
}

/** What was held is issued, unless something else still holds it. */
async function goOn(deps: Issuing, incident: OpenedIncident): Promise<void> {
  if (incident.stops.length > 0) return
  await deps.release(incident.id)
  for (const order of incident.orders.keys()) await issueOne(deps, incident, order)
}

/** The order as a worker gets it. */
function workOrder(
  incident: OpenedIncident,
  order: OpenOrder,
  cause: Recorded,
  {
    orderTtlMs,
    expected,
    sealTo,
  }: {
    readonly orderTtlMs: number
    readonly expected: readonly string[] | undefined
    readonly sealTo: string | undefined
  },
): WorkOrder {
  const request = order.request === undefined ? undefined : incident.requests.get(order.request)
  const approvedBy = request?.end.kind === 'approved' ? request.approvals.map(({ by }) => by) : []
  const needed = request?.shown?.rule?.approvals ?? 1
  const alone = aloneOf(incident, request)
  const hold = holdOf(incident, order)
  const params = paramsOf(incident, request)
  const step = findStep(incident, order.step)
  const inputs = order.inputs ?? request?.inputs
  return {
    id: order.id,
    incident: incident.id,
    mode: order.mode,
    action: order.action,
    target: targetOf(incident, step),
    ...subjectOf(step),
    ...(inputs === undefined ? {} : { inputs }),
    ...(expected === undefined ? {} : { expected }),
    ...(order.action === incident.playbook.sweep ? { again: provenBefore(incident) } : {}),
    approvedBy,
    ...(needed === 1 ? {} : { approvalsNeeded: needed }),
    ...(hold === undefined ? {} : { hold }),
    ...(alone === undefined ? {} : { alone }),
    ...(sealTo === undefined ? {} : { sealTo }),
    cause: { seq: cause.seq, hash: cause.hash },
    issuedAt: order.orderedAt,
    expiresAt: expiryOf(incident, order, orderTtlMs),
    drill: incident.drill,
    ...(incident.resumedSeq === 0 ? {} : { resumed: incident.resumedSeq }),
    ...(request === undefined ? {} : { requestedBy: request.requester, request: request.id }),
    ...(request?.shown === undefined ? {} : { basis: request.shown.effect.basis }),
    ...(order.notBefore === undefined ? {} : { notBefore: order.notBefore }),
    ...(Object.keys(params).length === 0 ? {} : { params }),
  }
}

/** A temporary password is made when access is given back, and by nothing else. */
function makesSecret({ action, mode }: OpenOrder): boolean {
  return mode === 'run' && action === 'restore-access'
}

/** When an order stops being good: so long after it could have begun. A hold is not placed any more when its time is over. ISO 8601, UTC. */
export function expiryOf(
  { holds }: Pick<OpenedIncident, 'holds'>,
  { notBefore, orderedAt, action, request }: OpenOrder,
  orderTtlMs: number,
): string {
  const after = new Date(Date.parse(notBefore ?? orderedAt) + orderTtlMs).toISOString()
  const endsAt = action === 'hold-account' && request !== undefined ? holds.get(request)?.endsAt : undefined
  return endsAt !== undefined && endsAt < after ? endsAt : after
}

/** The hold that an order places or lifts. */
function holdOf({ holds }: OpenedIncident, { id, action, request }: OpenOrder): HeldFor | undefined {
  const hold = request === undefined || !isHoldWork(action) ? undefined : holds.get(request)
  if (hold === undefined) return undefined
  const { placing, endsAt: until } = hold
  return {
    until,
    placedBy: placing.order ?? id,
    ...(action === 'lift-hold' && placing.status === 'done' ? { wasActive: placing.wasActive } : {}),
  }
}

/** Done without a second person: what was announced, and when. */
function aloneOf({ glass }: OpenedIncident, request: Request | undefined): Alone | undefined {
  const broken = request?.end.kind === 'alone' ? glass.get(request.id) : undefined
  return broken?.brokenAt === undefined
    ? undefined
    : { reason: broken.reason, announcedAt: broken.at, brokenAt: broken.brokenAt }
}

/** `INC-7-31` was given by entry 31. */
export function entryOf(order: OrderId): number {
  return Number(order.slice(order.lastIndexOf('-') + 1))
}

function paramsOf(incident: OpenedIncident, request: Request | undefined): Readonly<Record<string, string>> {
  const passwordResetAt = whenPasswordWasReset(incident)
  return {
    ...keyBefore(incident),
    ...incident.known,
    ...(passwordResetAt === undefined ? {} : { passwordResetAt }),
    // People have been told once that the account changed under them, and have approved again.
    ...(request?.replaces === undefined ? {} : { changedBefore: 'yes' }),
  }
}

/** The signing key that was in use when the incident was opened. */
function keyBefore({ instance }: OpenedIncident): Readonly<Record<string, string>> {
  const { keyFingerprint = null, keyId = null } = instance ?? {}
  return {
    ...(keyFingerprint === null ? {} : { keyBefore: keyFingerprint }),
    ...(keyId === null ? {} : { keyIdBefore: keyId }),
  }
}

/** What a finding is about, where that is no account. */
function subjectOf(step: IncidentStep | undefined): Pick<WorkOrder, 'subject'> {
  const finding = step?.found?.finding
  if (finding === undefined || accountOf(finding) !== undefined) return {}
  const { kind, subject } = finding
  return { subject: { kind, id: subject.id, name: subject.name } }
}

function provenBefore(incident: OpenedIncident): readonly Again[] {
  return owedProofs(incident).map(({ step, action, inputs }) => ({
    step: step.id,
    action,
    target: targetOf(incident, step),
    ...subjectOf(step),
    ...(inputs === undefined ? {} : { inputs }),
  }))
}

/** Half-finished logins from before this moment die by themselves; without the database the worker waits for that. */
function whenPasswordWasReset(incident: OpenedIncident): string | undefined {
  const step = incident.playbook.steps.find(({ action }) => action === 'reset-password')
  const state = step === undefined ? undefined : stepState(incident, step.id)
  return state?.status === 'proven' || state?.status === 'unproven' ? state.at : undefined
}
