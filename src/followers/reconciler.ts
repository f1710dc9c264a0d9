import type { IncidentId } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { OrderId } from '#/incident/work.ts'
import { expiryOf } from './dispatcher.ts'

/** What the queue says of an order. `ended`: it has left the queue, so its outcome is on the way or was lost. */
export type QueueState = 'absent' | 'waiting' | 'ended'

export type ReconcilerDeps = {
  readonly open: () => readonly OpenedIncident[]
  /** Rejects while Redis does not answer; then nothing is concluded. */
  readonly stateOf: (order: OrderId) => Promise<QueueState>
  /** Whether the dispatcher has come past the entry that gave the order. What it has not issued cannot be lost. */
  readonly dispatched: (order: OrderId) => boolean
  /** Whether its outcome has come and waits, because the disk does not take what belongs to it. Then nothing was lost. */
  readonly outcomeWaits: (order: OrderId) => boolean
  /** Keeps the work of a stopped incident from being done; again and again, because Redis forgets. */
  readonly keepStopped: (incident: OpenedIncident) => Promise<void>
  readonly issueAgain: (incident: IncidentId, order: OrderId, why: string) => void
  readonly expire: (incident: IncidentId, order: OrderId, sentence: string) => void
  readonly orderTtlMs: number
  readonly now: () => number
}

/** How long an outcome may be on its way before its order counts as lost. Outcomes wait in Redis themselves, so mostly none is. */
const outcomeGraceMs = 5_000
/** How long after an order's end its worker may still say so before we do. */
const expiryGraceMs = 15_000

/**
 * Redis is a hint, the ledger is the record: what was ordered and has not ended, but is not in Redis (flushed, lost, restarted
 * without its file), is issued again, and an entry says so. The order's id and the worker's journal keep it from being done twice.
 */
export function createReconciler(deps: ReconcilerDeps): () => Promise<void> {
  const missingSince = new Map<OrderId, number>()

  return async () => {
    const open = deps.open()
    for (const incident of open) if (incident.stops.length > 0) await deps.keepStopped(incident)
    const orders = open.flatMap((incident) => [...incident.orders.values()].map((order) => ({ incident, order })))
    for (const id of missingSince.keys()) if (!orders.some(({ order }) => order.id === id)) missingSince.delete(id)

    for (const { incident, order } of orders) {
      const now = deps.now()
      if (!deps.dispatched(order.id) || deps.outcomeWaits(order.id)) continue
      if (now > Date.parse(expiryOf(incident, order, deps.orderTtlMs)) + expiryGraceMs) {
        deps.expire(incident.id, order.id, 'No worker did it in time, so the approval is no longer good. Ask again.')
        continue
      }
      // What is being taken back is handed out to nobody.
      if (incident.stops.length > 0 || order.withdrawing !== undefined) continue
      const state = await deps.stateOf(order.id)
      if (state === 'waiting') {
        missingSince.delete(order.id)
        continue
      }
      const since = missingSince.get(order.id) ?? now
      missingSince.set(order.id, since)
      // An order that is simply gone was flushed; one that has ended may have an outcome under way.
      if (state === 'ended' && now - since < outcomeGraceMs) continue
      if (state === 'absent' && now === since) continue
      deps.issueAgain(
        incident.id,
        order.id,
        state === 'absent' ? 'it was gone from Redis' : 'it ended without an outcome',
      )
      missingSince.delete(order.id)
    }
  }
}
