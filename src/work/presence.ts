import type { KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { moment } from './schemas.ts'
import { signed, verified } from './signing.ts'

/** What a worker says every few seconds: that it is there. */
type Presence = { readonly worker: string; readonly at: string }

const presence: z.ZodType<Presence> = z.strictObject({ worker: z.string().min(1).max(200), at: moment })

/** A worker as Redis knows it. `at`: when it was last heard, by its own clock. */
export type WorkerSeen = { readonly worker: string; readonly at: string; readonly present: boolean }

/** How often a worker says it, and how long that holds; milliseconds. */
const everyMs = 3_000
const holdsMs = 10_000
/** A worker that has been away for longer is not spoken of any more. */
const forgottenMs = 24 * 3_600_000

type Place = { readonly redis: Redis; readonly prefix: string }

/** Says that a worker is there until it is disposed of, and takes its name back then. Redis being away is for the next time. */
export function announce({
  redis,
  prefix,
  name,
  signingKey,
  now,
}: Place & { readonly name: string; readonly signingKey: KeyObject; readonly now: () => Date }): AsyncDisposable {
  const say = (): void => {
    const value: Presence = { worker: name, at: now().toISOString() }
    void redis
      .multi()
      .hset(listKey(prefix), name, JSON.stringify(signed('presence', value, signingKey)))
      .set(presentKey(prefix, name), '1', 'PX', holdsMs)
      .exec()
      .catch(() => undefined)
  }
  redis.on('ready', say)
  const timer = setInterval(say, everyMs)
  say()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      redis.off('ready', say)
      const gone = redis
        .multi()
        .hdel(listKey(prefix), name)
        .del(presentKey(prefix, name))
        .exec()
        .catch(() => undefined)
      // A Redis that hangs must not hold up the end of the worker; what is said of it then runs out by itself.
      await Promise.race([gone, pause(500, undefined, { ref: false })])
    },
  }
}

/**
 * The workers that have said that they are there, by name; `present`: lately. What no known worker signed is left out. Rejects
 * while Redis does not answer.
 */
export async function workersSeen({
  redis,
  prefix,
  workerKeys,
  now,
}: Place & { readonly workerKeys: readonly KeyObject[]; readonly now: () => Date }): Promise<readonly WorkerSeen[]> {
  const said = await redis.hgetall(listKey(prefix))
  const genuine = Object.entries(said).flatMap(([name, text]) => {
    const seen = verified(parsed(text), { purpose: 'presence', schema: presence, keys: workerKeys, longest: 1024 })
    return seen.kind === 'genuine' && seen.value.worker === name ? [seen.value] : []
  })
  const oldest = new Date(now().getTime() - forgottenMs).toISOString()
  const known = genuine.filter(({ at }) => at >= oldest).toSorted((one, other) => (one.worker < other.worker ? -1 : 1))
  return Promise.all(
    known.map(async (one) => ({ ...one, present: (await redis.exists(presentKey(prefix, one.worker))) === 1 })),
  )
}

function listKey(prefix: string): string {
  return `${prefix}:workers`
}

function presentKey(prefix: string, name: string): string {
  return `${prefix}:present:${name}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
