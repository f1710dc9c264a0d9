import { ruleFor } from '#/policy/policy.ts'
import { because } from './decision.ts'
import type { IncidentEvent, StepUpFailure } from './events.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { ofStep, ruleNameOf } from './requests.ts'
import type { OpenedIncident, Request, StepUpUnderWay } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './timeline.ts'
import type { RequestId } from './work.ts'

/**
 * What stands beside a click and says who clicked: a fresh sign-in to Autentico, or the signature of a registered key. The token of
 * the sign-in is never kept, only its digest and what it claimed.
 */
export type StepUp =
  | {
      readonly kind: 'autentico'
      readonly iss: string
      readonly aud: string
      /** The account that signed in. */
      readonly sub: string
      /** `auth_time` of the ID token, in seconds since 1970: for a device, when Autentico gave it the token. */
      readonly authTime: number
      /** When that account last signed in with a browser, as Autentico's own list of its logins says. ISO 8601, UTC. */
      readonly signedInAt: string
      /** SHA-256 over the ID token as it was given, lower-case hex. */
      readonly tokenDigest: string
    }
  | { readonly kind: 'key'; readonly fingerprint: string }

/** How far Autentico's clock may be ahead of ours. */
const skewMs = 60_000
const epoch = '1970-01-01T00:00:00.000Z'

/** Whether an approval of this request has to be stepped up. */
export function needsStepUp(request: Request, { policy }: Pick<Surroundings, 'policy'>): boolean {
  return ruleFor(policy, ruleNameOf(request)).stepUp
}

/** Whether Autentico is what the incident is about: then what it says of itself proves nothing. */
export function isAutenticoPatient({ playbook }: OpenedIncident): boolean {
  return playbook.patient === 'autentico'
}

/**
 * Why an approval does not count for want of a step-up. Undefined: none is needed, or the one that is given counts. That a token
 * is genuine was seen before; here it is compared with the request, the person, the time and every other approval.
 */
export function whyNotSteppedUp(
  incident: OpenedIncident,
  request: Request,
  { by, stepUp }: { readonly by: Standing; readonly stepUp?: StepUp | undefined },
  around: Surroundings,
): Refusal | undefined {
  if (!needsStepUp(request, around)) return undefined
  // That the signature is genuine, and the key registered, is seen where the command comes in.
  if (stepUp?.kind === 'key' && stepUp.fingerprint === by.person.key) return undefined
  if (isAutenticoPatient(incident)) return because('step_up_by_key', { what: fromTerminal(incident, request) })
  const { shown: seen } = request
  if (stepUp?.kind !== 'autentico' || seen === undefined) return because('step_up_needed')
  // An open step-up is the person's own wish to approve this very request; without one a token is somebody else's.
  if (stepUpOf(incident, request.id, by.person) === undefined) return because('step_up_needed')
  const { now, later } = around
  const authTime = later(epoch, stepUp.authTime * 1000)
  const [oldest = authTime] = [authTime, stepUp.signedInAt].toSorted()
  // Autentico tells whole seconds.
  if (oldest.slice(0, 19) < seen.at.slice(0, 19)) return because('step_up_stale', { what: utc(oldest) })
  if (authTime > later(now, skewMs)) return because('step_up_ahead', { what: utc(authTime) })
  const isUsed = [incident, ...around.open].some(({ stepUpsUsed }) => stepUpsUsed.has(stepUp.tokenDigest))
  return isUsed ? because('step_up_used') : undefined
}

/** Begins a step-up. One that the person had under way for the same request is over then. */
export function begunStepUp(
  incident: OpenedIncident,
  { by, digest, request: id }: { readonly by: Standing; readonly digest: string; readonly request: RequestId },
): readonly IncidentEvent[] {
  const request = incident.requests.get(id)
  if (request === undefined) throw new Error(`no request ${id} in ${incident.id}`)
  const earlier = stepUpOf(incident, request.id, by.person)
  return [
    ...(earlier === undefined ? [] : [failedStepUp(request, { person: by.person, why: 'replaced', sentence: '' })]),
    { type: 'StepUpStarted', request: request.id, ...ofStep(request), digest },
  ]
}

/** Ends a step-up that led to no approval. Nothing, where that person has none under way. */
export function endedStepUp(
  incident: OpenedIncident,
  {
    request: id,
    person,
    why,
    sentence,
  }: {
    readonly request: RequestId
    readonly person: Person
    readonly why: StepUpFailure
    readonly sentence: string
  },
): readonly IncidentEvent[] {
  const request = incident.requests.get(id)
  if (request === undefined || stepUpOf(incident, id, person) === undefined) return []
  return [failedStepUp(request, { person, why, sentence })]
}

/** The step-up that somebody has under way for a request. */
export function stepUpOf(
  { stepUps }: Pick<OpenedIncident, 'stepUps'>,
  request: RequestId,
  person: Person,
): StepUpUnderWay | undefined {
  return stepUps.find((one) => one.request === request && samePerson(one.by, person))
}

function failedStepUp(
  request: Request,
  about: { readonly person: Person; readonly why: StepUpFailure; readonly sentence: string },
): IncidentEvent {
  return { type: 'StepUpFailed', request: request.id, ...ofStep(request), ...about }
}

function fromTerminal({ id }: OpenedIncident, request: Request): string {
  return `responder approve ${id} ${request.id}`
}
