import type { KeyObject } from 'node:crypto'
import type { OrderId } from '#/incident/work.ts'
import { keyIdOf } from './keys.ts'
import { type MessageState, openQueue, type RedisPlace } from './queue.ts'
import { signOrder, type WorkOrder } from './work-order.ts'

export type OrderState = MessageState

/** The bot's way to the workers. Every call fails at once while Redis cannot be reached. */
export type OrderQueue = AsyncDisposable & {
  /**
   * Hands an order to the workers. It may be called again for the same order: what waits is left alone, what ended, was lost
   * or lies there unsigned by us is replaced. `under way`: a worker is at it, so it stays as it is.
   */
  issue(order: WorkOrder): Promise<'issued' | 'there already' | 'under way'>
  /** For reconciliation. `done` or `failed` without an outcome in the ledger, and `absent`, may be issued again. */
  state(order: OrderId): Promise<OrderState>
  /** Takes an order out that no worker has begun; returns whether it is gone. */
  withdraw(order: OrderId): Promise<boolean>
  /** The same for good: `gone` is false as soon as a worker has ever taken it, whatever it does with it now. */
  cancel(order: OrderId): Promise<{ readonly gone: boolean }>
}

export type OrderQueueOptions = RedisPlace & {
  /** Ed25519, private. */
  readonly signingKey: KeyObject
  readonly now?: () => Date
}

export function openOrderQueue(options: OrderQueueOptions): OrderQueue {
  const { signingKey, now = () => new Date() } = options
  const queue = openQueue('orders', options)
  const ours = keyIdOf(signingKey)

  /** What something that lies there already means for an order. */
  async function clear({ id }: WorkOrder, found: unknown): Promise<'free' | 'there already' | 'under way'> {
    const state = await queue.state(id)
    if (state === 'active') return 'under way'
    if ((state === 'waiting' || state === 'delayed') && isLabelled(found, ours)) return 'there already'
    return (await queue.remove(id)) ? 'free' : 'under way'
  }

  return {
    async issue(order) {
      const envelope = signOrder(order, signingKey)
      const delayMs = order.notBefore === undefined ? 0 : Date.parse(order.notBefore) - now().getTime()
      const message = { id: order.id, kind: 'order', envelope, delayMs }
      const found = await queue.putUnlessThere(message)
      if (found === undefined) return 'issued'
      const place = await clear(order, found)
      if (place !== 'free') return place
      await queue.put(message)
      return 'issued'
    },
    state: async (order) => queue.state(order),
    withdraw: async (order) => queue.remove(order),
    cancel: async (order) => ({ gone: !(await queue.wasTaken(order)) && (await queue.remove(order)) }),
    [Symbol.asyncDispose]: async () => queue[Symbol.asyncDispose](),
  }
}

/** Only a label: whoever forges one gains that the worker refuses the job, and reconciliation issues the order again. */
function isLabelled(found: unknown, key: string): boolean {
  return typeof found === 'object' && found !== null && 'key' in found && found.key === key
}
