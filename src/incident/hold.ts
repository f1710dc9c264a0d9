import type { ActionName } from '#/playbook/actions.ts'
import { isInstance } from './account.ts'
import { identityOf, whyNotReview } from './approval.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { type Hold } from './hold-events.ts'
import { holdInForce, isHoldWork, phaseOf } from './hold-state.ts'
import { isSameAccount } from './identity.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { nextRequestId, shown } from './requests.ts'
import { findStep, isRead, type OpenedIncident, type OpenOrder, type Request, targetOf } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'
import { groupWords } from './verdict.ts'
import { allProven, type Effect, type WorkResult } from './work.ts'

/** How long after a lift that failed it is tried again by itself. */
const liftAgainMs = 60_000

/** Suspends the target at once and for a while: one person is enough, because nothing about it is for good. */
export function placeHold(incident: OpenedIncident, by: Standing, around: Surroundings): Decision {
  const refusal = whyNotHold(incident, by, around)
  if (refusal !== undefined) return refusedFor(refusal)

  const { lengthMs } = around.policy.hold
  const endsAt = around.later(around.now, lengthMs)
  const identity = identityOf(by)
  const request = { id: nextRequestId(incident), kind: 'hold' as const, action: 'hold-account' as const }
  return accepted(
    { type: 'HoldPlaced', request: request.id, by: by.person, identity, endsAt },
    {
      type: 'StepRequested',
      request: request.id,
      kind: request.kind,
      action: request.action,
      requester: by.person,
      identity,
    },
    shown(incident, { request, effect: effectOfKeeping(incident, endsAt), expiresAt: endsAt }, around),
    { type: 'WorkOrdered', mode: 'run', action: request.action, request: request.id },
  )
}

/** Why somebody may not place a hold. Undefined: nothing speaks against it. */
function whyNotHold(incident: OpenedIncident, by: Standing, around: Surroundings): Refusal | undefined {
  const { target } = incident
  const { allowed, by: groups } = around.policy.hold
  if (!allowed) return because('hold_not_allowed')
  const outsider = whyNotReview(by, { incident, target, groups, open: around.open })
  if (outsider?.code === 'not_in_group' || outsider?.code === 'not_an_approver')
    return because('not_a_holder', groups.length === 0 ? {} : { what: groupWords(groups) })
  if (outsider !== undefined) return outsider
  if (isInstance(target)) return because('hold_needs_account')
  const who = target.username
  if (incident.suspendedAt !== undefined)
    return because('target_suspended', { who, what: `since ${utc(incident.suspendedAt)}` })
  const same = [incident, ...around.open.filter(({ id }) => id !== incident.id)].filter(
    (one) => one.target.id === target.id,
  )
  for (const one of same) {
    const inForce = holdInForce(one)
    if (inForce !== undefined) return because('hold_in_force', { who, what: heldSince(one, inForce.hold) })
  }
  const earlier = same.flatMap(({ holds }) => [...holds.values()]).find((hold) => isOf(hold, by) && touched(hold))
  if (earlier !== undefined) return because('hold_not_renewable', { who, what: utc(earlier.placedAt) })
  // A hold ends the sessions, so what there was is read before. Where that failed, stopping an attacker comes first.
  return isRead(incident) || incident.snapshotFailed !== undefined ? undefined : because('snapshot_first')
}

/** What was refused by a worker before it changed anything was no hold. */
function touched({ placing }: Hold): boolean {
  return placing.status !== 'failed' || placing.begun
}

/** The same person, or another Slack identity of the same account. */
function isOf({ by, identity }: Hold, standing: Standing): boolean {
  return samePerson(by, standing.person) || isSameAccount(identity, standing)
}

function heldSince(incident: OpenedIncident, { by, endsAt, request }: Hold): string {
  const confirmed = incident.requests.get(request)?.end.kind === 'approved'
  return `placed by @${by.name} in ${incident.id}, ${confirmed ? 'and confirmed' : `until ${utc(endsAt)}`}`
}

function effectOfKeeping({ target }: OpenedIncident, endsAt: string): Effect {
  const who = target.username
  return {
    sentence: `keep ${who} suspended until two people restore access. Without that, the hold lifts by itself at ${utc(endsAt)}.`,
    question: `Keep ${who} suspended? The hold does not lift by itself then.`,
    verb: 'Keep it',
    warnings: [],
    basis: {},
  }
}

/** A second person has confirmed it. */
export function afterConfirming({ id, requester, approvals }: Request, approver: Person): readonly IncidentEvent[] {
  return [{ type: 'HoldConfirmed', request: id, by: [requester, ...approvals.map(({ by }) => by), approver] }]
}

/** Has a hold lifted that could not be lifted by itself. */
export function liftAgain(incident: OpenedIncident, id: Request['id'], around: Surroundings): Decision {
  const hold = incident.holds.get(id)
  if (hold === undefined || phaseOf(incident, hold) !== 'stuck') return refused('no_hold_to_lift')
  return accepted(...lift(incident, hold, around))
}

/** What the holds whose time is over, or that somebody ended, bring about now. Nothing while the work is stopped. */
export function settleHolds(incident: OpenedIncident, around: Surroundings): readonly IncidentEvent[] {
  if (incident.status === 'closed' || incident.stops.length > 0) return []
  return [...incident.holds.values()]
    .filter((hold) => isDue(incident, hold, around))
    .flatMap((hold) => lift(incident, hold, around))
}

/** Whether the program has to look after a hold of this incident now; {@link settleHolds} says what is to be done. */
export function holdsDue(incident: OpenedIncident, around: Pick<Surroundings, 'now' | 'later' | 'open'>): boolean {
  return incident.stops.length === 0 && [...incident.holds.values()].some((hold) => isDue(incident, hold, around))
}

function isDue(
  incident: OpenedIncident,
  hold: Hold,
  { now, later, open }: Pick<Surroundings, 'now' | 'later' | 'open'>,
): boolean {
  const { placing, lifting } = hold
  if (phaseOf(incident, hold) !== 'ending' || placing.status === 'ordered' || lifting?.status === 'ordered')
    return false
  if (lifting?.status === 'failed' && now < later(lifting.at, liftAgainMs)) return false
  // What two people approved about the account comes first: a lift must not undo it.
  return ![incident, ...open].some(isBeingDecided(incident.target.id))
}

function lift(incident: OpenedIncident, hold: Hold, { open }: Pick<Surroundings, 'open'>): readonly IncidentEvent[] {
  const { request, placing } = hold
  const { username } = incident.target
  const other = sameTarget(incident, open).find(staysSuspended(incident))
  if (other !== undefined)
    return [{ type: 'HoldSuperseded', request, why: `${username} stays suspended, as decided in ${other.id}.` }]
  if (placing.status === 'done' && !placing.wasActive)
    return [
      {
        type: 'HoldLifted',
        request,
        proven: true,
        did: [`${username} was suspended before the hold, and stays so.`],
        checks: [],
        evidence: [],
        requestIds: [],
        notes: [],
      },
    ]
  return [{ type: 'WorkOrdered', mode: 'run', action: 'lift-hold', request }]
}

function sameTarget(incident: OpenedIncident, open: readonly OpenedIncident[]): readonly OpenedIncident[] {
  return [incident, ...open.filter(({ id, target }) => id !== incident.id && target.id === incident.target.id)]
}

/** Something that two people approved, and that suspends the account or gives it back, is with the workers. */
function isBeingDecided(account: string): (incident: OpenedIncident) => boolean {
  return (incident) =>
    [...incident.orders.values()].some(
      ({ mode, action, step }) =>
        mode === 'run' &&
        (action === 'suspend-account' || action === 'restore-access') &&
        targetOf(incident, findStep(incident, step)).id === account,
    )
}

/** In this or another incident it was decided that the account stays suspended. */
function staysSuspended(incident: OpenedIncident): (other: OpenedIncident) => boolean {
  return (other) => {
    if (other.suspendedAt !== undefined) return true
    if (other.id === incident.id) return false
    const inForce = holdInForce(other)
    return inForce !== undefined && inForce.phase !== 'ending'
  }
}

/** What a step that has ended means for a hold on the same account: two people decided, so the hold lifts nothing any more. */
export function supersededBy(
  incident: OpenedIncident,
  { action, step }: Pick<OpenOrder, 'action' | 'step'>,
  proven: boolean,
): readonly IncidentEvent[] {
  if (!proven || (action !== 'suspend-account' && action !== 'restore-access')) return []
  if (targetOf(incident, findStep(incident, step)).id !== incident.target.id) return []
  const { username } = incident.target
  const why =
    action === 'suspend-account'
      ? `${username} stays suspended: two people decided so.`
      : `${username} was given access again by two people.`
  return supersede(incident, why)
}

/** The same where it was decided in another incident. */
export function supersede(incident: OpenedIncident, why: string): readonly IncidentEvent[] {
  const inForce = holdInForce(incident)
  if (incident.status === 'closed' || inForce === undefined) return []
  return [{ type: 'HoldSuperseded', request: inForce.hold.request, why }]
}

/**
 * Why an account may be neither suspended for good nor given back this very moment: a hold on it is being lifted, here or in another
 * incident, and one of the two would undo the other.
 */
export function whyNotWhileLifting(
  incident: OpenedIncident,
  { action, step }: Pick<Request, 'action' | 'step'>,
  { open }: Pick<Surroundings, 'open'>,
): Refusal | undefined {
  if (action !== 'suspend-account' && action !== 'restore-access') return undefined
  const { id, username } = targetOf(incident, findStep(incident, step))
  const isLifting = [incident, ...open].some(
    ({ target, holds }) => target.id === id && [...holds.values()].some(({ lifting }) => lifting?.status === 'ordered'),
  )
  return isLifting ? because('hold_being_lifted', { who: username }) : undefined
}

/** What Autentico refuses for a suspended account. */
const needsActive: ReadonlySet<ActionName> = new Set<ActionName>(['reset-password', 'demote-admin'])

/** Why a step has to wait until the hold is over: it could not be done on a suspended account. */
export function whyNotWhileHeld(
  incident: OpenedIncident,
  { action, account }: { readonly action: ActionName | undefined; readonly account: string },
): Refusal | undefined {
  const inForce = holdInForce(incident)
  if (action === undefined || !needsActive.has(action) || account !== incident.target.id) return undefined
  if (inForce === undefined || inForce.phase === 'confirmed') return undefined
  return because('hold_in_the_way', { who: incident.target.username, what: utc(inForce.hold.endsAt) })
}

/** Why an incident cannot be closed yet: the account is not as the hold found it. */
export function whyNotCloseHeld(incident: OpenedIncident): Refusal | undefined {
  const phase = holdInForce(incident)?.phase
  return phase === 'ending' || phase === 'placing'
    ? because('work_in_flight', {
        what: `the hold on ${incident.target.username} is being ${phase === 'ending' ? 'lifted' : 'placed'}`,
      })
    : undefined
}

/** Whether an order belongs to a hold. */
export function isHoldOrder({ action }: Pick<OpenOrder, 'action'>): boolean {
  return isHoldWork(action)
}

/** What a worker's last word on placing or lifting a hold makes true. */
export function holdOutcome(
  order: OpenOrder,
  result: Extract<WorkResult, { kind: 'done' | 'failed' }>,
): readonly IncidentEvent[] {
  const { id, action, request } = order
  if (request === undefined) throw new Error(`order ${id} is of no hold`)
  if (result.kind === 'failed') {
    const { sentence, retry, begun = false } = result
    return [{ type: 'HoldFailed', order: id, request, action, sentence, retry, begun }]
  }
  const { did, checks, evidence, requestIds, notes, accessTokensEndAt, known } = result
  const proven = allProven(checks)
  if (action === 'lift-hold')
    return [{ type: 'HoldLifted', order: id, request, proven, did, checks, evidence, requestIds, notes }]
  return [
    {
      type: 'HoldApplied',
      order: id,
      request,
      proven,
      // Who does not say that it was active has not suspended it.
      wasActive: known?.['wasActive'] === 'yes',
      did,
      checks,
      evidence,
      requestIds,
      notes,
      ...(accessTokensEndAt === undefined ? {} : { accessTokensEndAt }),
    },
  ]
}
