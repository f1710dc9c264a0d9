import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { type Account, isInstance } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Finding, FindingKind } from '#/incident/findings.ts'
import { isHoldWork } from '#/incident/hold-state.ts'
import { longestText } from '#/incident/limits.ts'
import { type Person, personKey, samePerson } from '#/incident/people.ts'
import type { Effect, OrderId, RequestId } from '#/incident/work.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { ActionName, StepId } from '#/playbook/playbook.ts'
import { account, actionName, basis, branded, findingKind, inputs, moment, person, subject } from './schemas.ts'
import { digestOf, type Envelope, signed, verified } from './signing.ts'

/** Something the ledger says is to be done, as a worker is told. All times ISO 8601, UTC, milliseconds. */
export type WorkOrder = {
  /** `<incident>-<seq of the entry that ordered it>`: issued twice, it is still one order. */
  readonly id: OrderId
  readonly incident: IncidentId
  readonly mode: 'prepare' | 'run'
  readonly action: ActionName
  readonly target: Account
  /** What a finding is about, where that is no account. */
  readonly subject?: Subject
  /** What was filled in, as it was approved. */
  readonly inputs?: Inputs
  /** For a review: the keys of what people have said is expected, in this incident and in earlier ones. */
  readonly expected?: readonly string[]
  /** For a sweep: what was proven, each to be read back once more. */
  readonly again?: readonly Again[]
  readonly requestedBy?: Person
  readonly approvedBy: readonly Person[]
  /** How many different people besides the requester have to be among them. Absent: one. */
  readonly approvalsNeeded?: number
  readonly request?: RequestId
  /** What the approved effect rested on ({@link Effect}). */
  readonly basis?: Effect['basis']
  /** What an action may need besides, such as `passwordResetAt`. */
  readonly params?: Readonly<Record<string, string>>
  /** For a hold: what one responder alone had done for a while, and what of it is to be undone. */
  readonly hold?: HeldFor
  /** The public X25519 key of this one order, base64url: what it makes that is secret is sealed to it. */
  readonly sealTo?: string
  /** Nobody else approved: the requester does it alone, announced beforehand, and somebody else reviews it afterwards. */
  readonly alone?: Alone
  /** The entry in the ledger that ordered it. */
  readonly cause: { readonly seq: number; readonly hash: string }
  readonly issuedAt: string
  readonly notBefore?: string
  readonly expiresAt: string
  readonly drill: boolean
  /** The entry that last let stopped work go on. A stop of an earlier entry does not hold this order. */
  readonly resumed?: number
}

export type Subject = { readonly kind: FindingKind } & Pick<Finding['subject'], 'id' | 'name'>

export type HeldFor = {
  /** When it lifts by itself. */
  readonly until: string
  /** The order that placed it. */
  readonly placedBy: OrderId
  /** To lift it: whether it found the account active. Absent: the ledger does not know, so the worker that placed it is asked. */
  readonly wasActive?: boolean
}

export type Alone = { readonly reason: string; readonly announcedAt: string; readonly brokenAt: string }

/** Something that was proven, and by which action. */
export type Again = {
  readonly step: StepId
  readonly action: ActionName
  readonly target: Account
  readonly subject?: Subject
  readonly inputs?: Inputs
}

const about: z.ZodType<Subject> = z.strictObject({ kind: findingKind, ...subject })

const again: z.ZodType<Again> = z.strictObject({
  step: branded<StepId>(),
  action: actionName,
  target: account,
  subject: about.exactOptional(),
  inputs: inputs.exactOptional(),
})

const heldFor: z.ZodType<HeldFor> = z.strictObject({
  until: moment,
  placedBy: branded<OrderId>(),
  wasActive: z.boolean().exactOptional(),
})

const alone: z.ZodType<Alone> = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(2 * longestText),
  announcedAt: moment,
  brokenAt: moment,
})

const workOrder: z.ZodType<WorkOrder> = z.strictObject({
  id: branded<OrderId>(),
  incident: branded<IncidentId>(),
  mode: z.enum(['prepare', 'run']),
  action: actionName,
  target: account,
  subject: about.exactOptional(),
  inputs: inputs.exactOptional(),
  expected: z.array(z.string().max(300)).max(2000).exactOptional(),
  again: z.array(again).max(200).exactOptional(),
  requestedBy: person.exactOptional(),
  approvedBy: z.array(person).max(20),
  approvalsNeeded: z.int().min(1).max(20).exactOptional(),
  request: branded<RequestId>().exactOptional(),
  basis: basis.exactOptional(),
  params: z.record(z.string().max(100), z.string().max(1000)).exactOptional(),
  hold: heldFor.exactOptional(),
  sealTo: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .exactOptional(),
  alone: alone.exactOptional(),
  cause: z.strictObject({ seq: z.int().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  issuedAt: moment,
  notBefore: moment.exactOptional(),
  expiresAt: moment,
  drill: z.boolean(),
  resumed: z.int().positive().exactOptional(),
})

/** What was filled in and what was expected go into orders, and little else, so a larger one is none of ours. */
const longestOrder = 1024 * 1024

export function signOrder(order: WorkOrder, key: KeyObject): Envelope {
  return signed('order', order, key)
}

/** What became of looking at something that claims to be an order. */
export type Judged =
  | { readonly kind: 'order'; readonly order: WorkOrder }
  /** Genuine, but its time is over. It is answered, never run. */
  | { readonly kind: 'expired'; readonly order: WorkOrder }
  | { readonly kind: 'forged'; readonly why: string; readonly digest: string }

export type JudgeOptions = {
  readonly botKeys: readonly KeyObject[]
  /** The name under which it lay in the queue. */
  readonly jobId: string
  readonly now: Date
  /** Whether an action changes anything, and so needs two people. */
  readonly changes: (action: ActionName) => boolean
}

/**
 * The one door for orders. Refused is what is not signed by the bot, was altered, lies under another name than its own, does
 * not belong to its incident, or would change something without two different people behind it: a stolen queue must not
 * be enough, and neither must a bot that forgot its rules.
 */
export function judgeOrder(found: unknown, { botKeys, jobId, now, changes }: JudgeOptions): Judged {
  const seen = verified(found, { purpose: 'order', schema: workOrder, keys: botKeys, longest: longestOrder })
  if (seen.kind === 'refused') return { kind: 'forged', why: seen.why, digest: seen.digest }
  const order = seen.value
  const why = whyNot(order, jobId, changes)
  if (why !== undefined) return { kind: 'forged', why, digest: digestOf(found) }
  return order.expiresAt <= now.toISOString() ? { kind: 'expired', order } : { kind: 'order', order }
}

function whyNot(order: WorkOrder, jobId: string, changes: JudgeOptions['changes']): string | undefined {
  if (order.id !== jobId) return `It is the order ${order.id}, put into the queue again under another name.`
  if (order.id !== `${order.incident}-${order.cause.seq}`)
    return `It names an incident or an entry that ${order.id} is not of.`
  const hold = whyNotHold(order)
  if (hold !== undefined) return hold
  if (order.mode === 'prepare' || !changes(order.action)) return undefined
  const { requestedBy, approvedBy, approvalsNeeded = 1 } = order
  if (requestedBy === undefined) return `Nobody is named who asked for ${order.action}.`
  if (order.hold !== undefined) return undefined
  if (order.alone !== undefined) return whyNotAlone(order, order.alone)
  const others = new Set(approvedBy.filter((approver) => !samePerson(approver, requestedBy)).map(personKey))
  if (others.size === 0) return `Nobody besides the requester approved ${order.action}.`
  if (others.size < approvalsNeeded)
    return `${others.size} of the ${approvalsNeeded} people that it takes approved ${order.action}.`
  return order.basis === undefined ? `It does not say what was approved of ${order.action}.` : undefined
}

/** A hold is the one thing that a single responder has done at once: suspending an account, and undoing that. It stretches to nothing else. */
function whyNotHold({ hold, mode, action, target, incident, alone: glass }: WorkOrder): string | undefined {
  if (!isHoldWork(action)) return hold === undefined ? undefined : `It runs ${action} as if it were a hold.`
  if (hold === undefined || mode === 'prepare') return `It does not say which hold ${action} is of.`
  if (isInstance(target)) return 'It holds no account.'
  if (glass !== undefined) return 'It is a hold, and says that it is done alone besides.'
  return hold.placedBy.startsWith(`${incident}-`) ? undefined : 'It is of a hold in another incident.'
}

/** Alone means alone: announced before it was done, with a reason, and with nobody who approved. */
function whyNotAlone({ approvedBy, action, basis: seen }: WorkOrder, glass: Alone): string | undefined {
  if (approvedBy.length > 0) return `It names who approved ${action}, and says that it is done alone.`
  if (glass.brokenAt <= glass.announcedAt)
    return `It does not say that ${action} was announced before it is done alone.`
  return seen === undefined ? `It does not say what was shown of ${action}.` : undefined
}
