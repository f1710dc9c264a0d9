import type { StepUpFailure } from '#/incident/events.ts'
import type { StepUp } from '#/incident/identity.ts'
import { type Person, type Standing, samePerson } from '#/incident/people.ts'
import { utc } from '#/incident/times.ts'
import type { ChangeId, GovernanceEvent } from './events.ts'
import type { ChangeRefusal } from './refusals.ts'
import type { ChangeStepUp, RequestedChange, Rulebook } from './state.ts'

/** Whom a sign-in is compared with, and by which clock. */
type Around = {
  readonly now: string
  readonly later: (at: string, ms: number) => string
  /** Whether a sign-in was used for an approval in an open incident. */
  readonly isUsed: (tokenDigest: string) => boolean
  /** The open incident that Autentico itself is what it is about. */
  readonly patient: string | undefined
}

/** How far Autentico's clock may be ahead of ours. */
const skewMs = 60_000
const epoch = '1970-01-01T00:00:00.000Z'

/**
 * Why an approval of a change does not count for want of a fresh sign-in to Autentico. Undefined: the rule wants none, or the one that is
 * given counts. That a token is genuine, and whose it is, was seen before; here it is compared with the change, the time and every other
 * approval.
 */
export function whyNotSteppedUp(
  { changes, stepUps }: Rulebook,
  change: RequestedChange,
  { by, stepUp }: { readonly by: Standing; readonly stepUp?: StepUp | undefined },
  { now, later, isUsed, patient }: Around,
): ChangeRefusal | undefined {
  if (!change.rule.stepUp) return undefined
  if (stepUp?.kind === 'key' && stepUp.fingerprint === by.person.key) return undefined
  if (patient !== undefined) return { code: 'change_step_up_worthless', about: { what: patient } }
  if (stepUp?.kind !== 'autentico' || stepUpOf(stepUps, change.id, by.person) === undefined)
    return { code: 'step_up_needed', about: {} }
  const authTime = later(epoch, stepUp.authTime * 1000)
  const [oldest = authTime] = [authTime, stepUp.signedInAt].toSorted()
  // Autentico tells whole seconds.
  if (oldest.slice(0, 19) < change.requestedAt.slice(0, 19))
    return { code: 'step_up_stale', about: { what: utc(oldest) } }
  if (authTime > later(now, skewMs)) return { code: 'step_up_ahead', about: { what: utc(authTime) } }
  const given = [...changes.values()].flatMap(({ approvals }) => approvals)
  if (isUsed(stepUp.tokenDigest) || given.some((one) => one.signIn?.tokenDigest === stepUp.tokenDigest))
    return { code: 'step_up_used', about: {} }
  const earlier = change.approvals.find((one) => one.signIn?.sub === stepUp.sub)
  return earlier === undefined ? undefined : { code: 'change_same_account', about: { who: `@${earlier.by.name}` } }
}

/** Begins a step-up. One that the person had under way for the same change is over then. */
export function begunStepUp(
  { stepUps }: Rulebook,
  { by, change: id, digest }: { readonly by: Standing; readonly change: ChangeId; readonly digest: string },
): readonly GovernanceEvent[] {
  const { person } = by
  const earlier = stepUpOf(stepUps, id, person)
  return [
    ...(earlier === undefined
      ? []
      : [{ type: 'ChangeStepUpFailed', id, person, why: 'replaced', sentence: '' } as const]),
    { type: 'ChangeStepUpStarted', id, digest },
  ]
}

/** Ends a step-up that led to no approval. Nothing, where that person has none under way. */
export function endedStepUp(
  { stepUps }: Rulebook,
  ended: {
    readonly change: ChangeId
    readonly person: Person
    readonly why: StepUpFailure
    readonly sentence: string
  },
): readonly GovernanceEvent[] {
  const { change: id, person, why, sentence } = ended
  return stepUpOf(stepUps, id, person) === undefined ? [] : [{ type: 'ChangeStepUpFailed', id, person, why, sentence }]
}

function stepUpOf(stepUps: readonly ChangeStepUp[], change: ChangeId, person: Person): ChangeStepUp | undefined {
  return stepUps.find((one) => one.change === change && samePerson(one.by, person))
}
