import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId, WorkResult } from '#/incident/work.ts'
import { branded, moment, sealed, workResult } from './schemas.ts'
import type { Sealed } from './seal.ts'
import { type Envelope, signed, type Verified, verified } from './signing.ts'

/** Evidence on its way to the bot. `digest` is the SHA-256 of the bytes inside, hex; they are canonical JSON (RFC 8785). */
export type SealedEvidence = { readonly name: string; readonly digest: string; readonly sealed: Sealed }

/** What a worker says of an order. */
export type Outcome = {
  readonly order: OrderId
  readonly incident: IncidentId
  /** The name of the worker. */
  readonly worker: string
  readonly attempt: number
  readonly at: string
  /** Nothing more will come for this order. */
  readonly final: boolean
  readonly result: WorkResult
  /** A secret that only the bot can open, such as a temporary password. */
  readonly sealed?: Sealed
  readonly evidence?: readonly SealedEvidence[]
}

const outcome: z.ZodType<Outcome> = z.strictObject({
  order: branded<OrderId>(),
  incident: branded<IncidentId>(),
  worker: z.string().min(1).max(200),
  attempt: z.int().positive(),
  at: moment,
  final: z.boolean(),
  result: workResult,
  sealed: sealed.exactOptional(),
  evidence: z
    .array(z.strictObject({ name: z.string(), digest: z.string().regex(/^[0-9a-f]{64}$/), sealed }))
    .exactOptional(),
})

/** Something that was not run because nobody we know had ordered it. */
export type ForgeryNotice = {
  readonly worker: string
  readonly at: string
  readonly what: 'work order' | 'outcome'
  readonly why: string
  /** SHA-256, hex, of what was found. */
  readonly digest: string
  /** The name under which it lay in the queue: anything at all. */
  readonly jobId: string
}

const notice: z.ZodType<ForgeryNotice> = z.strictObject({
  worker: z.string().min(1).max(200),
  at: moment,
  what: z.enum(['work order', 'outcome']),
  why: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  jobId: z.string(),
})

/** Evidence of a large account takes megabytes; more than this no worker sends. */
const longestOutcome = 64 * 1024 * 1024

export function signOutcome(value: Outcome, key: KeyObject): Envelope {
  return signed('outcome', value, key)
}

export function verifyOutcome(found: unknown, workerKeys: readonly KeyObject[]): Verified<Outcome> {
  return verified(found, { purpose: 'outcome', schema: outcome, keys: workerKeys, longest: longestOutcome })
}

export function signNotice(value: ForgeryNotice, key: KeyObject): Envelope {
  return signed('notice', value, key)
}

export function verifyNotice(found: unknown, workerKeys: readonly KeyObject[]): Verified<ForgeryNotice> {
  return verified(found, { purpose: 'notice', schema: notice, keys: workerKeys, longest: 64 * 1024 })
}

const finalKinds: ReadonlySet<WorkResult['kind']> = new Set(['snapshot', 'prepared', 'changed', 'done', 'failed'])

/** Whether this result ends its order. */
export function isFinal(result: WorkResult): boolean {
  return finalKinds.has(result.kind)
}
