import type { QueuedOrder, QueueView } from '../../wire.ts'
import type { Headline } from './section.ts'

export function queueHeadline({ up, orders, outcomes }: QueueView): Headline {
  if (!up) return { tone: 'bad', words: 'Redis is down. This is what was last seen.' }
  const open = orders.filter(({ state }) => state !== 'completed').length
  if (open + outcomes === 0) return { tone: 'good', words: 'Redis is up. Nothing waits.' }
  const parts = [counted(open, 'order'), counted(outcomes, 'outcome')].filter((part) => part !== undefined)
  return { tone: 'plain', words: `Redis is up. ${parts.join(' and ')} on the way.` }
}

function counted(many: number, noun: string): string | undefined {
  if (many === 0) return undefined
  return `${many} ${noun}${many === 1 ? '' : 's'}`
}

export function orderState(state: QueuedOrder['state']): Headline {
  return orderStates[state]
}

const orderStates: { readonly [state in QueuedOrder['state']]: Headline } = {
  waiting: { tone: 'plain', words: 'waits for a worker' },
  active: { tone: 'plain', words: 'at work' },
  delayed: { tone: 'warn', words: 'waits for its time' },
  completed: { tone: 'good', words: 'done' },
  failed: { tone: 'bad', words: 'failed' },
}
