import type { Logger } from 'pino'
import type { Config } from '#/config.ts'
import type { Incidents } from '#/deciders/incidents.ts'
import { type Dispatcher, entryOf } from '#/followers/dispatcher.ts'
import { createReconciler, type QueueState } from '#/followers/reconciler.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { OrderQueue, OrderState } from '#/work/order-queue.ts'
import type { StopBoard } from '#/work/stops.ts'
import { every } from './every.ts'
import { stopKeeperOf } from './start-dispatcher.ts'
import type { OutcomeTaker } from './take-outcomes.ts'

const reconcileEveryMs = 2_000

/** Looks after the orders that were given, because Redis forgets: what is lost is given again, and what nobody begins runs out. */
export function startReconciling({
  ledger,
  incidents,
  queue,
  stops,
  dispatcher,
  outcomes,
  config,
  log,
  now,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly queue: OrderQueue
  readonly stops: StopBoard
  readonly dispatcher: Pick<Dispatcher, 'isHeldUp'>
  readonly outcomes: OutcomeTaker
  readonly config: Pick<Config, 'orderTtlMs'>
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  const issueAgain = (id: IncidentId, order: Parameters<OrderQueue['state']>[0], why: string) => {
    log.warn({ order, why }, 'an order is issued again')
    incidents.execute(id, { type: 'IssueAgain', order, why })
  }
  const reconcile = createReconciler({
    open: () => incidents.open(),
    stateOf: async (order) => queueStates[await queue.state(order)],
    dispatched: (order) => ledger.cursor('dispatcher') >= entryOf(order) && !dispatcher.isHeldUp(order),
    outcomeWaits: outcomes.waits,
    keepStopped: stopKeeperOf(queue, stops),
    issueAgain,
    expire: (id, order, sentence) => void incidents.execute(id, { type: 'ExpireOrder', order, sentence }),
    orderTtlMs: config.orderTtlMs,
    now: () => now().getTime(),
  })
  return every(reconcileEveryMs, log, reconcile)
}

const queueStates: Readonly<Record<OrderState, QueueState>> = {
  absent: 'absent',
  waiting: 'waiting',
  delayed: 'waiting',
  active: 'waiting',
  done: 'ended',
  failed: 'ended',
}
