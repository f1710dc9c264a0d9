import { glassDue } from '#/incident/break-glass.ts'
import type { IncidentId } from '#/incident/events.ts'
import { holdsDue } from '#/incident/hold.ts'
import type { Person, Standing } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import type { RequestId } from '#/incident/work.ts'

/** Ends the holds that are over, in every open incident. Called every second; most calls find nothing. The ledger says what is due, so a bot that was away does it at its start. */
export function endHolds(
  open: readonly OpenedIncident[],
  around: Pick<Surroundings, 'now' | 'later'>,
  settle: (incident: IncidentId) => void,
): void {
  for (const incident of open) if (holdsDue(incident, { ...around, open })) settle(incident.id)
}

export type GlassDeps = {
  readonly open: () => readonly OpenedIncident[]
  readonly now: () => string
  readonly ripe: (incident: IncidentId, request: RequestId) => boolean
  /** What Slack and the roster say of somebody now. */
  readonly standing: (person: Person) => Promise<Standing>
  /** Records it. The rules decide once more, so a late or a double call does no harm. */
  readonly breakNow: (incident: IncidentId, request: RequestId, standing: Standing) => void
}

/** Does alone what was announced, when its delay is over and nobody has stopped it. The person is looked up again for it. */
export async function breakDueGlass({ open, now, ripe, standing, breakNow }: GlassDeps): Promise<void> {
  for (const incident of open()) {
    const due = glassDue(incident, { now: now(), ripe: (request) => ripe(incident.id, request) })
    for (const { request, by } of due) breakNow(incident.id, request, await standing(by))
  }
}
