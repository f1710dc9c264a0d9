import type { KeyObject } from 'node:crypto'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { IncidentId } from '#/incident/events.ts'
import type { RedisPlace } from './queue.ts'
import { defaultPrefix, impatientConnection } from './redis.ts'
import { branded, moment } from './schemas.ts'
import { signed, verified } from './signing.ts'

/** What the bot tells the workers of an emergency stop. `seq`: the entry that says so. */
export type StopNotice = { readonly incident: IncidentId; readonly seq: number; readonly at: string }

const stopNotice: z.ZodType<StopNotice> = z.strictObject({
  incident: branded<IncidentId>(),
  seq: z.int().positive(),
  at: moment,
})

/** The bot's side. Every call fails at once while Redis cannot be reached. */
export type StopBoard = Disposable & {
  /** Holds for every order that was issued before the stop, until it is cleared; may be said again. */
  publish(notice: StopNotice): Promise<void>
  clear(incident: IncidentId): Promise<void>
}

export function openStopBoard({
  url,
  log,
  prefix = defaultPrefix,
  signingKey,
}: RedisPlace & { readonly signingKey: KeyObject }): StopBoard {
  const redis = impatientConnection(url, log)
  return {
    async publish(notice) {
      await redis.set(keyOf(prefix, notice.incident), JSON.stringify(signed('stop', notice, signingKey)))
    },
    async clear(incident) {
      await redis.del(keyOf(prefix, incident))
    },
    [Symbol.dispose]: () => redis.disconnect(),
  }
}

/** A worker's side: whether an order is held by a stop. */
export type StopSigns = {
  /**
   * True when the bot has stopped the incident since the order was issued. Rejects while Redis does not answer: then nothing may be
   * changed. A stop that was seen once is remembered, so taking the notice out of Redis lifts nothing; putting an old one back
   * holds nothing that was issued after it, because every order names the entry that last let its work go on.
   */
  holds(order: { readonly incident: IncidentId; readonly resumed?: number }): Promise<boolean>
}

export function stopSigns({
  redis,
  prefix,
  botKeys,
}: {
  readonly redis: Redis
  readonly prefix: string
  /** Ed25519, public: only their word stops anything. */
  readonly botKeys: readonly KeyObject[]
}): StopSigns {
  const latest = new Map<IncidentId, number>()
  return {
    async holds({ incident, resumed = 0 }) {
      const text = await redis.get(keyOf(prefix, incident))
      const seen = verified(parsed(text), { purpose: 'stop', schema: stopNotice, keys: botKeys, longest: 1024 })
      if (seen.kind === 'genuine' && seen.value.incident === incident)
        latest.set(incident, Math.max(seen.value.seq, latest.get(incident) ?? 0))
      return (latest.get(incident) ?? 0) > resumed
    },
  }
}

function keyOf(prefix: string, incident: IncidentId): string {
  return `${prefix}:stopped:${incident}`
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
