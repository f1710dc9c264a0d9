import type { QueuedOrder, QueueView } from '../../wire.ts'
import type { Headline } from './section.ts'

export function queueHeadline(queue: QueueView): Headline {
  const { up, outcomes } = queue
  if (!up) return { tone: 'bad', words: 'Redis is down. This is what was last seen.' }
  const open = queue.orders.filter(isOpen).length
  if (open + outcomes === 0) return { tone: 'good', words: 'Redis is up. Nothing waits.' }
  const parts = [counted(open, 'order'), counted(outcomes, 'outcome')].filter((part) => part !== undefined)
  return { tone: 'plain', words: `Redis is up. ${parts.join(' and ')} on the way.` }
}

/** Whether it still has to be done. */
export function isOpen({ state }: QueuedOrder): boolean {
  return state !== 'completed' && state !== 'failed'
}

/** `tries` counts those that were begun, so an order that was never taken up only waits for its time. */
export function orderState({ state, tries }: QueuedOrder): Headline {
  if (state === 'delayed' && tries > 0) return { tone: 'warn', words: 'waits to be tried again' }
  return orderStates[state]
}

const orderStates: { readonly [state in QueuedOrder['state']]: Headline } = {
  waiting: { tone: 'plain', words: 'waits for a worker' },
  active: { tone: 'plain', words: 'at work' },
  delayed: { tone: 'plain', words: 'waits for its time' },
  completed: { tone: 'good', words: 'done' },
  failed: { tone: 'bad', words: 'failed' },
}

function counted(many: number, noun: string): string | undefined {
  if (many === 0) return undefined
  return `${many} ${noun}${many === 1 ? '' : 's'}`
}
