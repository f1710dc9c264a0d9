import { z } from 'zod'
import type { Account, AccountCounts, AccountFacts, AccountId, EvidenceRef } from '#/incident/account.ts'
import type { Person, UserId } from '#/incident/people.ts'
import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import { actionNames } from '#/playbook/playbook.ts'
import type { Sealed } from './seal.ts'

/** An ISO 8601 moment in UTC with milliseconds. */
export const moment: z.ZodType<string> = z.iso.datetime({ precision: 3 })

export const actionName = z.enum(actionNames)

export const person: z.ZodType<Person> = z.strictObject({
  slack: z.strictObject({ team: z.string().min(1), user: branded<UserId>() }),
  name: z.string(),
})

export const account: z.ZodType<Account> = z.strictObject({
  id: branded<AccountId>(),
  username: z.string(),
  email: z.string(),
})

const count = z.int().nonnegative()

const accountCounts: z.ZodType<AccountCounts> = z.strictObject({
  sessions: count,
  ssoSessions: count,
  tokens: count,
  passkeys: count.nullable(),
  trustedDevices: count.nullable(),
  pendingLogins: count.nullable(),
  codesAndLinks: count.nullable(),
  linkedAccounts: count.nullable(),
})

const accountFacts: z.ZodType<AccountFacts> = z.strictObject({
  readAt: moment,
  account,
  role: z.string(),
  isBot: z.boolean(),
  isLastAdmin: z.boolean(),
  suspended: z.boolean(),
  counts: accountCounts,
  mfa: z.strictObject({ enrolled: z.boolean(), required: z.boolean() }),
  database: z.boolean(),
  accessTokensEndAt: moment.nullable(),
})

/** The facts that an approval is bound to. */
export const basis = z.record(z.string().max(100), z.union([z.string(), z.number(), z.boolean(), z.null()]))

const sentences = z.array(z.string())

const effect: z.ZodType<Effect> = z.strictObject({
  sentence: z.string(),
  question: z.string().max(300),
  verb: z.string().max(30),
  warnings: sentences,
  confirmByTyping: z.string().exactOptional(),
  basis,
})

const stepCheck: z.ZodType<StepCheck> = z.strictObject({
  action: actionName,
  name: z.string(),
  proven: z.union([z.boolean(), z.literal('unknown')]),
  detail: z.string(),
})

const evidenceRef: z.ZodType<EvidenceRef> = z.strictObject({
  name: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})

const attempt = z.int().positive()

/** What a worker may report (`incident/work.ts`). */
export const workResult: z.ZodType<WorkResult> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('started'), attempt }),
  z.strictObject({ kind: z.literal('waiting'), why: z.string(), attempt }),
  z.strictObject({ kind: z.literal('halted'), begun: z.boolean(), attempt }),
  z.strictObject({
    kind: z.literal('snapshot'),
    facts: accountFacts,
    evidence: z.array(evidenceRef),
    warnings: sentences,
  }),
  z.strictObject({ kind: z.literal('prepared'), facts: accountFacts, effect }),
  z.strictObject({ kind: z.literal('changed'), facts: accountFacts, effect, differences: sentences }),
  z.strictObject({
    kind: z.literal('done'),
    did: sentences,
    checks: z.array(stepCheck),
    evidence: z.array(evidenceRef),
    requestIds: z.array(z.string()),
    sealed: z.strictObject({ expiresAt: moment }).exactOptional(),
    notes: sentences,
    accessTokensEndAt: moment.nullable().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('failed'), sentence: z.string(), retry: z.boolean() }),
])

const base64url = z.string().regex(/^[\w-]+$/)

/** What {@link seal} makes. */
export const sealed: z.ZodType<Sealed> = z.strictObject({ ephemeral: base64url, nonce: base64url, box: base64url })

/** A string that is not empty and must not be swapped for another kind. */
export function branded<T extends string>(): z.ZodType<T> {
  return z.custom<T>((value) => typeof value === 'string' && value !== '' && value.length <= 256)
}
