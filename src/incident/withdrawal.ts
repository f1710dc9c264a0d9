import type { ProgramCommand } from './commands.ts'
import { accepted, because, type Decision, refused } from './decision.ts'
import type { Standing } from './people.ts'
import type { Refusal } from './refusals.ts'
import { type OpenedIncident, type OpenOrder, type Request, stepState } from './state.ts'
import type { WorkResult } from './work.ts'

/**
 * The order of an approved request that nobody has begun, as far as the record knows. Undefined: there is none, and it is too late to take
 * the request back. Whether a worker has taken it in this moment only the queue can say.
 */
export function orderNotBegun(incident: OpenedIncident, { id, end, step }: Request): OpenOrder | undefined {
  if (end.kind !== 'approved' || step === undefined) return undefined
  const order = [...incident.orders.values()].find((one) => one.request === id && one.mode === 'run')
  const state = stepState(incident, step)
  if (order === undefined || state.status !== 'running') return undefined
  const isTaken = state.taken !== undefined || order.waits !== undefined || order.halted?.begun === true
  return isTaken ? undefined : order
}

/** Why an approved request cannot be taken back. Undefined: it can, unless a worker has it already. */
export function whyNotTakenBack(incident: OpenedIncident, request: Request): Refusal | undefined {
  const order = orderNotBegun(incident, request)
  if (order === undefined) {
    const { step } = request
    const isRunning = step !== undefined && stepState(incident, step).status === 'running'
    return isRunning ? because('execution_begun') : undefined
  }
  return order.withdrawing === undefined ? undefined : because('withdrawal_begun')
}

/** Begins to take an approved request back: its order is no longer handed out, and is taken out of the queue. */
export function takeBack(request: Request, order: OpenOrder, { person }: Standing): Decision {
  if (request.step === undefined) throw new Error(`order ${order.id} is of no step`)
  return accepted({ type: 'WithdrawalBegun', request: request.id, step: request.step, order: order.id, by: person })
}

/** What the queue said: the order is out of it and nobody had begun, or a worker was faster. */
export function settleWithdrawal(
  incident: OpenedIncident,
  { order: id, gone }: Extract<ProgramCommand, { type: 'SettleWithdrawal' }>,
): Decision {
  const order = incident.orders.get(id)
  const { step, request, withdrawing } = order ?? {}
  if (step === undefined || request === undefined || withdrawing === undefined) return refused('order_unknown')
  const { by } = withdrawing
  return accepted(
    gone
      ? { type: 'RequestWithdrawn', request, step, by, order: id }
      : { type: 'WithdrawalFailed', request, step, order: id, by },
  )
}

/**
 * Whether a report about an order that was taken back is believed. Nobody should have begun it; where somebody did all the same, what was
 * changed is a fact, and the record says so.
 */
export function isFact(result: WorkResult): boolean {
  return result.kind === 'done' || (result.kind === 'failed' && result.begun === true)
}
