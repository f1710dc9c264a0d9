import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../redis.ts'
import { type QueueNames, watchQueue } from './queue.ts'

const names: QueueNames = { prefix: 'glass', orders: 'orders', outcomes: 'outcomes', canary: 'canary' }
const patience = { timeout: 4_000, interval: 20 }

async function watched() {
  const redis = await startPrivateRedis()
  onTestFinished(async () => redis.stop())
  const changes = { count: 0 }
  const watch = watchQueue({
    url: redis.url,
    names,
    describe: (id) => `What ${id} is for`,
    onChange: () => {
      changes.count += 1
    },
    everyMs: 50,
  })
  onTestFinished(async () => watch[Symbol.asyncDispose]())
  await vi.waitFor(() => expect(watch.queue().up).toBe(true), patience)
  return { redis, watch, changes }
}

/** The program's side. */
function queueOf({ url }: PrivateRedis, name: string): Queue {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const queue = new Queue(name, { connection, prefix: names.prefix })
  queue.on('error', () => undefined)
  connection.on('error', () => undefined)
  onTestFinished(async () => {
    await queue.close().catch(() => undefined)
    connection.disconnect()
  })
  return queue
}

test('orders are shown from waiting to done, and what has not been fetched of the outcomes is counted', async () => {
  const { redis, watch } = await watched()
  const orders = queueOf(redis, 'orders')
  await orders.add('order', { secret: 'sealed-for-nobody' }, { jobId: 'INC-1-2' })
  await orders.add('order', {}, { jobId: 'INC-1-9', delay: 60_000 })
  await orders.add('canary', {}, { jobId: 'canary' })
  await queueOf(redis, 'outcomes').add('outcome', {})
  await vi.waitFor(() => {
    expect(watch.queue()).toMatchObject({
      up: true,
      outcomes: 1,
      orders: [
        { id: 'INC-1-2', what: 'What INC-1-2 is for', state: 'waiting', tries: 0 },
        { id: 'INC-1-9', state: 'delayed' },
      ],
    })
  }, patience)
  expect(JSON.stringify(watch.queue())).not.toMatch(/sealed-for-nobody|canary/)

  const going = Promise.withResolvers<void>()
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
  const worker = new Worker('orders', async ({ name }) => (name === 'canary' ? undefined : going.promise), {
    connection,
    prefix: names.prefix,
  })
  worker.on('error', () => undefined)
  onTestFinished(async () => {
    await worker.close(true)
    connection.disconnect()
  })
  await vi.waitFor(
    () => expect(watch.queue().orders[0]).toMatchObject({ id: 'INC-1-2', state: 'active', tries: 1 }),
    patience,
  )
  going.resolve()
  await vi.waitFor(() => {
    expect(watch.queue().orders).toMatchObject([{ state: 'delayed' }, { id: 'INC-1-2', state: 'completed' }])
  }, patience)
})

test('a Redis that is gone leaves what was last seen, and one that is back is read again', async () => {
  const { redis, watch, changes } = await watched()
  await queueOf(redis, 'orders').add('order', {}, { jobId: 'INC-1-2' })
  await vi.waitFor(() => expect(watch.queue().orders).toHaveLength(1), patience)

  await redis.kill()
  await vi.waitFor(() => expect(watch.queue()).toMatchObject({ up: false, orders: [{ id: 'INC-1-2' }] }), patience)
  const before = changes.count
  await redis.restart()
  await vi.waitFor(() => expect(watch.queue()).toEqual({ up: true, orders: [], outcomes: 0 }), patience)
  expect(changes.count).toBeGreaterThan(before)
})

test('looking leaves no trace in Redis', async () => {
  const { redis } = await watched()
  const client = new Redis(redis.url)
  expect(await client.keys('*')).toEqual([])
  client.disconnect()
})
