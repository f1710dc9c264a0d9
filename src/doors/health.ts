import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Ended } from '#/autentico/observed.ts'
import type { Config, Secrets } from '#/config.ts'
import { createMetrics, type Metrics } from '#/health/metrics.ts'
import { type Board, createBoard } from '#/health/parts.ts'
import { startHealthServer } from '#/health/server.ts'
import type { Called } from '#/slack/lanes.ts'
import { openQueueWatch, type QueueWatch } from '#/work/queue-watch.ts'
import type { WorkerDeps } from '#/work/worker.ts'

/** What the parts of the program tell of, to be counted. */
export type Counts = {
  /** Somebody did something in Slack. */
  readonly delivered: () => void
  /** Milliseconds since 1970; undefined before the first. */
  readonly lastDelivery: () => number | undefined
  readonly called: (call: Called) => void
  readonly exchanged: (exchange: Ended) => void
  readonly orderEnded: NonNullable<WorkerDeps['ended']>
}

/** What operators see: the parts and figures that the bot and the worker add to it. */
export type Health = AsyncDisposable & {
  readonly board: Board
  readonly metrics: Metrics
  readonly queue: QueueWatch
  readonly counts: Counts
}

/** Less than this left is said before it hurts. */
const lowDiskBytes = 100 * 1024 * 1024

/** Listens on the operators' address. From then on it says that the program is starting. Throws HealthAddressUnusable. */
export async function startHealth({
  config,
  secrets,
  log,
}: {
  readonly config: Config & { readonly health: NonNullable<Config['health']> }
  readonly secrets: Secrets
  readonly log: Logger
}): Promise<Health> {
  await using building = new AsyncDisposableStack()
  const metrics = createMetrics()
  const board = building.use(createBoard())
  const queue = building.use(openQueueWatch({ url: secrets.redisUrl, prefix: config.queuePrefix, log }))
  showProgram(metrics, board, config)
  showDisk(metrics, board, config.dataDir)
  showQueue(metrics, board, queue, config)
  const counts = countsOf(metrics)
  const { port } = building.use(await startHealthServer({ address: config.health, board, metrics }))
  log.info({ host: config.health.host, port }, 'operators are answered')
  const parts = building.move()
  return { board, metrics, queue, counts, [Symbol.asyncDispose]: async () => parts.disposeAsync() }
}

function showProgram(metrics: Metrics, board: Board, { role }: Config): void {
  const version = versionOf(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  metrics.gauge({
    name: 'build_info',
    help: 'Always 1; which release runs in which role.',
    labels: ['version', 'role'],
    read: () => [{ labels: { version, role }, value: 1 }],
  })
  metrics.gauge({
    name: 'ready',
    help: 'Whether /readyz answers 200.',
    read: async () => (['ready', 'degraded'].includes((await board.report()).state) ? 1 : 0),
  })
  metrics.gauge({
    name: 'part_up',
    help: 'Whether a part of the program is well, as /readyz says it.',
    labels: ['part'],
    read: async () => (await board.report()).parts.map(({ part, ok }) => ({ labels: { part }, value: ok ? 1 : 0 })),
  })
}

function versionOf(text: string): string {
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}

function showDisk(metrics: Metrics, board: Board, dataDir: string): void {
  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(dataDir)
    return bavail * bsize
  }
  metrics.gauge({ name: 'disk_free_bytes', help: 'Free space where DATA_DIR is.', read: freeBytes })
  board.add({
    name: 'disk',
    needed: false,
    look: async () => {
      const free = await freeBytes()
      const left = `${Math.floor(free / 1024 / 1024)} MiB are free where DATA_DIR is.`
      return { ok: free >= lowDiskBytes, sentence: free >= lowDiskBytes ? left : `${left} Free some space.` }
    },
  })
}

function showQueue(metrics: Metrics, board: Board, queue: QueueWatch, { role }: Config): void {
  metrics.gauge({
    name: 'queue_messages',
    help: 'Messages in Redis by queue and state.',
    labels: ['queue', 'state'],
    read: async () =>
      (await queue.depths()).map(({ queue: of, state, messages }) => ({
        labels: { queue: of, state },
        value: messages,
      })),
  })
  board.add({
    name: 'redis',
    // The bot records clicks without it, and what was approved waits; a worker has nothing to do without it.
    needed: role === 'worker',
    look: async () =>
      (await queue.answers())
        ? { ok: true, sentence: 'Redis answers.' }
        : { ok: false, sentence: 'Redis does not answer. What is approved waits, and goes on by itself.' },
  })
}

function countsOf(metrics: Metrics): Counts {
  let lastDelivery: number | undefined
  const called = metrics.counter({
    name: 'slack_calls_total',
    help: 'Calls of Slack by method and how they ended; "rate limited" is an answer 429.',
    labels: ['method', 'result'],
  })
  const exchanged = metrics.histogram({
    name: 'autentico_request_seconds',
    help: 'How long Autentico took to answer, by the class of the answer or why there was none.',
    labels: ['answer'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })
  const orderSeconds = metrics.histogram({
    name: 'order_seconds',
    help: 'From the moment an order might be begun until it ended, by action and how it ended.',
    labels: ['action', 'result'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
  })
  return {
    delivered: () => {
      lastDelivery = Date.now()
    },
    lastDelivery: () => lastDelivery,
    called: ({ method, result }) => called({ method, result }),
    exchanged: ({ ms, answer }) => exchanged(ms / 1000, { answer }),
    orderEnded: ({ action, result, ms }) => orderSeconds(ms / 1000, { action, result }),
  }
}
