import type { PersonCommand } from './commands.ts'
import type { Decision } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { personKey } from './people.ts'
import type { RefusalCode } from './refusals.ts'
import type { Incident } from './state.ts'

/** How many refused approvals of one person in one incident are said aloud first; then at every doubling, so that it never floods. */
const alarmingRefusals = 3

/**
 * What is recorded of a command that a person was refused: the refusal, and that somebody tries approvals over and over that are
 * not theirs to give. `tried`: what it was, in a few words.
 */
export function afterRefusal(
  incident: Incident,
  command: PersonCommand,
  { refusal, sentence }: Extract<Decision, { kind: 'refused' }>,
  tried: string,
): readonly IncidentEvent[] {
  const refused = { type: 'ClickRefused', tried, refusal: refusal.code, sentence } as const
  if (!approving.has(command.type) || !ofAuthority.has(refusal.code)) return [refused]
  const by = command.by.person
  const before = incident.status === 'unopened' ? 0 : (incident.refusedApprovals.get(personKey(by)) ?? 0)
  const count = before + 1
  const counted = { ...refused, approval: true } as const
  return isAlarming(count) ? [counted, { type: 'ApprovalProbed', by, count }] : [counted]
}

/** Where an approval takes a sign-in, pressing Approve begins that one. */
const approving: ReadonlySet<PersonCommand['type']> = new Set<PersonCommand['type']>(['ApproveRequest', 'BeginStepUp'])

function isAlarming(count: number): boolean {
  const times = count / alarmingRefusals
  return Number.isInteger(Math.log2(times)) && times >= 1
}

/** Refusals that speak of who somebody is. Coming too late, or pressing an old button, is no probing. */
const ofAuthority: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'not_an_approver',
  'not_in_group',
  'person_is_guest',
  'person_is_external',
  'person_is_bot',
  'person_is_deactivated',
  'person_is_invited',
  'person_is_target',
  'target_elsewhere',
  'approver_is_requester',
  'approver_same_account',
])
