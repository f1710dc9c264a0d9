import type { KeyObject } from 'node:crypto'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { OrderId } from '#/incident/work.ts'
import type { Journal, Remembered } from './journal.ts'
import { verifyOutcome } from './outcome.ts'
import { branded, moment } from './schemas.ts'
import { type Envelope, signed, verified } from './signing.ts'

/**
 * What the workers together know of an order. Each worker's own journal comes first. What the others know lies in Redis,
 * signed by them, so that a take-over on another machine does not begin anew; what is not signed by a known worker counts
 * for nothing. Whoever can delete in Redis gains no more than that an order is begun anew, and every action can bear that.
 */
export type SharedMemory = {
  recall(order: OrderId): Promise<Remembered>
  /** Must have returned before anything is changed. Throws when Redis does not take it. */
  begin(order: OrderId, at: string, notes: Readonly<Record<string, string>>): Promise<void>
  /** Lets the others know how it ended. The journal has it already, so this may fail in silence. */
  end(order: OrderId, outcome: Envelope): Promise<void>
}

type Progress = { readonly order: OrderId; readonly begunAt: string; readonly notes: Readonly<Record<string, string>> }

/** The longest text that an order's memory takes under one name. Without a bound a stolen worker key could fill Redis's readers. */
export const longestNote: number = 48 * 1024

const progress: z.ZodType<Progress> = z.strictObject({
  order: branded<OrderId>(),
  begunAt: moment,
  notes: z.record(z.string().max(100), z.string().max(longestNote)),
})

export function sharedMemory({
  redis,
  prefix,
  journal,
  signingKey,
  workerKeys,
  keepMs,
}: {
  readonly redis: Redis
  readonly prefix: string
  readonly journal: Journal
  readonly signingKey: KeyObject
  readonly workerKeys: readonly KeyObject[]
  readonly keepMs: number
}): SharedMemory {
  const begunKey = (order: OrderId): string => `${prefix}:begun:${order}`
  const endedKey = (order: OrderId): string => `${prefix}:ended:${order}`

  return {
    async recall(order) {
      const own = journal.recall(order) ?? { notes: {} }
      if (own.final !== undefined) return own
      const [begun, ended] = await redis.mget(begunKey(order), endedKey(order))
      const theirs = progressOf(begun, order, workerKeys)
      const final = finalOf(ended, order, workerKeys)
      return {
        ...own,
        ...(theirs === undefined
          ? {}
          : { begunAt: own.begunAt ?? theirs.begunAt, notes: { ...theirs.notes, ...own.notes } }),
        ...(final === undefined ? {} : { final }),
      }
    },

    async begin(order, at, notes) {
      journal.begin(order, at, notes)
      const note: Progress = { order, begunAt: at, notes }
      await redis.set(begunKey(order), JSON.stringify(signed('progress', note, signingKey)), 'PX', keepMs)
    },

    async end(order, outcome) {
      await redis.set(endedKey(order), JSON.stringify(outcome), 'PX', keepMs).catch(() => undefined)
    },
  }
}

function progressOf(text: string | null | undefined, order: OrderId, keys: readonly KeyObject[]): Progress | undefined {
  const seen = verified(parsed(text), { purpose: 'progress', schema: progress, keys, longest: 64 * 1024 })
  return seen.kind === 'genuine' && seen.value.order === order ? seen.value : undefined
}

function finalOf(text: string | null | undefined, order: OrderId, keys: readonly KeyObject[]): Envelope | undefined {
  const found = parsed(text)
  const seen = verifyOutcome(found, keys)
  return seen.kind === 'genuine' && seen.value.order === order && seen.value.final ? (found as Envelope) : undefined
}

function parsed(text: string | null | undefined): unknown {
  if (text === null || text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
