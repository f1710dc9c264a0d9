import { z } from 'zod'
import type {
  Account,
  AccountCounts,
  AccountFacts,
  AccountId,
  EvidenceRef,
  FileRef,
  InstanceFacts,
} from '#/incident/account.ts'
import type { Finding, FindingKind } from '#/incident/findings.ts'
import type { Person, UserId } from '#/incident/people.ts'
import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import { actionNames } from '#/playbook/actions.ts'
import { type Inputs, longestInput } from '#/playbook/inputs.ts'
import type { StepId } from '#/playbook/playbook.ts'
import type { Sealed } from './seal.ts'

/** An ISO 8601 moment in UTC with milliseconds. */
export const moment: z.ZodType<string> = z.iso.datetime({ precision: 3 })

export const actionName = z.enum(actionNames)

export const person: z.ZodType<Person> = z.strictObject({
  slack: z.strictObject({ team: z.string().min(1), user: branded<UserId>() }),
  name: z.string(),
  key: z.string().max(100).exactOptional(),
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

const instanceFacts: z.ZodType<InstanceFacts> = z.strictObject({
  readAt: moment,
  users: count,
  admins: count,
  clients: count,
  providers: count,
  mfaRequired: z.boolean(),
  auditing: z.strictObject({ on: z.union([z.boolean(), z.literal('unknown')]), sentence: z.string() }),
  database: z.boolean(),
  environment: z.boolean(),
  proxy: z.string().max(20).nullable(),
  keyId: z.string().max(200).nullable(),
  keyFingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  accessTokensEndAt: moment.nullable(),
})

/** What was filled into the fields of a step. */
export const inputs: z.ZodType<Inputs> = z.record(z.string().max(40), z.string().max(2 * longestInput))

export const findingKind: z.ZodType<FindingKind> = z.enum([
  'admin',
  'account',
  'client',
  'provider',
  'setting',
  'secret',
])

/** The exact id, as Autentico has it, and a name for people. */
export const subject = { id: z.string().min(1).max(256), name: z.string().max(300) }

const finding: z.ZodType<Finding> = z.strictObject({
  key: z.string().min(1).max(300),
  kind: findingKind,
  subject: z.strictObject({ ...subject, email: z.string().max(320).exactOptional() }),
  title: z.string().min(1).max(300),
  says: z.string().max(1000),
  flags: z.array(z.string().max(300)).max(20),
  ways: z.array(actionName).max(4),
  byHand: z.literal(true).exactOptional(),
})

/** More than this is no review but an attack on whoever has to read it; the file has all. */
const mostFindings = 500

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
  step: branded<StepId>().exactOptional(),
  name: z.string(),
  proven: z.union([z.boolean(), z.literal('unknown')]),
  detail: z.string(),
})

const evidenceRef: z.ZodType<EvidenceRef> = z.strictObject({
  name: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})

const fileRef: z.ZodType<FileRef> = z.strictObject({
  name: z
    .string()
    .max(100)
    .regex(/^[a-z0-9][a-z0-9.-]*$/),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  title: z.string().max(300),
  privateOnly: z.boolean(),
})

const attempt = z.int().positive()

/** What a worker may report (`incident/work.ts`). */
export const workResult: z.ZodType<WorkResult> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('started'), attempt }),
  z.strictObject({ kind: z.literal('waiting'), why: z.string(), attempt, onPeople: z.literal(true).exactOptional() }),
  z.strictObject({ kind: z.literal('halted'), begun: z.boolean(), attempt }),
  z.strictObject({
    kind: z.literal('snapshot'),
    facts: accountFacts.exactOptional(),
    instance: instanceFacts.exactOptional(),
    evidence: z.array(evidenceRef),
    warnings: sentences,
  }),
  z.strictObject({
    kind: z.literal('progress'),
    done: count,
    total: count,
    failed: count,
    secondsLeft: count.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('prepared'), effect }),
  z.strictObject({ kind: z.literal('changed'), effect, differences: sentences }),
  z.strictObject({
    kind: z.literal('done'),
    did: sentences,
    checks: z.array(stepCheck),
    evidence: z.array(evidenceRef),
    requestIds: z.array(z.string()),
    sealed: z.strictObject({ expiresAt: moment }).exactOptional(),
    notes: sentences,
    accessTokensEndAt: moment.nullable().exactOptional(),
    findings: z.array(finding).max(mostFindings).exactOptional(),
    files: z.array(fileRef).max(10).exactOptional(),
    known: z.record(z.string().max(100), z.string().max(1000)).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    sentence: z.string(),
    retry: z.boolean(),
    instructions: z.string().max(3000).exactOptional(),
    begun: z.literal(true).exactOptional(),
  }),
])

const base64url = z.string().regex(/^[\w-]+$/)

/** What {@link seal} makes. */
export const sealed: z.ZodType<Sealed> = z.strictObject({ ephemeral: base64url, nonce: base64url, box: base64url })

/** A string that is not empty and must not be swapped for another kind. */
export function branded<T extends string>(): z.ZodType<T> {
  return z.custom<T>((value) => typeof value === 'string' && value !== '' && value.length <= 256)
}
