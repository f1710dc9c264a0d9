import { type Job, type JobType, Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { QueuedOrder, QueueView } from '../wire.ts'

/** How the program names what it keeps in Redis. */
export type QueueNames = {
  /** What every key begins with. */
  readonly prefix: string
  readonly orders: string
  readonly outcomes: string
  /** Jobs of this kind mean nothing: they only show that somebody listens. */
  readonly canary: string
}

export type QueueOptions = {
  /** The path of a unix socket, or a redis:// URL. */
  readonly url: string
  readonly names: QueueNames
  /** What an order is for, in a few words, by its id. What lies in Redis is not looked into: it may hold anything. */
  readonly describe: (order: string) => string
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  /** Milliseconds between two looks. */
  readonly everyMs?: number
}

/** The queue as Redis has it, read and never written to. While Redis does not answer, what was last seen stands, marked as such. */
export type QueueWatch = AsyncDisposable & { readonly queue: () => QueueView }

/** Redis is on this machine: what has not been answered by now will not be. */
const answerWithinMs = 700
/** The newest orders that have ended are kept in view, so that one can see them end. */
const mostEnded = 8
const mostOpen = 12

/** Starts watching. A Redis that is not there yet, or goes and comes again, is an ordinary thing and no error. */
export function watchQueue(options: QueueOptions): QueueWatch {
  const { url, onChange, everyMs = 250 } = options
  let seen: QueueView = { up: false, orders: [], outcomes: 0 }
  const connection = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 200,
    commandTimeout: answerWithinMs,
    connectTimeout: answerWithinMs,
  })
  connection.on('error', () => undefined) // `up` says it.
  const reader = createReader(connection, options)
  let looking: Promise<void> | undefined
  let over = false

  function show(next: QueueView): void {
    if (over || JSON.stringify(next) === JSON.stringify(seen)) return
    seen = next
    onChange()
  }

  async function look(): Promise<void> {
    try {
      show(connection.status === 'ready' ? await reader.read() : { ...seen, up: false })
    } catch {
      show({ ...seen, up: false })
    }
  }

  const glance = () => {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }
  connection.on('ready', glance)
  connection.on('close', glance)
  const timer = setInterval(glance, everyMs)
  timer.unref()

  return {
    queue: () => seen,
    [Symbol.asyncDispose]: async () => {
      over = true
      clearInterval(timer)
      connection.disconnect()
      await looking
      await reader.close()
    },
  }
}

type OrderJob = Job<unknown, unknown, string>
type Queues = { readonly orders: Queue<unknown, unknown, string>; readonly outcomes: Queue<unknown, unknown, string> }

const open: readonly JobType[] = ['active', 'waiting', 'prioritized', 'delayed']
const ended: readonly JobType[] = ['completed', 'failed']

function createReader(connection: Redis, { names, describe }: QueueOptions) {
  let made: Queues | undefined

  /** Made once Redis has answered: made before, BullMQ would wait for it. */
  function queues(): Queues {
    // Without this, merely looking would write BullMQ's version into the queue.
    const given = { connection, prefix: names.prefix, skipMetasUpdate: true }
    made ??= {
      orders: new Queue<unknown, unknown, string>(names.orders, given),
      outcomes: new Queue<unknown, unknown, string>(names.outcomes, given),
    }
    for (const queue of Object.values(made)) if (queue.listenerCount('error') === 0) queue.on('error', () => undefined)
    return made
  }

  async function ordersIn(
    queue: Queues['orders'],
    types: readonly JobType[],
    most: number,
  ): Promise<readonly QueuedOrder[]> {
    const byType = await Promise.all(
      types.map(async (type) => {
        // A job that ends between two questions is not there any more when it is fetched.
        const jobs = (await queue.getJobs([type], 0, most)) as readonly (OrderJob | undefined)[]
        return jobs.flatMap((job) => (job === undefined || job.name === names.canary ? [] : orderSeen(job, type)))
      }),
    )
    return byType.flat()
  }

  const orderSeen = (job: OrderJob, type: JobType): QueuedOrder => ({
    id: job.id ?? '',
    what: describe(job.id ?? ''),
    state: states[type] ?? 'waiting',
    tries: job.attemptsStarted,
    since: new Date(sinceWhen(job, type)).toISOString(),
  })

  return {
    async read(): Promise<QueueView> {
      const { orders, outcomes } = queues()
      const [unfinished, finished, waiting] = await Promise.all([
        ordersIn(orders, open, mostOpen),
        ordersIn(orders, ended, mostEnded),
        outcomes.getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
      ])
      const fresh = new Set(unfinished.map(({ id }) => id))
      const shown = [
        ...unfinished.toSorted((one, other) => one.since.localeCompare(other.since)).slice(0, mostOpen),
        // One that ended while we asked was seen twice; its end comes with the next look.
        ...finished
          .filter(({ id }) => !fresh.has(id))
          .toSorted((one, other) => other.since.localeCompare(one.since))
          .slice(0, mostEnded),
      ]
      return {
        up: true,
        orders: shown,
        outcomes: Object.values(waiting).reduce((sum, count) => sum + count, 0),
      }
    },
    async close(): Promise<void> {
      await Promise.allSettled(Object.values(made ?? {}).map(async (queue) => queue.close()))
    },
  }
}

const states: { readonly [type in JobType]?: QueuedOrder['state'] } = {
  active: 'active',
  delayed: 'delayed',
  completed: 'completed',
  failed: 'failed',
}

/** Since when it is in this state, in milliseconds, as far as BullMQ keeps it. */
function sinceWhen({ timestamp, processedOn, finishedOn }: OrderJob, type: JobType): number {
  if (type === 'active') return processedOn ?? timestamp
  if (type === 'completed' || type === 'failed') return finishedOn ?? timestamp
  return timestamp
}
