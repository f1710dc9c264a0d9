import { type Job, type JobsOptions, Queue } from 'bullmq'
import type { Log } from './log.ts'
import { defaultPrefix, firstTry, impatientConnection } from './redis.ts'
import type { Envelope } from './signing.ts'

/** The two queues: orders go to the workers, outcomes come back. */
export type QueueName = 'orders' | 'outcomes'

/** Where Redis is: the path of a unix socket or a redis(s):// URL. */
export type RedisPlace = {
  readonly url: string
  /** What every key begins with. Bot and workers have to agree. */
  readonly prefix?: string
  readonly log: Log
}

/** Where a message stands. `absent` is also a name whose job was lost half-way: it may be put again. */
export type MessageState = 'absent' | 'waiting' | 'delayed' | 'active' | 'done' | 'failed'

export type Message = {
  /** Never with a `:` and never a plain number: BullMQ refuses both. Two of the same id are one, while the first is kept. */
  readonly id: string
  readonly kind: string
  readonly envelope: Envelope
  readonly delayMs?: number
}

/**
 * The side of a queue that puts messages in. Every operation fails at once while Redis cannot be reached. Jobs that ended
 * are kept only for a while, and then the same id would run again: what must not happen twice is guarded by the journal.
 */
export type MessageQueue = AsyncDisposable & {
  put(message: Message): Promise<void>
  /** The same, and what lay under its id already, unchecked: that stays. Undefined: nothing did. */
  putUnlessThere(message: Message): Promise<unknown>
  state(id: string): Promise<MessageState>
  /** Whether anybody has ever begun with it, as far as it is still there. */
  wasTaken(id: string): Promise<boolean>
  /** Takes a message out, unless a worker is at it; returns whether it is gone. */
  remove(id: string): Promise<boolean>
  /** How many wait to be taken now. */
  waiting(): Promise<number>
  /** Puts in a message that means nothing, to see whether anybody takes it. */
  putCanary(): Promise<void>
}

/** Redis cannot be reached, so nothing was put in or taken out. It is tried again in the background. */
export class QueueAway extends Error {
  override readonly name = 'QueueAway'
}

/** The name of a message that means nothing. */
export const canaryKind = 'canary'

/** Kept after their end, for looking into: few, and not for long. */
const keep: Readonly<Record<QueueName, JobsOptions>> = {
  orders: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
  // They carry sealed secrets, so nothing stays that has arrived.
  outcomes: { removeOnComplete: true, removeOnFail: { count: 20 } },
}

export function openQueue(name: QueueName, { url, prefix = defaultPrefix, log }: RedisPlace): MessageQueue {
  const connection = impatientConnection(url, log)
  let made: Queue<unknown, unknown, string> | undefined

  /** BullMQ's queue, made once Redis has been reached: made before, it would wait, and everybody with it. */
  async function reach(): Promise<Queue<unknown, unknown, string>> {
    await firstTry(connection)
    if (connection.status !== 'ready') throw new QueueAway('The queue (Redis) cannot be reached.')
    if (made !== undefined) return made
    made = new Queue(name, { connection, prefix })
    made.on('error', () => undefined) // The connection's own listener has said it already.
    return made
  }

  async function find(id: string): Promise<Job<unknown, unknown, string> | undefined> {
    return (await reach()).getJob(id)
  }

  const add = async (queue: Queue<unknown, unknown, string>, { id, kind, envelope, delayMs = 0 }: Message) =>
    queue.add(kind, envelope, { ...keep[name], jobId: id, delay: Math.max(0, delayMs), attempts: 1 })

  return {
    put: async (message) => void (await add(await reach(), message)),

    async putUnlessThere(message) {
      const queue = await reach()
      // Both are on their way at once, in whatever order: what this call put in has the time that it was given here.
      const [put, found] = await Promise.all([add(queue, message), queue.getJob(message.id)])
      return found === undefined || found.timestamp === put.timestamp ? undefined : (found.data ?? null)
    },

    async state(id) {
      const job = await find(id)
      return job === undefined ? 'absent' : (states[await job.getState()] ?? 'absent')
    },

    wasTaken: async (id) => ((await find(id))?.attemptsStarted ?? 0) > 0,

    async remove(id) {
      const queue = await reach()
      // Removing is refused while the job is locked.
      await queue.remove(id).catch(() => 0)
      return (await queue.getJob(id)) === undefined
    },

    waiting: async () => (await reach()).getWaitingCount(),

    async putCanary() {
      const queue = await reach()
      await queue.add(canaryKind, {}, { jobId: canaryKind, removeOnComplete: true, removeOnFail: true })
    },

    async [Symbol.asyncDispose]() {
      await made?.close().catch(() => undefined)
      connection.disconnect()
    },
  }
}

const states: Readonly<Record<string, MessageState>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'delayed',
  active: 'active',
  completed: 'done',
  failed: 'failed',
}
