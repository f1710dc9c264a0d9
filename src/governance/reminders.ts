import { samePerson } from '#/incident/people.ts'
import { isDueAgain, isNextDue, notYetCalled } from '#/incident/reminders.ts'
import type { Policy } from '#/policy/policy.ts'
import type { ProgramsGovernanceCommand } from './commands.ts'
import type { GovernanceEvent } from './events.ts'
import type { RequestedChange } from './state.ts'

type Around = {
  readonly now: string
  readonly later: (at: string, ms: number) => string
  /** The one in force. */
  readonly policy: Policy
}

/** Whether a change that nobody has decided is due to be spoken of again; as often as a request in an incident would be. */
export function isChangeReminderDue(change: RequestedChange, around: Around): boolean {
  return isWaiting(change, around) && isDueAgain(change, change.requestedAt, around)
}

/** Whether the next group is due to be called upon: once for each change. */
export function isChangeEscalationDue(change: RequestedChange, around: Around): boolean {
  return isWaiting(change, around) && isNextDue(change, change.requestedAt, around)
}

function isWaiting({ ended, expiresAt }: RequestedChange, { now }: Around): boolean {
  return ended === undefined && expiresAt > now
}

/** Everybody who can approve is called upon once. After that only whoever can since then, or else the one who asked. */
export function remindOfChange(
  change: RequestedChange | undefined,
  { able }: Extract<ProgramsGovernanceCommand, { type: 'RemindOfChange' }>,
  around: Around,
): readonly GovernanceEvent[] {
  if (change === undefined || !isChangeReminderDue(change, around)) return []
  const { id, reminders, requester } = change
  const fresh = notYetCalled(change, able)
  const called = fresh.length > 0 ? fresh : [requester]
  return [{ type: 'ChangeReminded', id, reminder: reminders + 1, able, called }]
}

/** Calling upon somebody grants nothing: who may approve is a matter of the rule alone. */
export function escalateChange(
  change: RequestedChange | undefined,
  { group, members, able }: Extract<ProgramsGovernanceCommand, { type: 'EscalateChange' }>,
  around: Around,
): readonly GovernanceEvent[] {
  if (change === undefined || around.policy.reminders.next?.group !== group) return []
  if (!isChangeEscalationDue(change, around)) return []
  const { id, requester } = change
  const others = members.filter((one) => !samePerson(one, requester))
  const fresh = notYetCalled(change, others)
  const called = fresh.length > 0 ? fresh : [requester]
  return [{ type: 'ChangeEscalated', id, group, able, called }]
}
