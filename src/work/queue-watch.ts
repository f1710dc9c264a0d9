import { Queue } from 'bullmq'
import { canaryKind, type QueueName, type RedisPlace } from './queue.ts'
import { defaultPrefix, firstTry, impatientConnection } from './redis.ts'

/** How many messages of one queue are in a state, at most as BullMQ counts them. */
export type Depth = { readonly queue: QueueName; readonly state: DepthState; readonly messages: number }
type DepthState = (typeof states)[number]

const states = ['waiting', 'active', 'delayed', 'failed'] as const
const queues: readonly QueueName[] = ['orders', 'outcomes']

/** Looks at Redis and the queues in it, for operators. Takes nothing and puts nothing in. */
export type QueueWatch = AsyncDisposable & {
  /** Whether Redis answers now. Never throws. */
  answers(): Promise<boolean>
  /** Rejects while Redis cannot be reached. */
  depths(): Promise<readonly Depth[]>
}

export function openQueueWatch({ url, prefix = defaultPrefix, log }: RedisPlace): QueueWatch {
  const connection = impatientConnection(url, log)
  const made = new Map<QueueName, Queue>()

  async function reach(): Promise<void> {
    await firstTry(connection)
    if (connection.status !== 'ready') throw new Error('Redis cannot be reached')
  }

  /** Made once Redis has been reached: made before, it would wait for it. */
  function queueNamed(name: QueueName): Queue {
    const known = made.get(name)
    if (known !== undefined) return known
    const queue = new Queue(name, { connection, prefix })
    queue.on('error', () => undefined) // The connection's own listener has said it already.
    made.set(name, queue)
    return queue
  }

  async function depthsOf(name: QueueName): Promise<readonly Depth[]> {
    const queue = queueNamed(name)
    const [counts, canary] = await Promise.all([queue.getJobCounts(...states), queue.getJobState(canaryKind)])
    // What is put in to see whether anybody takes it is no work.
    return states.map((state) => ({
      queue: name,
      state,
      messages: Math.max(0, (counts[state] ?? 0) - (canary === state ? 1 : 0)),
    }))
  }

  return {
    async answers() {
      try {
        await reach()
        await connection.ping()
        return true
      } catch {
        return false
      }
    },
    async depths() {
      await reach()
      return (await Promise.all(queues.map(depthsOf))).flat()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...made.values()].map(async (queue) => queue.close().catch(() => undefined)))
      connection.disconnect()
    },
  }
}
