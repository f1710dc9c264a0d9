import type { IncidentId } from '#/incident/events.ts'
import { type OpenedIncident, openRequests } from '#/incident/state.ts'

/** Whether something in the incident has run out: a request nobody decided, a secret nobody looked at. */
function hasRunOut(incident: OpenedIncident, now: string): boolean {
  const { secret } = incident
  return (
    openRequests(incident).some(({ shown }) => shown !== undefined && shown.expiresAt <= now) ||
    (secret?.state === 'sealed' && secret.expiresAt <= now)
  )
}

/** Ends what has run out, in every open incident. Called every second; most calls find nothing. */
export function expire(
  open: readonly OpenedIncident[],
  now: string,
  expireRequests: (incident: IncidentId) => void,
): void {
  for (const incident of open) if (hasRunOut(incident, now)) expireRequests(incident.id)
}
