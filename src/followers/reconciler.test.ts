import { expect, test } from 'vitest'
import type { OpenedIncident } from '#/incident/state.ts'
import type { OrderId } from '#/incident/work.ts'
import { play } from '../../test/support/given.ts'
import { minute, openOrder, running, start, steps, underWay } from '../../test/support/stories.ts'
import { createReconciler, type QueueState } from './reconciler.ts'

const orderTtlMs = 60 * 60_000

type World = {
  queue: QueueState | 'away'
  dispatched: boolean
  outcomeWaits: boolean
  now: number
  incidents: readonly OpenedIncident[]
}

/** A reconciler over an incident with one approved order, in a world that the test moves. */
function scene(): {
  readonly world: World
  readonly look: () => Promise<void>
  readonly did: string[]
  readonly order: OrderId
} {
  const { incident } = play(...underWay, ...running(steps.sessions))
  const world: World = {
    queue: 'waiting',
    dispatched: true,
    outcomeWaits: false,
    now: Date.parse(start),
    incidents: [incident],
  }
  const did: string[] = []
  const look = createReconciler({
    open: () => world.incidents,
    stateOf: async () =>
      world.queue === 'away' ? Promise.reject(new Error('Redis is away')) : Promise.resolve(world.queue),
    dispatched: () => world.dispatched,
    outcomeWaits: () => world.outcomeWaits,
    keepStopped: async ({ id }) => void did.push(`held ${id}`),
    issueAgain: (_incident, order, why) => void did.push(`again ${order}: ${why}`),
    expire: (_incident, order) => void did.push(`expired ${order}`),
    orderTtlMs,
    now: () => world.now,
  })
  return { world, look, did, order: openOrder(incident, 'run') }
}

test('an order that waits in the queue is left alone, however often it is looked at', async () => {
  const { world, look, did } = scene()
  for (let times = 0; times < 5; times += 1) {
    await look()
    world.now += 2_000
  }
  expect(did).toEqual([])
})

test('an order that is gone at two looks in a row is issued again, once', async () => {
  const { world, look, did, order } = scene()
  world.queue = 'absent'
  await look()
  expect(did).toEqual([])
  world.now += 2_000
  await look()
  world.queue = 'waiting'
  await look()
  expect(did).toEqual([`again ${order}: it was gone from Redis`])
})

test('an order that was gone only for a moment is not issued again', async () => {
  const { world, look, did } = scene()
  for (const queue of ['absent', 'waiting', 'absent', 'waiting'] as const) {
    world.queue = queue
    await look()
    world.now += 2_000
  }
  expect(did).toEqual([])
})

test('an order that ended has five seconds for its outcome to arrive', async () => {
  const { world, look, did, order } = scene()
  world.queue = 'ended'
  await look()
  world.now += 4_999
  await look()
  expect(did).toEqual([])
  world.now += 1
  await look()
  expect(did).toEqual([`again ${order}: it ended without an outcome`])
})

test('an order whose outcome waits for the disk is neither issued again nor expired', async () => {
  const { world, look, did, order } = scene()
  world.queue = 'ended'
  world.outcomeWaits = true
  await look()
  world.now += 2 * orderTtlMs
  await look()
  expect(did).toEqual([])
  world.outcomeWaits = false
  await look()
  expect(did).toEqual([`expired ${order}`])
})

test('while Redis does not answer nothing is concluded', async () => {
  const { world, look, did } = scene()
  world.queue = 'away'
  await expect(look()).rejects.toThrow('Redis is away')
  expect(did).toEqual([])
})

test('what the dispatcher has not come to yet cannot be lost', async () => {
  const { world, look, did } = scene()
  world.queue = 'absent'
  world.dispatched = false
  await look()
  world.now += 60_000
  await look()
  expect(did).toEqual([])
})

test('an order whose approval has run out is ended, not issued again', async () => {
  const { world, look, did, order } = scene()
  world.queue = 'absent'
  world.now = Date.parse(minute(60)) + 60_000
  await look()
  expect(did).toEqual([`expired ${order}`])
})

test('an order that has ended meanwhile is forgotten', async () => {
  const { world, look, did } = scene()
  world.queue = 'absent'
  await look()
  world.incidents = []
  await look()
  expect(did).toEqual([])
})
