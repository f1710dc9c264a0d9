import { ruleFor } from '#/policy/policy.ts'
import { whyNotReview, whyNotTakePart } from './approval.ts'
import type { PersonCommand } from './commands.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { type Glass } from './glass-events.ts'
import { glassBroken, glassPending } from './glass-state.ts'
import { isSameAccount } from './identity.ts'
import { longestText } from './limits.ts'
import { requestName } from './names.ts'
import { type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { ofStep, ruleNameOf } from './requests.ts'
import { findStep, type OpenedIncident, type Request, targetOf } from './state.ts'
import { whyNotSteppedUp } from './step-up.ts'
import type { Surroundings } from './surroundings.ts'
import { utc } from './times.ts'
import { groupWords } from './verdict.ts'

/** What the rules about a request say of it, apart from who approves: why it has ended, and why it is not right any more. */
export type RequestRules = {
  readonly whyEnded: (request: Request) => Refusal | undefined
  readonly whyNotNow: (request: Request, by: Standing) => Refusal | undefined
  /** What follows when it counts as approved. */
  readonly following: (request: Request, by: Standing) => readonly IncidentEvent[]
}

/** Announces that something will be done alone. Nothing happens before the delay of the policy is over, and anybody who may deny can stop it. */
export function breakGlass(
  incident: OpenedIncident,
  command: Extract<PersonCommand, { type: 'BreakGlass' }>,
  around: Surroundings,
  rules: RequestRules,
): Decision {
  const { by, digest, told } = command
  const request = incident.requests.get(command.request)
  if (request === undefined) return refusedFor(whyNotTakePart(by, incident.target) ?? because('no_open_request'))
  const refusal = whyNotAlone(incident, request, by, around) ?? rules.whyEnded(request)
  if (refusal !== undefined) return refusedFor(refusal)
  const { shown } = request
  if (shown === undefined) return refused('request_not_ready')
  if (shown.digest !== digest) return refused('shown_differs')
  if (shown.policyDigest !== around.policyDigest) return refused('policy_changed')
  const known = glassPending(incident).find((one) => one.request === request.id)
  if (known !== undefined) return refused('glass_announced', { what: utc(known.dueAt) })
  const notNow = rules.whyNotNow(request, by)
  if (notNow !== undefined) return refusedFor(notNow)
  const word = shown.effect.confirmByTyping
  if (word !== undefined && command.typed?.trim() !== word) return refused('confirm_by_typing', { what: `“${word}”` })
  const reason = command.reason.trim()
  if (reason === '') return refused('reason_missing')
  if (reason.length > longestText) return refused('text_too_long')
  const dueAt = around.later(around.now, around.policy.breakGlass.delayMs)
  if (dueAt >= shown.expiresAt) return refused('glass_too_late', { what: utc(shown.expiresAt) })
  // Nobody is sent to sign in for what would not be announced anyway.
  const notSteppedUp = whyNotSteppedUp(incident, request, command, around)
  if (notSteppedUp !== undefined) return refusedFor(notSteppedUp)
  const { stepUp } = command
  return accepted({
    type: 'GlassAnnounced',
    request: request.id,
    ...ofStep(request),
    digest,
    reason,
    dueAt,
    told,
    ...(stepUp === undefined ? {} : { stepUp }),
  })
}

/** Why somebody may not do alone what a request asks for. The same rules hold when it is announced and when the delay is over. */
function whyNotAlone(
  incident: OpenedIncident,
  request: Request,
  by: Standing,
  { policy, open }: Pick<Surroundings, 'policy' | 'open'>,
): Refusal | undefined {
  const { allowed, by: groups } = policy.breakGlass
  if (!allowed) return because('glass_not_allowed')
  const target = targetOf(incident, findStep(incident, request.step))
  const outsider = whyNotReview(by, { incident, target, groups, open })
  if (outsider?.code === 'not_in_group' || outsider?.code === 'not_an_approver')
    return because('not_a_breaker', groups.length === 0 ? {} : { what: groupWords(groups) })
  if (outsider !== undefined) return outsider
  if (!samePerson(request.requester, by.person))
    return because('glass_not_requester', { who: `@${request.requester.name}` })
  if (request.kind === 'hold') return because('glass_not_for_holds')
  // A temporary password is for one who asked and one who agreed; nobody lets themselves into an account alone.
  return request.action === 'restore-access' ? because('glass_not_for_access') : undefined
}

/** Whether the program has to look at something announced now. Nothing is due while the work is stopped, but to resume it. */
export function glassDue(
  incident: OpenedIncident,
  { now, ripe }: Pick<Surroundings, 'now' | 'ripe'>,
): readonly Glass[] {
  return glassPending(incident).filter(
    ({ request, dueAt }) =>
      dueAt <= now &&
      ripe(request) &&
      (incident.stops.length === 0 || incident.requests.get(request)?.kind === 'resume'),
  )
}

/**
 * The delay is over. Everything is asked once more, the policy above all: without its word nobody does anything alone. What Slack does not
 * say now is asked again later.
 */
export function breakGlassNow(
  incident: OpenedIncident,
  { request: id, standing }: { readonly request: Request['id']; readonly standing: Standing },
  around: Surroundings,
  rules: RequestRules,
): readonly IncidentEvent[] {
  const glass = glassDue(incident, around).find((one) => one.request === id)
  const request = incident.requests.get(id)
  if (incident.status === 'closed' || glass === undefined || request === undefined) return []
  if (!samePerson(standing.person, glass.by) || standing.membership === 'unknown') return []
  // An expiry is recorded as one.
  if (rules.whyEnded(request) !== undefined) return []
  const about = { request: id, ...ofStep(request) }
  const refusal =
    whyNotAlone(incident, request, standing, around) ??
    (request.shown?.digest === glass.digest ? undefined : because('shown_differs')) ??
    (request.shown?.policyDigest === around.policyDigest ? undefined : because('policy_changed')) ??
    rules.whyNotNow(request, standing)
  if (refusal !== undefined) return [{ type: 'GlassCalledOff', ...about, why: calledOffWords(refusal) }]
  const { by, reason, at: announcedAt, digest } = glass
  return [{ type: 'GlassBroken', ...about, digest, by, reason, announcedAt }, ...rules.following(request, standing)]
}

function calledOffWords({ code }: Refusal): string {
  return words[code] ?? 'It is not right any more to do it'
}

const words: Readonly<Partial<Record<Refusal['code'], string>>> = {
  glass_not_allowed: 'The policy does not allow it any more',
  not_a_breaker: 'The policy does not name this person for it any more',
  policy_changed: 'The policy has changed since',
  shown_differs: 'What was shown is no longer what would be done',
}

/** Somebody else says afterwards whether it had to be. */
export function reviewGlass(
  incident: OpenedIncident,
  { by, request: id, verdict, note: given }: Extract<PersonCommand, { type: 'ReviewGlass' }>,
  { policy, open }: Pick<Surroundings, 'policy' | 'open'>,
): Decision {
  const request = incident.requests.get(id)
  const target = targetOf(incident, findStep(incident, request?.step))
  const groups = request === undefined ? policy.standard.from : ruleFor(policy, ruleNameOf(request)).from
  const refusal = whyNotReview(by, { incident, target, groups, open })
  if (refusal !== undefined) return refusedFor(refusal)
  const glass = incident.glass.get(id)
  if (request === undefined || glass?.brokenAt === undefined) return refused('glass_not_broken')
  if (samePerson(glass.by, by.person)) return refused('reviewer_is_breaker')
  if (isSameAccount(request.identity, by)) return refused('approver_same_account', { who: `@${glass.by.name}` })
  if (glass.review !== undefined) return refused('glass_reviewed', { who: `@${glass.review.by.name}` })
  const note = given.trim()
  if (note === '') return refused('reason_missing')
  if (note.length > longestText) return refused('text_too_long')
  return accepted({ type: 'GlassReviewed', request: id, ...ofStep(request), verdict, note })
}

/** Why an incident cannot be closed yet: something was done alone, and nobody else has looked at it. */
export function whyNotCloseUnreviewed(incident: OpenedIncident): Refusal | undefined {
  const open = glassBroken(incident).find(({ review }) => review === undefined)
  const request = open === undefined ? undefined : incident.requests.get(open.request)
  if (open === undefined || request === undefined) return undefined
  return because('glass_unreviewed', { who: `@${open.by.name}`, what: `“${requestName(request, incident)}”` })
}
