import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { askedWhenHealed, slowRevoking } from './orders.ts'

const prefix = 'autentico-responder'

/** What is taken out of Redis: the keys that match, or all. */
const losses: Readonly<Record<string, (order: string) => string>> = {
  'everything, while an order waits': () => '*',
  'everything, in mid-order': () => '*',
  'the order itself, while it waits': (order) => `${prefix}:orders:${order}`,
  'the order itself, in mid-order': (order) => `${prefix}:orders:${order}`,
  'the list of what waits': () => `${prefix}:orders:delayed`,
  'the hold of the worker on the order': (order) => `${prefix}:orders:${order}:lock`,
  'the hold of the worker on the account': () => `${prefix}:account:*`,
  'what the worker had begun': (order) => `${prefix}:begun:${order}`,
}

async function lose(url: string, pattern: string): Promise<number> {
  const redis = new Redis(url)
  try {
    const keys = pattern.includes('*') ? await redis.keys(pattern) : [pattern]
    return keys.length === 0 ? 0 : await redis.del(keys)
  } finally {
    redis.disconnect()
  }
}

function orderOf(incident: Case): string {
  const [order] = [...incident.state().orders.values()].filter(({ mode }) => mode === 'run')
  if (order === undefined) throw new Error('nothing was ordered')
  return order.id
}

/** The order lies in the queue, because Autentico is away. */
async function waiting({ world }: Run, incident: Case): Promise<void> {
  await world.stage.autentico.stop()
  await incident.approve()
  await incident.happens('WorkWaits')
}

async function inTheMiddle({ world }: Run, incident: Case): Promise<void> {
  slowRevoking(world, incident.username, 800)
  await incident.approve()
  await incident.happens('WorkStarted')
}

fault({
  id: 'F9',
  title: 'Redis forgets everything, or one key: what was approved is done, once',
  ci: 1,
  nightly: 13,
  variants: Object.keys(losses),
  async run(run) {
    const { variant, world, struck, proves, succeeds } = run
    const incident = await askedWhenHealed(run)
    const waits = variant.includes('waits')
    await (waits ? waiting : inTheMiddle)(run, incident)
    const pattern = losses[variant]?.(orderOf(incident)) ?? ''
    // The key may be about to be made.
    await vi.waitFor(async () => expect(await lose(world.stage.env['REDIS_URL'] ?? '', pattern)).toBeGreaterThan(0), {
      timeout: 5_000,
    })
    struck()
    if (waits) await world.stage.autentico.restart()
    await proves(incident)
    await succeeds(() => expect(incident.entries('StepDone')).toHaveLength(1))
  },
})
