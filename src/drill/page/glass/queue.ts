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
/** So many are looked at in each of BullMQ's lists. */
const most = 12
/** The newest orders that have ended are kept in view, so that one can see them end. */
const mostEnded = 8

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
type Found = { readonly job: OrderJob; readonly state: QueuedOrder['state'] }

/** BullMQ's lists, and what lying in one means. */
const lists: readonly (readonly [JobType, QueuedOrder['state']])[] = [
  ['active', 'active'],
  ['waiting', 'waiting'],
  ['prioritized', 'waiting'],
  ['delayed', 'delayed'],
  ['completed', 'completed'],
  ['failed', 'failed'],
]

function createReader(connection: Redis, { names, describe }: QueueOptions) {
  let made: Queues | undefined

  /** Made once Redis has answered: made before, BullMQ would wait for it. */
  function queues(): Queues {
    if (made !== undefined) return made
    // Without this, merely looking would write BullMQ's version into the queue.
    const given = { connection, prefix: names.prefix, skipMetasUpdate: true }
    made = {
      orders: new Queue<unknown, unknown, string>(names.orders, given),
      outcomes: new Queue<unknown, unknown, string>(names.outcomes, given),
    }
    for (const queue of Object.values(made)) queue.on('error', () => undefined) // `up` says it.
    return made
  }

  async function jobsIn(list: JobType, state: QueuedOrder['state']): Promise<readonly Found[]> {
    // A job that ends between two questions is not there any more when it is fetched.
    const jobs = (await queues().orders.getJobs([list], 0, most)) as readonly (OrderJob | undefined)[]
    return jobs.flatMap((job) => (job === undefined || job.name === names.canary ? [] : { job, state }))
  }

  const seenAs = ({ job, state }: Found): QueuedOrder => ({
    id: job.id ?? '',
    what: describe(job.id ?? ''),
    state,
    tries: job.attemptsStarted,
    since: new Date(sinceWhen(job, state)).toISOString(),
  })

  return {
    /** What is open in the order it was given, then what has ended, the newest first. */
    async read(): Promise<QueueView> {
      const [found, outcomes] = await Promise.all([
        Promise.all(lists.map(async ([list, state]) => jobsIn(list, state))),
        queues().outcomes.getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
      ])
      // One that went from list to list while we asked was found twice.
      const jobs = [...new Map(found.flat().map((one) => [one.job.id, one])).values()]
      const open = jobs.filter(({ state }) => !hasEnded(state)).toSorted((one, other) => givenAt(one) - givenAt(other))
      const ended = jobs.filter(({ state }) => hasEnded(state)).toSorted((one, other) => endedAt(other) - endedAt(one))
      return {
        up: true,
        orders: [...open.slice(0, most), ...ended.slice(0, mostEnded)].map(seenAs),
        outcomes: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      }
    },
    async close(): Promise<void> {
      await Promise.allSettled(Object.values(made ?? {}).map(async (queue) => queue.close()))
    },
  }
}

function hasEnded(state: QueuedOrder['state']): boolean {
  return state === 'completed' || state === 'failed'
}

function givenAt({ job }: Found): number {
  return job.timestamp
}

function endedAt({ job }: Found): number {
  return job.finishedOn ?? job.timestamp
}

/** Since when it is in this state, in milliseconds, as far as BullMQ keeps it. */
function sinceWhen({ timestamp, processedOn, finishedOn }: OrderJob, state: QueuedOrder['state']): number {
  if (state === 'active') return processedOn ?? timestamp
  return hasEnded(state) ? (finishedOn ?? timestamp) : timestamp
}
