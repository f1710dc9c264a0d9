import { type KeyObject, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type WorkerSeen, workersSeen } from './presence.ts'
import { type Answer, type Answers, longestReply, type Query, type Question, questionKeys, reply } from './questions.ts'
import type { RedisPlace } from './queue.ts'
import { defaultPrefix, firstTry, impatientConnection, patientConnection } from './redis.ts'
import { signed, verified } from './signing.ts'

/** The bot's way to ask the workers about accounts. */
export type Directory = AsyncDisposable & {
  /**
   * The first worker that is free answers. Never throws: nobody there, Redis away, or too slow is `unavailable` with a
   * sentence. Answers that no known worker signed are not looked at.
   */
  ask<K extends Query['kind']>(
    query: Extract<Query, { kind: K }>,
    timeoutMs: number,
    /** Only this worker is asked; otherwise any. */
    worker?: string,
  ): Promise<Answers[K]>
  /** The workers that have said that they are there. Undefined: Redis did not answer in time. Never throws. */
  workers(timeoutMs: number): Promise<readonly WorkerSeen[] | undefined>
  /**
   * Why Redis takes nothing although it answers: it is full, a replica, or wants another password. Undefined: it takes what it is
   * given, or does not answer. Never throws.
   */
  refusal(timeoutMs: number): Promise<string | undefined>
  /** Since when Redis has been away, ISO 8601. Undefined: it is there, or was never reached. */
  awaySince(): string | undefined
}

export type DirectoryOptions = RedisPlace & {
  /** Ed25519, private. */
  readonly signingKey: KeyObject
  readonly workerKeys: readonly KeyObject[]
  readonly now?: () => Date
}

export function openDirectory(options: DirectoryOptions): Directory {
  const { url, prefix = defaultPrefix, log, signingKey, workerKeys, now = () => new Date() } = options
  const keys = questionKeys(prefix)
  const redis = impatientConnection(url, log)
  const ears = patientConnection(url, log)
  const waiting = new Map<string, (answer: Answer) => void>()
  let awaySince: string | undefined
  redis.on('close', () => {
    awaySince ??= now().toISOString()
  })
  // What it says when it is asked whether it is ready, which is all that it says where it wants another password.
  let refused: string | undefined
  redis.on('error', (error: Error) => {
    refused = refusalIn(error)
  })
  redis.on('ready', () => {
    refused = undefined
    awaySince = undefined
  })

  // Where Redis is away, it is subscribed to when it comes; asking waits for that no longer than for an answer.
  let subscribed: Promise<void> | undefined
  const listening = async (): Promise<void> => {
    subscribed ??= readyToListen(ears)
      .then(async () => ears.subscribe(keys.replies))
      .then(
        () => undefined,
        // Redis refused, for want of a right, say. The client subscribes anew only to what it once was subscribed to.
        () => {
          subscribed = undefined
        },
      )
    return subscribed
  }
  void listening()
  ears.on('message', (_channel, text) => {
    const seen = verified(parsed(text), { purpose: 'answer', schema: reply, keys: workerKeys, longest: longestReply })
    if (seen.kind === 'genuine') waiting.get(seen.value.id)?.(seen.value.answer)
  })

  async function put(question: Question, timeoutMs: number, list: string): Promise<void> {
    const text = JSON.stringify(signed('question', question, signingKey))
    // The list goes away by itself, so that nothing piles up where no worker listens.
    await redis
      .multi()
      .rpush(list, text)
      .ltrim(list, -1000, -1)
      .pexpire(list, timeoutMs + 1_000)
      .exec()
  }

  async function askAny(query: Query, timeoutMs: number, list: string): Promise<Answer> {
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const timer = setTimeout(() => resolve(nobody(timeoutMs)), timeoutMs)
    waiting.set(id, resolve)
    try {
      await firstTry(redis)
      if (redis.status !== 'ready') return unreachable
      await Promise.race([listening(), promise])
      await put({ id, until: new Date(now().getTime() + timeoutMs).toISOString(), query }, timeoutMs, list)
      return await promise
    } catch {
      return unreachable
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }

  return {
    ask: async <K extends Query['kind']>(query: Extract<Query, { kind: K }>, timeoutMs: number, worker?: string) => {
      const answer = await askAny(query, timeoutMs, worker === undefined ? keys.list : keys.listOf(worker))
      const fits = answer.kind === 'unavailable' || answersTo[query.kind].has(answer.kind)
      return (
        fits
          ? answer
          : {
              kind: 'unavailable',
              why: 'The worker answered something else than was asked. Run the same version on both sides.',
            }
      ) as Answers[K]
    },
    workers: async (timeoutMs) =>
      within(
        timeoutMs,
        firstTry(redis)
          .then(async () => workersSeen({ redis, prefix, workerKeys, now }))
          .catch(() => undefined),
      ),
    refusal: async (timeoutMs) =>
      within(
        timeoutMs,
        firstTry(redis)
          .then(async () => redis.set(`${prefix}:probe`, '', 'PX', 1_000))
          .then(() => undefined)
          .catch((error: unknown) => refusalIn(error) ?? refused),
      ),
    awaySince: () => awaySince,
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      ears.disconnect()
    },
  }
}

/**
 * Waits until the connection has been found fit. Subscribed to sooner, it fails the client's own check, which a subscriber may not make, and
 * what a connection was subscribed to that fails so is forgotten.
 */
async function readyToListen(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await new Promise<void>((resolve) => void redis.once('ready', resolve))
}

/** What Redis itself said no with; undefined for a connection that failed. */
function refusalIn(error: unknown): string | undefined {
  const [code] = error instanceof Error ? error.message.split(' ') : []
  return code !== undefined && /^[A-Z]{3,}$/.test(code) ? code : undefined
}

async function within<T>(ms: number, promise: Promise<T | undefined>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

const unreachable: Answer = {
  kind: 'unavailable',
  why: 'The queue (Redis) does not answer, so Autentico cannot be asked.',
}

const answersTo: Readonly<Record<Query['kind'], ReadonlySet<Answer['kind']>>> = {
  search: new Set(['hits']),
  pick: new Set(['found', 'none', 'ambiguous', 'suspended']),
  capabilities: new Set(['capabilities']),
  'last-sign-in': new Set(['last-sign-in']),
}

function nobody(timeoutMs: number): Answer {
  const seconds = Math.max(1, Math.round(timeoutMs / 1_000))
  return {
    kind: 'unavailable',
    why: `No worker answered within ${seconds} ${seconds === 1 ? 'second' : 'seconds'}. Is a worker running, and can it reach Autentico?`,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
