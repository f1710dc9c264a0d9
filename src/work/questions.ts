import { z } from 'zod'

/** An account as people choose it. What is left out is not known. */
export type AccountHit = {
  readonly id: string
  /** Empty where the account has none. */
  readonly username: string
  readonly email: string
  /** How many sessions are not deactivated. */
  readonly sessions?: number
  readonly mfa?: boolean
  /** The account the bot signs in with. */
  readonly isBot: boolean
  readonly suspended?: boolean
}

/** Something the bot wants to know of Autentico before an incident is opened. Nothing is changed. */
export type Query =
  | { readonly kind: 'search'; readonly text: string; readonly limit: number }
  /** The one account whose username, e-mail address or id is exactly this. */
  | { readonly kind: 'pick'; readonly text: string }
  | { readonly kind: 'capabilities' }
  /** When the account with this id last signed in with a browser. */
  | { readonly kind: 'last-sign-in'; readonly account: string }

/** One thing a worker can or cannot do, with a sentence that says what to do about it. */
export type WorkerFinding = { readonly name: string; readonly ok: boolean | 'unknown'; readonly sentence: string }

export type Answers = {
  readonly search: { readonly kind: 'hits'; readonly hits: readonly AccountHit[] } | Unavailable
  readonly pick:
    | { readonly kind: 'found'; readonly account: AccountHit }
    /** `note` says what cannot be ruled out: without a database a suspended account looks like none. */
    | { readonly kind: 'none'; readonly nearest: readonly string[]; readonly note: string }
    | { readonly kind: 'ambiguous'; readonly candidates: readonly AccountHit[] }
    | { readonly kind: 'suspended'; readonly account: AccountHit }
    | Unavailable
  readonly capabilities:
    | {
        readonly kind: 'capabilities'
        readonly worker: string
        readonly adminApi: boolean
        readonly database: boolean
        readonly auditing: boolean | 'unknown'
        readonly findings: readonly WorkerFinding[]
      }
    | Unavailable
  /** ISO 8601, UTC. Absent: no sign-in of that account is kept. */
  readonly 'last-sign-in': { readonly kind: 'last-sign-in'; readonly at?: string } | Unavailable
}

/** Nobody could say. `why` is a sentence for the person who waits. */
export type Unavailable = { readonly kind: 'unavailable'; readonly why: string }

export type Answer = Answers[Query['kind']]

/** A question on its way. It counts only until `until`. */
export type Question = { readonly id: string; readonly until: string; readonly query: Query }
export type Reply = { readonly id: string; readonly answer: Answer }

const query: z.ZodType<Query> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('search'), text: z.string().max(200), limit: z.int().min(1).max(100) }),
  z.strictObject({ kind: z.literal('pick'), text: z.string().max(200) }),
  z.strictObject({ kind: z.literal('capabilities') }),
  z.strictObject({ kind: z.literal('last-sign-in'), account: z.string().min(1).max(200) }),
])

export const question: z.ZodType<Question> = z.strictObject({
  id: z.uuid(),
  until: z.iso.datetime({ precision: 3 }),
  query,
})

const hit: z.ZodType<AccountHit> = z.strictObject({
  id: z.string().min(1),
  username: z.string(),
  email: z.string(),
  sessions: z.int().nonnegative().exactOptional(),
  mfa: z.boolean().exactOptional(),
  isBot: z.boolean(),
  suspended: z.boolean().exactOptional(),
})

const truth = z.union([z.boolean(), z.literal('unknown')])

const answer: z.ZodType<Answer> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hits'), hits: z.array(hit) }),
  z.strictObject({ kind: z.literal('found'), account: hit }),
  z.strictObject({ kind: z.literal('none'), nearest: z.array(z.string()), note: z.string() }),
  z.strictObject({ kind: z.literal('ambiguous'), candidates: z.array(hit) }),
  z.strictObject({ kind: z.literal('suspended'), account: hit }),
  z.strictObject({
    kind: z.literal('capabilities'),
    worker: z.string(),
    adminApi: z.boolean(),
    database: z.boolean(),
    auditing: truth,
    findings: z.array(z.strictObject({ name: z.string(), ok: truth, sentence: z.string() })),
  }),
  z.strictObject({ kind: z.literal('last-sign-in'), at: z.iso.datetime({ precision: 3 }).exactOptional() }),
  z.strictObject({ kind: z.literal('unavailable'), why: z.string() }),
])

export const reply: z.ZodType<Reply> = z.strictObject({ id: z.uuid(), answer })

/** Longer than any answer, in UTF-16 units. */
export const longestReply = 256 * 1024

/** The lists that questions lie in, for whoever is free and for one worker alone, and the channel that replies come by. */
export function questionKeys(prefix: string): {
  readonly list: string
  readonly listOf: (worker: string) => string
  readonly replies: string
} {
  return {
    list: `${prefix}:questions`,
    listOf: (worker) => `${prefix}:questions:${worker}`,
    replies: `${prefix}:replies`,
  }
}
