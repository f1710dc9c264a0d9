import type { OpenedIncident } from '#/incident/state.ts'
import type { OrderId } from '#/incident/work.ts'
import type { StopNotice } from '#/work/stops.ts'

export type StopKeeperDeps = {
  /** Tells the workers, who halt before the next thing that they would change. */
  readonly publish: (notice: StopNotice) => Promise<void>
  /** Takes an order out of the queue that no worker has begun. */
  readonly withdraw: (order: OrderId) => Promise<unknown>
}

/**
 * Keeps the work of a stopped incident from being done: the workers are told, and what lies in the queue is taken out. It may be
 * called as often as one likes, and is, because Redis forgets. Rejects while Redis does not answer.
 */
export function stopKeeper({ publish, withdraw }: StopKeeperDeps): (incident: OpenedIncident) => Promise<void> {
  return async ({ id, stops, orders }) => {
    const last = stops.toSorted((one, other) => one.seq - other.seq).at(-1)
    if (last === undefined) return
    await publish({ incident: id, seq: last.seq, at: last.at })
    for (const order of orders.keys()) await withdraw(order)
  }
}
