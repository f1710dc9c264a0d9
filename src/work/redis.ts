import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from './log.ts'

/** Redis as it is must not carry the queue; the message says why and what to do. */
export class RedisUnfit extends Error {
  override readonly name = 'RedisUnfit'
}

/** What every key in Redis begins with, unless told otherwise. */
export const defaultPrefix = 'autentico-responder'

/**
 * Ends as soon as it is told to. Left to itself, ioredis keeps its timers for an answer that cannot come any more, and where Redis is away
 * at that moment, whoever waits for one is never told.
 */
class Connection extends Redis {
  constructor(options: RedisOptions, url?: string) {
    if (url === undefined) super(options)
    else super(url, options)
    this.on('close', () => {
      // Kept, it would end the next connection in place of this one, too.
      clearTimeout(Reflect.get(this, 'socketTimeoutTimer') as NodeJS.Timeout | undefined)
      Reflect.set(this, 'socketTimeoutTimer', undefined)
    })
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    return new Connection({ ...this.options, ...override })
  }

  override disconnect(reconnect = false): void {
    // Between two tries there is no socket whose end would be told: a try that is broken off tells it.
    if (!reconnect && this.status === 'reconnecting') this.connect().catch(() => undefined)
    super.disconnect(reconnect)
  }
}

/**
 * A connection that gives up at once while Redis cannot be reached: whoever waits for it has a person waiting. It goes on
 * trying to connect in the background.
 */
export function impatientConnection(url: string, log: Log): Redis {
  return watched(new Connection({ ...never, enableOfflineQueue: false, maxRetriesPerRequest: 1 }, url), log)
}

/** A connection that waits as long as it takes. The queue's consumers need it so. */
export function patientConnection(url: string, log: Log): Redis {
  return watched(new Connection({ ...never, maxRetriesPerRequest: null }, url), log)
}

/** Waits until a connection that is being made for the first time is there, or has failed. At any other time it returns at once. */
export async function firstTry(redis: Redis): Promise<void> {
  if (redis.status !== 'connecting' && redis.status !== 'connect') return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ['ready', 'close', 'end']) redis.off(event, done)
      resolve()
    }
    for (const event of ['ready', 'close', 'end']) redis.on(event, done)
  })
}

/**
 * @throws RedisUnfit for a Redis older than 6.2, and for one that may evict: it would drop orders without a word when its
 *   memory is full.
 */
export async function checkRedis(redis: Redis): Promise<void> {
  const version = fieldOf(await redis.info('server'), 'redis_version') ?? 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (!(major > 6 || (major === 6 && minor >= 2))) {
    throw new RedisUnfit(`Redis is version ${version}; the queue needs 6.2 or newer.`)
  }
  const policy = await policyOf(redis)
  if (policy === 'noeviction') return
  throw new RedisUnfit(
    `Redis has maxmemory-policy ${policy}: it would drop work orders without a word when its memory is full. Set maxmemory-policy noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf).`,
  )
}

async function policyOf(redis: Redis): Promise<string> {
  try {
    const [, value] = (await redis.config('GET', 'maxmemory-policy')) as readonly string[]
    if (value !== undefined) return value
  } catch {
    // Managed Redis forbids CONFIG; INFO says the same.
  }
  return fieldOf(await redis.info('memory'), 'maxmemory_policy') ?? 'unknown'
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
}

/** Soon again, because people wait, and at most every second. */
function retryStrategy(times: number): number {
  return Math.min(50 * times, 1_000)
}

/** The longest that a connection of ours lets Redis keep a command waiting on purpose (`BZPOPMIN`, `BLPOP`), seconds. */
export const longestBlockSeconds = 2

/** How often a connection is asked whether it is still there. */
const askEveryMs = 2_000

/**
 * A connection of which the other side is gone without a word would be waited on for ever: no answer for so long, and it is made
 * anew. It has to be longer than {@link longestBlockSeconds}.
 */
const never = {
  socketTimeout: 4_000,
  connectTimeout: 4_000,
  disconnectTimeout: 200,
  retryStrategy,
  // What was the primary has become a replica: behind the same address there may be another one by now.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} as const

/** Says once that the connection is lost and once that it is back; without a listener an error would end the process. */
function watched(redis: Redis, log: Log): Redis {
  let lost = false
  // A connection on which nobody says anything, such as a subscriber's, would not be missed otherwise.
  const asking = setInterval(() => void (redis.status === 'ready' && redis.ping().catch(() => undefined)), askEveryMs)
  asking.unref()
  redis.on('end', () => clearInterval(asking))
  redis.on('error', (error: Error & { readonly code?: string }) => {
    if (!lost) log.warn({ why: error.code ?? error.name }, 'redis is not reachable')
    lost = true
  })
  redis.on('ready', () => {
    if (lost) log.info({}, 'redis is reachable again')
    lost = false
  })
  return redis
}
