import { type KeyObject, randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Autentico } from '#/autentico/connect.ts'
import { type ActionTimes, defaultTimes, type Reach } from './actions/action.ts'
import { type BackOff, defaultBackOff } from './back-off.ts'
import { type Consumer, startConsumer } from './consumer.ts'
import { answerQuestions } from './directory-answers.ts'
import { type Journal, openJournal } from './journal.ts'
import { sharedMemory } from './memory.ts'
import { openOutcomeSender } from './outcomes.ts'
import type { RedisPlace } from './queue.ts'
import { checkRedis, defaultPrefix, firstTry, impatientConnection, RedisUnfit } from './redis.ts'
import { stopSigns } from './stops.ts'
import { orderTaker, type TakerDeps } from './take-order.ts'

export type WorkerDeps = RedisPlace & {
  /** Who this worker is, in outcomes and in the ledger. */
  readonly name: string
  readonly autentico: Autentico
  readonly reach: Reach
  /** The journal's file; it is made, with its directory, where it is missing. */
  readonly journalFile: string
  /** Ed25519, private: outcomes are signed with it. */
  readonly signingKey: KeyObject
  /** Those of all workers, this one's included. Without those of the others a take-over cannot trust what they had begun. */
  readonly workerKeys: readonly KeyObject[]
  /** Ed25519, public: only their orders are run. */
  readonly botKeys: readonly KeyObject[]
  /** X25519, public: what only the bot may read is sealed to it. */
  readonly sealTo: KeyObject
  readonly concurrency?: number
  readonly times?: Partial<ActionTimes>
  readonly backOff?: BackOff
  readonly canaryMs?: number
  readonly lockMs?: number
  readonly stalledMs?: number
  readonly now?: () => Date
  readonly randomBytes?: (size: number) => Buffer
  /** Told of every order that has ended here, for whoever counts. */
  readonly ended?: TakerDeps['ended']
}

/** A worker that takes orders. Disposing of it is stopping it with five seconds of grace. */
export type OrderWorker = AsyncDisposable & {
  /** Takes no new order, lets those that run end within the grace, and hands the others back. May be called again. */
  stop(options: { readonly graceMs: number }): Promise<void>
  /** How often its ears were replaced, for `doctor` and tests. */
  rebuilt(): number
  /** Whether it takes orders: Redis was there and fit, and what waits is taken. */
  hearing(): boolean
}

/**
 * Starts a worker. Redis that cannot be reached is waited for.
 *
 * @throws RedisUnfit if Redis is there and must not carry the queue: too old, or allowed to evict.
 */
export async function startWorker(deps: WorkerDeps): Promise<OrderWorker> {
  const { url, log, prefix = defaultPrefix, now = () => new Date() } = deps
  await using building = new AsyncDisposableStack()
  const redis = impatientConnection(url, log)
  building.defer(() => redis.disconnect())
  const fit = await fitness(redis)
  const journal = building.use(openJournal(deps.journalFile))
  const forget = (): void => journal.forget(now().toISOString())
  forget()
  building.adopt(setInterval(forget, 3_600_000), clearInterval)
  const sender = building.use(openOutcomeSender({ ...deps, journal }))
  const consumers: Consumer[] = []

  const begin = (): void => {
    consumers.push(
      startConsumer({
        ...deps,
        queue: 'orders',
        concurrency: deps.concurrency ?? 4,
        take: takerOf(deps, { redis, prefix, journal, now, flush: async () => sender.flush() }),
      }),
    )
    void sender.flush().catch(() => undefined)
  }
  if (fit) begin()
  else building.adopt(beginWhenFit(redis, begin, deps), clearInterval)
  building.use(answerQuestions({ ...deps, prefix, now }))

  const parts = building.move()
  let stopped: Promise<void> | undefined
  const stop = async (how: { readonly graceMs: number }): Promise<void> => {
    await Promise.all(consumers.map(async (consumer) => consumer.stop(how)))
    await parts.disposeAsync()
  }
  return {
    stop: async (how) => (stopped ??= stop(how)),
    hearing: () => consumers.length > 0 && consumers.every((consumer) => consumer.hearing()),
    rebuilt: () => consumers.reduce((sum, consumer) => sum + consumer.rebuilt(), 0),
    [Symbol.asyncDispose]: async () => (stopped ??= stop({ graceMs: 5_000 })),
  }
}

type Inside = {
  readonly redis: Redis
  readonly prefix: string
  readonly journal: Journal
  readonly now: () => Date
  readonly flush: () => Promise<void>
}

function takerOf(deps: WorkerDeps, { redis, prefix, journal, now, flush }: Inside): ReturnType<typeof orderTaker> {
  const { name, autentico, reach, botKeys, signingKey, workerKeys, sealTo, log, times, backOff = defaultBackOff } = deps
  const memory = sharedMemory({ redis, prefix, journal, signingKey, workerKeys, keepMs: 7 * 86_400_000 })
  return orderTaker({
    name,
    autentico,
    reach,
    botKeys,
    signingKey,
    sealTo,
    redis,
    prefix,
    journal,
    memory,
    stops: stopSigns({ redis, prefix, botKeys }),
    flush,
    log,
    now,
    backOff,
    times: { ...defaultTimes, ...times },
    randomBytes: deps.randomBytes ?? randomBytes,
    ended: deps.ended,
    lockMs: deps.lockMs ?? 5_000,
  })
}

/** Whether Redis may be used; false while it cannot be asked. */
async function fitness(redis: Redis): Promise<boolean> {
  try {
    await firstTry(redis)
    await checkRedis(redis)
    return true
  } catch (error) {
    if (error instanceof RedisUnfit) throw error
    return false
  }
}

/** Redis was not there at the start. As soon as it is, it is judged like any other; an unfit one is never used. */
function beginWhenFit(redis: Redis, begin: () => void, { log }: WorkerDeps): NodeJS.Timeout {
  log.warn({}, 'redis cannot be reached; orders are taken as soon as it is')
  let said = ''
  const timer: NodeJS.Timeout = setInterval(() => {
    void fitness(redis)
      .then((fit) => {
        if (!fit || timer.hasRef() === false) return
        clearInterval(timer)
        timer.unref()
        begin()
      })
      .catch((error: Error) => {
        if (said !== error.message) log.error({ why: error.message }, 'redis is unfit; no order is taken')
        said = error.message
      })
  }, 500)
  return timer
}
