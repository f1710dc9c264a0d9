import { type Job, type JobsOptions, Queue } from 'bullmq'
import type { Log } from './log.ts'
import { defaultPrefix, impatientConnection } from './redis.ts'
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
  state(id: string): Promise<MessageState>
  /** What lies under this id, unchecked. */
  find(id: string): Promise<unknown>
  /** Takes a message out, unless a worker is at it; returns whether it is gone. */
  remove(id: string): Promise<boolean>
  /** How many wait to be taken now. */
  waiting(): Promise<number>
  /** Puts in a message that means nothing, to see whether anybody takes it. */
  putCanary(): Promise<void>
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
  const queue = new Queue<unknown, unknown, string>(name, { connection, prefix, skipWaitingForReady: true })
  queue.on('error', () => undefined) // The connection's own listener has said it already.

  const find = async (id: string): Promise<Job<unknown, unknown, string> | undefined> => queue.getJob(id)
  return {
    async put({ id, kind, envelope, delayMs = 0 }) {
      await queue.add(kind, envelope, { ...keep[name], jobId: id, delay: Math.max(0, delayMs), attempts: 1 })
    },

    async state(id) {
      const state = (await find(id)) === undefined ? 'unknown' : await queue.getJobState(id)
      return states[state] ?? 'absent'
    },

    find: async (id) => (await find(id))?.data,

    async remove(id) {
      // Removing is refused while the job is locked.
      await queue.remove(id).catch(() => 0)
      return (await find(id)) === undefined
    },

    waiting: async () => queue.getWaitingCount(),

    async putCanary() {
      await queue.add(canaryKind, {}, { jobId: canaryKind, removeOnComplete: true, removeOnFail: true })
    },

    async [Symbol.asyncDispose]() {
      await queue.close().catch(() => undefined)
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
