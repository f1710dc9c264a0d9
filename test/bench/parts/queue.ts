import { setTimeout as pause } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { startPrivateRedis } from '#/drill/redis.ts'
import type { AccountId } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import { startConsumer } from '#/work/consumer.ts'
import { makeKey } from '#/work/keys.ts'
import type { Log } from '#/work/log.ts'
import { openOrderQueue } from '#/work/order-queue.ts'
import { openQueue } from '#/work/queue.ts'
import { signOrder, type WorkOrder } from '#/work/work-order.ts'
import { type Figure, median } from '../figure.ts'

const orders = 40
const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** How long an order takes to the worker while nothing else waits: signed and guarded against twins, beside a bare `add`. */
const taken: Figure = {
  name: 'queue, order to worker, idle',
  unit: 'µs',
  target: { atMost: 1.3 },
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const { url } = stack.use(await startPrivateRedis())
    const place = { url, prefix: 'ours', log: quiet }
    const arrivals = { ours: arrival(), floor: arrival() }
    const { privateKey: signingKey } = makeKey('ed25519')
    const queue = stack.use(openOrderQueue({ ...place, signingKey }))
    stack.use(startConsumer({ ...place, queue: 'orders', concurrency: 4, take: async () => arrivals.ours.here() }))
    const bare = bareQueue(stack, url, 'orders')
    bareWorker(stack, url, 'orders', async () => arrivals.floor.here())
    const data = signOrder(orderOf(0), signingKey)
    let seq = 0
    return {
      ours: () => latency(arrivals.ours, () => queue.issue(orderOf(++seq))),
      floor: () => latency(arrivals.floor, () => bare.add('order', data, { jobId: `INC-7-${++seq}`, ...keep })),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  },
}

/** The same and back: an order to the worker, and what the worker puts into the other queue to the bot. */
const thereAndBack: Figure = {
  name: 'queue, order to outcome, idle',
  unit: 'µs',
  target: { atMost: 1.3 },
  prepare: async () => {
    const stack = new AsyncDisposableStack()
    const { url } = stack.use(await startPrivateRedis())
    const place = { url, prefix: 'ours', log: quiet }
    const arrivals = { ours: arrival(), floor: arrival() }
    const { privateKey: signingKey } = makeKey('ed25519')
    const envelope = signOrder(orderOf(0), signingKey)
    const queue = stack.use(openOrderQueue({ ...place, signingKey }))
    const back = stack.use(openQueue('outcomes', place))
    const answer = async ({ id }: { readonly id: string }) => back.put({ id, kind: 'outcome', envelope })
    stack.use(startConsumer({ ...place, queue: 'orders', concurrency: 4, take: answer }))
    stack.use(startConsumer({ ...place, queue: 'outcomes', concurrency: 4, take: async () => arrivals.ours.here() }))
    const bare = bareQueue(stack, url, 'orders')
    const bareBack = bareQueue(stack, url, 'outcomes')
    bareWorker(
      stack,
      url,
      'orders',
      async (id) => void (await bareBack.add('outcome', envelope, { jobId: id, ...keep })),
    )
    bareWorker(stack, url, 'outcomes', async () => arrivals.floor.here())
    let seq = 0
    return {
      ours: () => latency(arrivals.ours, () => queue.issue(orderOf(++seq))),
      floor: () => latency(arrivals.floor, () => bare.add('order', envelope, { jobId: `INC-7-${++seq}`, ...keep })),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  },
}

export const figures: readonly Figure[] = [taken, thereAndBack]

const keep = { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } }

type Arrival = { readonly next: () => Promise<void>; readonly here: () => void }

function arrival(): Arrival {
  let waiting = Promise.withResolvers<void>()
  return {
    next() {
      waiting = Promise.withResolvers<void>()
      return waiting.promise
    },
    here: () => waiting.resolve(),
  }
}

/** The median, in microseconds, over orders that are sent one by one. */
async function latency({ next }: Arrival, send: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let sent = 0; sent < orders; sent++) {
    const arrived = next()
    const start = performance.now()
    await Promise.all([send(), arrived.then(() => times.push((performance.now() - start) * 1000))])
    await pause(3) // Then the one before has ended as well, and the worker waits.
  }
  return median(times)
}

function bareQueue(stack: AsyncDisposableStack, url: string, name: string): Queue {
  const connection = stack.adopt(new Redis(url, { maxRetriesPerRequest: null }), (open) => open.disconnect())
  return stack.adopt(new Queue(name, { connection, prefix: 'bare' }), (open) => open.close())
}

function bareWorker(stack: AsyncDisposableStack, url: string, name: string, take: (id: string) => Promise<void>): void {
  const connection = stack.adopt(new Redis(url, { maxRetriesPerRequest: null }), (open) => open.disconnect())
  const options = { connection, prefix: 'bare', concurrency: 4 }
  stack.adopt(new Worker(name, async (job) => take(job.id ?? ''), options), (open) => open.close(true))
}

function orderOf(seq: number): WorkOrder {
  const now = Date.now()
  return {
    id: `INC-7-${seq}` as OrderId,
    incident: 'INC-7' as IncidentId,
    mode: 'run',
    action: 'revoke-sessions',
    target: { id: 'a'.repeat(20) as AccountId, username: 'alice', email: 'alice@acme.test' },
    approvedBy: [],
    cause: { seq: seq + 1, hash: 'ab'.repeat(32) },
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 3_600_000).toISOString(),
    drill: true,
  }
}
