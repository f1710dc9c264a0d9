import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type PrivateRedis, startPrivateRedis } from '#/drill/redis.ts'
import type { Stage } from '#/drill/stage.ts'
import { fault } from '../harness/fault.ts'
import type { World } from '../harness/world.ts'
import { askedWhenHealed } from './orders.ts'
import { type Partition, startPartition } from './partition.ts'

/** What is wrong with Redis, and how it is put right. */
type Trouble = { readonly begin: () => Promise<void>; readonly end: () => Promise<void> }

const partitions = new WeakMap<Stage, Partition>()

function portOf({ url }: Pick<PrivateRedis, 'url'>): number {
  return Number(new URL(url).port)
}

/** Says something to the Redis of this stage, past the line that the program uses. */
async function tell({ url }: Pick<PrivateRedis, 'url'>, ...commands: readonly (readonly string[])[]): Promise<void> {
  const redis = new Redis(url)
  try {
    for (const [name = '', ...rest] of commands) await redis.call(name, ...rest)
  } finally {
    redis.disconnect()
  }
}

const troubles: Readonly<Record<string, (world: World) => Trouble>> = {
  'it is down': ({ stage }) => ({ begin: async () => stage.redis.kill(), end: async () => stage.redis.restart() }),
  'it is full': ({ stage }) => ({
    begin: async () => tell(stage.redis, ['CONFIG', 'SET', 'maxmemory', '1']),
    end: async () => tell(stage.redis, ['CONFIG', 'SET', 'maxmemory', '0']),
  }),
  'it wants a password': ({ stage }) => ({
    begin: async () => tell(stage.redis, ['CONFIG', 'SET', 'requirepass', 'quite-another-one']),
    end: async () => stage.redis.restart(),
  }),
  'it is a replica that takes no writes': ({ stage }) => ({
    // A primary that is not there: it keeps its data and refuses to write.
    begin: async () => tell(stage.redis, ['REPLICAOF', '127.0.0.1', '1']),
    end: async () => tell(stage.redis, ['REPLICAOF', 'NO', 'ONE']),
  }),
}

const partitioned = {
  redis: { port: 'any' },
  async before(stage: Stage, building: AsyncDisposableStack) {
    const partition = building.use(await startPartition(portOf(stage.redis)))
    partitions.set(stage, partition)
    return { REDIS_URL: `redis://127.0.0.1:${partition.port}` }
  },
} as const

fault({
  id: 'F12',
  title:
    'Redis is of no use while the program starts: it starts all the same, says so, and goes on when Redis is put right',
  ci: 1,
  nightly: 12,
  variants: Object.keys(troubles),
  world: partitioned,
  async run(run) {
    const { variant, world, struck, proves, succeeds } = run
    const trouble = troubles[variant]?.(world)
    const incident = await askedWhenHealed(run)
    await world.program().kill()
    await trouble?.begin()
    struck()
    try {
      const program = await world.start()
      await succeeds(async () => incident.approve())
      const ana = world.stage.slack.as('ana')
      await ana.openHome()
      await succeeds(
        async () =>
          void (await until(
            () => (/⛔ (Redis|No worker)/.test(JSON.stringify(ana.home() ?? {})) ? true : undefined),
            'the Home tab to say what is away',
          )),
      )
      expect(program.isOver()).toBe(false)
      // It is said, and not over and over.
      expect(program.lines.filter((line) => line.includes('the queue reports a problem')).length).toBeLessThan(20)
    } finally {
      await trouble?.end()
    }
    await proves(incident)
  },
})

fault({
  id: 'F12',
  title: 'a replica takes the place of Redis in mid-flight: what was approved is done once',
  ci: 2,
  nightly: 12,
  world: partitioned,
  async run(run) {
    const { world, struck, proves, succeeds } = run
    const { stage } = world
    const partition = partitions.get(stage)
    await using replica = await startPrivateRedis({ port: 'any' })
    await tell(replica, ['REPLICAOF', '127.0.0.1', String(portOf(stage.redis))])
    const incident = await askedWhenHealed(run)
    await stage.autentico.stop()
    await incident.approve()
    await incident.happens('WorkWaits')
    await stage.redis.kill()
    await tell(replica, ['REPLICAOF', 'NO', 'ONE'])
    partition?.pointTo(portOf(replica))
    struck()
    await stage.autentico.restart()
    await proves(incident)
    await succeeds(() => expect(incident.entries('StepDone')).toHaveLength(1))
    // Back to the first, which is empty now.
    await stage.redis.restart()
    partition?.pointTo(portOf(stage.redis))
    const next = await askedWhenHealed(run)
    await next.approve()
    await proves(next)
  },
})
