import type { RecordedChange } from '#/governance/events.ts'
import type { Message } from '../cards/blocks.ts'
import { keysMessage, policyMessage, registerKeyForm } from '../cards/rules-messages.ts'
import { readDigest, readFingerprint } from '../change-references.ts'
import { fields } from '../references.ts'
import { openForm, tell } from './answers.ts'
import { actOnRules, actOnRulesForm } from './change.ts'
import type { Desk, Press, Submission } from './desk.ts'

/** `/autentico policy` */
export function policyOf({ door: { governance } }: Desk): Message {
  const pending = governance.pending().filter(({ change }) => change.kind === 'policy')
  return policyMessage({ adopted: governance.policy(), offered: governance.offered(), pending })
}

/** `/autentico key` */
export function keysOf({ door: { governance } }: Desk): Message {
  const pending = governance.pending().filter(({ change }) => change.kind !== 'policy')
  return keysMessage({ keys: governance.keys(), pending })
}

export async function adoptPolicy(press: Press, desk: Desk): Promise<void> {
  // A text that is no digest is nobody's policy, and is refused and recorded like any other that is not the one.
  const digest = readDigest(press.value) ?? ''
  const executed = await actOnRules(desk, press, (by) => ({ type: 'AskToAdopt', by, digest }))
  if (executed.kind === 'accepted') await tell(desk, press, askedSentence(executed.recorded))
}

export async function registerKey(press: Press, desk: Desk): Promise<void> {
  await Promise.all([press.ack(), openForm(desk, press, registerKeyForm())])
}

export async function keyRegistered(submission: Submission, desk: Desk): Promise<void> {
  const publicKey = submission.value(fields.publicKey)
  await actOnRulesForm(desk, submission, fields.publicKey, (by) => ({ type: 'AskToRegister', by, publicKey }))
}

export async function revokeKey(press: Press, desk: Desk): Promise<void> {
  const fingerprint = readFingerprint(press.value) ?? ''
  const executed = await actOnRules(desk, press, (by) => ({ type: 'RevokeKey', by, fingerprint }))
  if (executed.kind === 'accepted') await tell(desk, press, askedSentence(executed.recorded))
}

function askedSentence(recorded: readonly RecordedChange[]): string {
  const asked = recorded.map(({ event }) => event).find((event) => event.type === 'ChangeRequested')
  return asked === undefined
    ? 'The key is revoked.'
    : `You asked for it as ${asked.id}. Somebody else has to approve it, in the channel.`
}
