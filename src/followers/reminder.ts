import type { IncidentId } from '#/incident/events.ts'
import { legalRemindersDue } from '#/incident/legal-clock.ts'
import type { Person } from '#/incident/people.ts'
import { remindersDue } from '#/incident/requests.ts'
import { type OpenedIncident, openRequests, type Request } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import type { RequestId } from '#/incident/work.ts'

/** Whether the time of a request is over by a clock that nobody can set back. */
type Outlived = (incident: IncidentId, request: RequestId) => boolean

/** Whether something in the incident has run out: a request nobody decided, a secret nobody looked at. */
function hasRunOut(incident: OpenedIncident, now: string, outlived: Outlived): boolean {
  const { secret } = incident
  return (
    openRequests(incident).some(
      ({ id, shown }) => shown !== undefined && (shown.expiresAt <= now || outlived(incident.id, id)),
    ) ||
    (secret?.state === 'sealed' && secret.expiresAt <= now)
  )
}

/** Ends what has run out, in every open incident. Called every second; most calls find nothing. */
export function expire(
  open: readonly OpenedIncident[],
  { now, outlived }: { readonly now: string; readonly outlived: Outlived },
  expireRequests: (incident: IncidentId) => void,
): void {
  for (const incident of open) if (hasRunOut(incident, now, outlived)) expireRequests(incident.id)
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
  /** Records it. The rules decide once more, so a late or a double call does no harm. */
  readonly remind: (incident: IncidentId, request: RequestId, able: readonly Person[]) => void
  readonly around: () => Pick<Surroundings, 'now' | 'later' | 'requestTtlMs'>
}

/** Calls upon those who could approve what nobody has decided yet: at half of a request's life, and once more before its end. */
export async function remind({ open, able, remind: record, around }: ReminderDeps): Promise<void> {
  const due = open().flatMap((incident) =>
    openRequests(incident)
      .filter((request) => remindersDue(request, around()) > request.reminders)
      .map((request) => ({ incident, request })),
  )
  for (const { incident, request } of due) {
    const people = await able(incident, request)
    if (people !== undefined) record(incident.id, request.id, people)
  }
}
