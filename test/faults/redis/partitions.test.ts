import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Stage } from '#/drill/stage.ts'
import { fault } from '../harness/fault.ts'
import { askedWhenHealed, slowRevoking } from './orders.ts'
import { type Line, type Partition, startPartition } from './partition.ts'

const kinds: Readonly<Record<string, Line>> = {
  'nothing passes': 'dropped',
  'connections are half open': 'half-open',
  'connections are reset': 'reset',
  'everything is two seconds late': 'late',
  'one byte a second': 'trickling',
}

const partitions = new WeakMap<Stage, Partition>()

fault({
  id: 'F11',
  title: 'the line to Redis is spoilt in mid-order and healed: orders are taken again, and the step is done once',
  ci: 1,
  nightly: 20,
  variants: Object.keys(kinds),
  budgetMs: 30_000,
  world: {
    redis: { port: 'any' },
    async before(stage, building) {
      const partition = building.use(await startPartition(Number(new URL(stage.redis.url).port)))
      partitions.set(stage, partition)
      return { REDIS_URL: `redis://127.0.0.1:${partition.port}` }
    },
  },
  async run(run) {
    const { variant, world, random, struck, proves, succeeds } = run
    const partition = partitions.get(world.stage)
    const incident = await askedWhenHealed(run)
    const next = await askedWhenHealed(run)
    slowRevoking(world, incident.username)
    await incident.approve()
    await pause(random.between(0, 400))
    partition?.set(kinds[variant] ?? 'whole')
    struck()
    // People are answered meanwhile: what they decide stands in the ledger, whatever becomes of the queue.
    await succeeds(async () => next.approve())
    await pause(random.between(500, 3_000))
    partition?.set('whole')
    await proves(incident)
    await proves(next)
    await succeeds(() => expect(incident.entries('StepDone')).toHaveLength(1))
  },
})
