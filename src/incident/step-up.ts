import { because } from './decision.ts'
import type { IncidentEvent, StepUpFailure } from './events.ts'
import type { StepUp } from './identity.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { ofStep, ruleOf } from './requests.ts'
import type { Approval, OpenedIncident, Request, StepUpUnderWay } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'
import type { RequestId } from './work.ts'

/** How far Autentico's clock may be ahead of ours. */
const skewMs = 60_000
const epoch = '1970-01-01T00:00:00.000Z'

/** Whether an approval of this request has to be stepped up. */
export function needsStepUp(request: Request, { policy }: Pick<Surroundings, 'policy'>): boolean {
  return ruleOf(request, policy).stepUp
}

/** Whether Autentico is what the incident is about: then what it says of itself proves nothing. */
export function isAutenticoPatient({ playbook }: Pick<OpenedIncident, 'playbook'>): boolean {
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
  if ([incident, ...around.open].some((one) => isUsedIn(one, stepUp.tokenDigest))) return because('step_up_used')
  const earlier = request.approvals.find((one) => signInOf(one)?.sub === stepUp.sub)
  return earlier === undefined ? undefined : because('approver_same_account', { who: `@${earlier.by.name}` })
}

/** Whether an approval in this incident was stepped up with that token. */
export function isUsedIn(
  { requests, glass }: Pick<OpenedIncident, 'requests' | 'glass'>,
  tokenDigest: string,
): boolean {
  const steppedUp = [...[...requests.values()].flatMap(({ approvals }) => approvals), ...glass.values()]
  return steppedUp.some((one) => signInOf(one)?.tokenDigest === tokenDigest)
}

function signInOf({ stepUp }: Pick<Approval, 'stepUp'>): Extract<StepUp, { kind: 'autentico' }> | undefined {
  return stepUp?.kind === 'autentico' ? stepUp : undefined
}

/** The account that signed in, as Autentico calls it. */
export type AccountSignedIn = {
  readonly username: string | undefined
  /** In lower case. */
  readonly email: string | undefined
  readonly emailVerified: boolean
}

/**
 * Why the account that signed in is not that of the person who wants to approve. Where the configured map names one, it is that one
 * alone; otherwise the one with the person's address, if Autentico has verified that it is theirs.
 */
export function whyNotTheirs(
  { username, email, emailVerified }: AccountSignedIn,
  { account, email: address, person }: Standing,
): { readonly why: StepUpFailure; readonly sentence: string } | undefined {
  const signedIn = `You signed in as \`${username ?? 'somebody without a name'}\``
  const sorry = 'Nothing was approved.'
  if (account !== undefined) {
    return account === username
      ? undefined
      : { why: 'other_account', sentence: `${signedIn}; this Slack user is \`${account}\`. ${sorry}` }
  }
  if (address === undefined) {
    return {
      why: 'other_account',
      sentence: `${signedIn}, but nothing says which account @${person.name} has: Slack gives no address. ${sorry} Ask an operator to name the account in \`SLACK_USER_MAP\`.`,
    }
  }
  if (email !== address)
    return { why: 'other_account', sentence: `${signedIn}; this Slack user is \`${address}\`. ${sorry}` }
  return emailVerified
    ? undefined
    : {
        why: 'unverified',
        sentence: `${signedIn}, but Autentico has not verified that \`${address}\` is yours. ${sorry} Ask an operator to verify the address there, or to name the account in \`SLACK_USER_MAP\`.`,
      }
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
