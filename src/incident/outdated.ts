import type { IncidentEvent } from './events.ts'
import { nextRequestId, ofStep, shown } from './requests.ts'
import { type OpenedIncident, openRequests, type Request } from './state.ts'
import type { Surroundings } from './surroundings.ts'

/** Whether a request was shown under other rules than hold now: then nobody can approve it any more. Those of old ledgers never are. */
export function isOutdated(
  { end, shown: seen }: Request,
  { policyDigest }: Pick<Surroundings, 'policyDigest'>,
): boolean {
  return end.kind === 'open' && seen?.policyDigest !== undefined && seen.policyDigest !== policyDigest
}

/**
 * Asks again under the rules of now for what was shown under others, with the same effect: a worker compares that with what is there
 * before it does anything. What was approved so far was approved under the old rules, and counts for nothing.
 */
export function askedAnew(
  incident: OpenedIncident,
  skip: (request: Request) => boolean,
  around: Surroundings,
): readonly IncidentEvent[] {
  return openRequests(incident)
    .filter((request) => isOutdated(request, around) && !skip(request))
    .flatMap((request, ahead) => anew(incident, request, { ahead, around }))
}

function anew(
  incident: OpenedIncident,
  request: Request,
  { ahead, around }: { readonly ahead: number; readonly around: Surroundings },
): readonly IncidentEvent[] {
  const { id, shown: seen, requester, identity, kind, action, reason, inputs, answer, all } = request
  if (seen === undefined) return []
  const { effect, expiresAt } = seen
  // A hold ends with its request, so that one stays the same, and lives no longer.
  if (kind === 'hold') return [shown(incident, { request, effect, expiresAt }, around)]
  const next = nextRequestId(incident, ahead)
  return [
    { type: 'ApprovalVoided', request: id, ...ofStep(request), differences: [rulesChanged] },
    {
      type: 'StepRequested',
      request: next,
      ...ofStep(request),
      kind,
      requester,
      identity,
      outdates: id,
      ...(action === undefined ? {} : { action }),
      ...(reason === undefined ? {} : { reason }),
      ...(inputs === undefined ? {} : { inputs }),
      ...(answer === undefined ? {} : { answer }),
      ...(all === undefined ? {} : { all }),
    },
    shown(incident, { request: { ...request, id: next }, effect }, around),
  ]
}

const rulesChanged = 'The rules of approval changed, so it is asked again under the new ones.'
