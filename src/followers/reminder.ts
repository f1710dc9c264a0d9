import type { ProgramsGovernanceCommand } from '#/governance/commands.ts'
import { isChangeEscalationDue, isChangeReminderDue } from '#/governance/reminders.ts'
import type { RequestedChange } from '#/governance/state.ts'
import type { ProgramCommand } from '#/incident/commands.ts'
import type { IncidentId } from '#/incident/events.ts'
import { legalRemindersDue } from '#/incident/legal-clock.ts'
import { isOutdated } from '#/incident/outdated.ts'
import type { Person } from '#/incident/people.ts'
import { isEscalationDue, isReminderDue, isStale } from '#/incident/reminders.ts'
import { type OpenedIncident, openRequests, type Request } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import type { RequestId } from '#/incident/work.ts'
import type { GroupName } from '#/policy/policy.ts'

/** Whether the time of a request is over by a clock that nobody can set back. */
type Outlived = (incident: IncidentId, request: RequestId) => boolean

type Clocks = { readonly now: string; readonly outlived: Outlived } & Pick<Surroundings, 'policyDigest'>

/** Whether something in the incident has run out: a request nobody decided, rules that it was shown under, a secret nobody looked at. */
function hasRunOut(incident: OpenedIncident, { now, outlived, policyDigest }: Clocks): boolean {
  const { secret } = incident
  return (
    openRequests(incident).some(
      (request) =>
        isOutdated(request, { policyDigest }) ||
        (request.shown !== undefined && (request.shown.expiresAt <= now || outlived(incident.id, request.id))),
    ) ||
    (secret?.state === 'sealed' && secret.expiresAt <= now)
  )
}

/** Ends what has run out, in every open incident. Called every second; most calls find nothing. */
export function expire(
  open: readonly OpenedIncident[],
  clocks: Clocks,
  expireRequests: (incident: IncidentId) => void,
): void {
  for (const incident of open) if (hasRunOut(incident, clocks)) expireRequests(incident.id)
}

/** Calls upon those in charge while nobody has decided whom to notify, and the time that the law gives is passing. */
export function remindOfLaw(
  open: readonly OpenedIncident[],
  around: Pick<Surroundings, 'now' | 'later' | 'legalDeadlineMs'>,
  remindOf: (incident: IncidentId) => void,
): void {
  for (const incident of open)
    if (legalRemindersDue(incident, around) > (incident.legalClock?.reminders ?? 0)) remindOf(incident.id)
}

export type ReminderDeps = {
  readonly open: () => readonly OpenedIncident[]
  /** Who could approve the request now. Undefined: Slack does not say, so it is tried again later. */
  readonly able: (incident: OpenedIncident, request: Request) => Promise<readonly Person[] | undefined>
  /** Who is in a group of the policy. Undefined as above. */
  readonly members: (group: GroupName) => Promise<readonly Person[] | undefined>
  /** Records it. The rules decide once more, so a late or a double call does no harm. */
  readonly execute: (incident: IncidentId, command: ProgramCommand) => void
  readonly around: () => Pick<Surroundings, 'now' | 'later' | 'policy'>
}

/**
 * Speaks of what nobody has decided yet, calls upon the next group when that takes long, and speaks of incidents in which nothing
 * happens. What is due follows from the ledger alone, so a restart neither forgets nor repeats any of it.
 */
export async function remind({ open, able, members, execute, around }: ReminderDeps): Promise<void> {
  for (const incident of open()) {
    for (const request of openRequests(incident)) {
      if (isReminderDue(incident, request, around())) {
        const people = await able(incident, request)
        if (people !== undefined) execute(incident.id, { type: 'RemindOfRequest', request: request.id, able: people })
      }
      const { next } = around().policy.reminders
      if (next !== undefined && isEscalationDue(incident, request, around())) {
        const [people, called] = await Promise.all([able(incident, request), members(next.group)])
        if (people === undefined || called === undefined) continue
        const { group } = next
        execute(incident.id, { type: 'EscalateRequest', request: request.id, group, members: called, able: people })
      }
    }
    if (isStale(incident, around())) execute(incident.id, { type: 'NudgeStale' })
  }
}

export type ChangeReminderDeps = Pick<ReminderDeps, 'members' | 'around'> & {
  readonly pending: () => readonly RequestedChange[]
  /** Who could approve the change now. Undefined: Slack does not say, so it is tried again later. */
  readonly able: (change: RequestedChange) => Promise<readonly Person[] | undefined>
  /** Records it. The rules decide once more. */
  readonly execute: (command: ProgramsGovernanceCommand) => void
}

/** The same of changes of the rules: spoken of, and the next group called upon, until somebody has decided. */
export async function remindOfChanges({ pending, able, members, execute, around }: ChangeReminderDeps): Promise<void> {
  for (const change of pending()) {
    if (isChangeReminderDue(change, around())) {
      const people = await able(change)
      if (people !== undefined) execute({ type: 'RemindOfChange', change: change.id, able: people })
    }
    const { next } = around().policy.reminders
    if (next !== undefined && isChangeEscalationDue(change, around())) {
      const [people, called] = await Promise.all([able(change), members(next.group)])
      if (people === undefined || called === undefined) continue
      execute({ type: 'EscalateChange', change: change.id, group: next.group, members: called, able: people })
    }
  }
}
