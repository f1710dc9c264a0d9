import { type KeyObject, sign } from 'node:crypto'
import canonicalize from 'canonicalize'
import { z } from 'zod'
import type { PersonCommand } from '#/incident/commands.ts'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import type { RequestId } from '#/incident/work.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { actionNames } from '#/playbook/playbook.ts'
import type { PersonalKey } from './personal-key.ts'

/** What a person may do from a terminal. Everything else that Slack offers needs a form with choices that only the bot knows. */
export type TerminalCommand = Said<
  Extract<
    PersonCommand,
    {
      type:
        | 'AskForStep'
        | 'ApproveRequest'
        | 'DenyRequest'
        | 'WithdrawRequest'
        | 'AddNote'
        | 'HoldTarget'
        | 'StopWork'
        | 'AskToResume'
        | 'TakeCommand'
    }
  >
>

/** Who says it, and how they stand, is never the sender's to say. */
type Said<Command> = Command extends unknown ? Omit<Command, 'by' | 'able' | 'link' | 'all'> : never

/** What is signed at a terminal: one command, by one key, for one ledger, once. */
export type Statement = {
  /** Keeps the signature from being worth anything elsewhere. */
  readonly purpose: typeof purpose
  /** The origin of the ledger, as its checkpoints name it. */
  readonly ledger: string
  /** What the other side has just made up, 32 hex digits: no statement counts twice. */
  readonly nonce: string
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  readonly fingerprint: string
  readonly incident: IncidentId
  /** The last entry of the incident that the person had seen. */
  readonly seen: { readonly seq: number; readonly hash: string }
  readonly command: TerminalCommand
}

export const purpose = 'autentico-responder terminal command v1'

/** Longest text that is looked into, in UTF-16 units: a few free texts of the longest kind, and what goes around them. */
export const longestStatement = 32_768

/** The statement as canonical JSON (RFC 8785), signed (Ed25519 over its UTF-8 bytes). */
export function signStatement(statement: Statement, key: PersonalKey): SignedText {
  const text = canonicalize(statement)
  if (text === undefined) throw new Error('only JSON can be signed')
  return { text, signature: signatureOf(text, key.privateKey), fingerprint: key.fingerprint }
}

function signatureOf(text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text, 'utf8'), key).toString('base64')
}

/** What was sent, before anything of it is believed. */
export const signedText: z.ZodType<SignedText> = z.strictObject({
  text: z.string().max(longestStatement),
  signature: z.string().max(200),
  fingerprint: z.string().max(100),
})

/** A number or name of ours: short, and without anything that a terminal or Slack would take for more than letters. */
function named<Id extends string>(): z.ZodType<Id> {
  return z
    .string()
    .regex(/^[A-Za-z0-9][\w.:-]{0,199}$/)
    .transform((text) => text as Id)
}

const free = z.string().max(4_000)
const request = named<RequestId>()
const command = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('AskForStep'),
    step: named<StepId>(),
    kind: z.enum(['run', 'suspend', 'attest', 'expect', 'answer', 'skip', 'skip-rest']),
    reason: free.exactOptional(),
    action: z.enum(actionNames).exactOptional(),
    inputs: z.record(z.string().max(100), free).exactOptional(),
    answer: z.string().max(100).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('ApproveRequest'),
    request,
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    typed: free.exactOptional(),
    reason: free.exactOptional(),
  }),
  z.strictObject({ type: z.literal('DenyRequest'), request, reason: free }),
  z.strictObject({ type: z.literal('WithdrawRequest'), request }),
  z.strictObject({ type: z.literal('HoldTarget') }),
  z.strictObject({ type: z.literal('AddNote'), text: free }),
  z.strictObject({ type: z.literal('StopWork'), reason: free.exactOptional() }),
  z.strictObject({ type: z.literal('AskToResume') }),
  z.strictObject({ type: z.literal('TakeCommand') }),
])

/** The shape of a statement. Nothing is checked but that: whether it counts is for {@link verifyStatement}. */
export const statementShape: z.ZodType<Statement> = z.strictObject({
  purpose: z.literal(purpose),
  ledger: z.string().max(200),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  at: z.iso.datetime({ precision: 3 }),
  fingerprint: z.string().max(100),
  incident: z
    .string()
    .regex(/^INC-[1-9]\d{0,8}$/)
    .transform((id) => id as IncidentId),
  seen: z.strictObject({ seq: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  command,
})
