import type { StepId } from '#/playbook/playbook.ts'
import { type Actor, isPerson, type Person } from './people.ts'
import type { OpenedIncident, OpenOrder, Request, StepState } from './state.ts'
import type { OrderedWork, OrderId, RequestId } from './work.ts'

/** The state with one thing in it changed; what it was is left as it was. */

export function withStep(incident: OpenedIncident, id: StepId, step: StepState): OpenedIncident {
  return { ...incident, steps: new Map(incident.steps).set(id, step) }
}

/** An order that has ended already is left alone. */
export function withOrder(
  incident: OpenedIncident,
  id: OrderId,
  change: (order: OpenOrder) => OpenOrder,
): OpenedIncident {
  const order = incident.orders.get(id)
  return order === undefined ? incident : { ...incident, orders: new Map(incident.orders).set(id, change(order)) }
}

/** Throws when nobody asked for it: then the ledger is out of order. */
export function withRequest(
  incident: OpenedIncident,
  id: RequestId,
  change: (request: Request) => Request,
): OpenedIncident {
  const request = incident.requests.get(id)
  if (request === undefined) throw new Error(`ledger out of order: ${id} is spoken of before it was requested`)
  return { ...incident, requests: new Map(incident.requests).set(id, change(request)) }
}

export function endOrder(incident: OpenedIncident, id: OrderId): OpenedIncident {
  const orders = new Map(incident.orders)
  orders.delete(id)
  return { ...incident, orders }
}

/** The orders of one request that look first, or those that do it. */
export function endOrdersOf(incident: OpenedIncident, request: RequestId, mode: OrderedWork['mode']): OpenedIncident {
  const orders = new Map([...incident.orders].filter(([, order]) => order.request !== request || order.mode !== mode))
  return { ...incident, orders }
}

export function without<K extends keyof OpenedIncident>(incident: OpenedIncident, key: K): OpenedIncident {
  const { [key]: _gone, ...rest } = incident
  return rest as OpenedIncident
}

/** Throws when no person stands behind the entry: then the ledger is out of order. */
export function personOf(actor: Actor): Person {
  if (!isPerson(actor)) throw new Error('ledger out of order: a person has to stand behind this entry')
  return actor
}
