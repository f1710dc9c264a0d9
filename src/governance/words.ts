import { codeOf } from '#/incident/requests.ts'
import { utc } from '#/incident/times.ts'
import type { PersonsGovernanceCommand } from './commands.ts'
import type { Change, RecordedChange } from './events.ts'
import { needWords } from './policy-words.ts'
import { stillNeeded } from './rule.ts'
import type { RequestedChange } from './state.ts'

/** “another policy, code 7QF-2K” */
export function changeName(change: Change): string {
  switch (change.kind) {
    case 'policy':
      return `another policy, code ${codeOf(change.digest)}`
    case 'register-key':
      return `a terminal key for @${change.person.name}`
    case 'revoke-key':
      return `revoking a terminal key of @${change.owner.name}`
  }
}

/** What the change is, a line each. Plain text. */
export function changeLines(change: Change): readonly string[] {
  switch (change.kind) {
    case 'policy':
      return change.differences
    case 'register-key':
      return [
        `fingerprint ${change.fingerprint}`,
        `acts as @${change.person.name}, in ${change.groups.map((group) => `@${group}`).join(', ') || 'no group'}`,
      ]
    case 'revoke-key':
      return [`fingerprint ${change.fingerprint}`, `belongs to @${change.owner.name}`]
  }
}

/** “1 approval so far: @bao · still needed: one of @security” */
export function standOf(change: RequestedChange): string {
  const { approvals, rule } = change
  const open = stillNeeded(
    rule,
    approvals.map(({ groups }) => groups),
  )
  const given = approvals.map(({ by }) => `@${by.name}`).join(', ')
  const needed = `still needed: ${open.map(needWords).join('; ')}`
  return approvals.length === 0 ? needed : `approved by ${given} · ${needed}`
}

/** What came of a change. Undefined: it can be decided. */
export function endOf({ change, approvals, ended }: RequestedChange): string | undefined {
  switch (ended?.kind) {
    case undefined:
      return undefined
    case 'approved':
      return `${done[change.kind]} since ${utc(ended.at)}${approvals.length === 0 ? '' : `, approved by ${approvals.map(({ by }) => `@${by.name}`).join(' and ')}`}.`
    case 'denied':
      return `Denied by @${ended.by} at ${utc(ended.at)}: ${ended.reason}`
    case 'withdrawn':
      return `Withdrawn by @${ended.by} at ${utc(ended.at)}.`
    case 'expired':
      return ended.why === 'time'
        ? `Expired at ${utc(ended.at)} without a decision.`
        : `Ended at ${utc(ended.at)}, when another policy came into force. Ask again under that one.`
  }
}

const done = { policy: 'In force', 'register-key': 'It counts', 'revoke-key': 'Revoked' } as const

/** What is told below the message of a change, as it follows the name of whoever did it. Undefined: nothing. */
export function governanceLine({ event }: Pick<RecordedChange, 'event'>): string | undefined {
  switch (event.type) {
    case 'PolicyAdopted':
      return `put the policy with the code ${codeOf(event.digest)} in force`
    case 'ChangeRequested':
      return `asked for ${changeName(event.change)}`
    case 'ChangeApproved':
      return `approved it${event.reason === undefined ? '' : `: ${event.reason}`}`
    case 'ChangeStepUpStarted':
      return 'wants to approve it and signs in to Autentico'
    case 'ChangeStepUpFailed':
      return event.sentence === '' ? undefined : `@${event.person.name} did not approve it: ${event.sentence}`
    case 'ChangeReminded':
      return `reminds: ${event.id} waits for approval`
    case 'ChangeEscalated':
      return `calls upon ${event.group} as well: ${event.id} waits for approval`
    case 'ChangeDenied':
      return `denied it: ${event.reason}`
    case 'ChangeWithdrawn':
      return 'withdrew it'
    case 'ChangeExpired':
      return event.why === 'time' ? 'ended it without a decision' : 'ended it, because another policy came into force'
    case 'KeyRegistered':
      return `registered the key ${event.fingerprint} of @${event.person.name}`
    case 'KeyRevoked':
      return `revoked the key ${event.fingerprint} of @${event.owner.name}`
    case 'ChangeRefused':
      return `was turned down: ${event.tried}. ${event.sentence}`
    case 'CheckpointSigned':
      return `signed a checkpoint over ${event.size} entries:\n${event.note}`
    case 'SigningKeyRotated':
      return `exchanged the key that signs ${event.purpose === 'orders' ? 'work orders' : 'checkpoints'}`
    case 'ChangeShown':
      return undefined
  }
}

/** What somebody tried to do, for the record of a refusal. Nothing of what was typed. */
export function changeTried(command: PersonsGovernanceCommand): string {
  switch (command.type) {
    case 'AskToAdopt':
      return 'ask for another policy'
    case 'AskToRegister':
      return 'register a terminal key'
    case 'RevokeKey':
      return 'revoke a terminal key'
    case 'ApproveChange':
    case 'BeginChangeStepUp':
      return `approve ${command.change}`
    case 'DenyChange':
      return `deny ${command.change}`
    case 'WithdrawChange':
      return `withdraw ${command.change}`
  }
}
