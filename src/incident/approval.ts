import type { GroupName, Rule } from '#/policy/policy.ts'
import { type Account, isInstance } from './account.ts'
import { type Identity, isSameAccount } from './identity.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import { findStep, type OpenedIncident, type Request, targetOf } from './state.ts'
import { groupWords, type Verdict, verdict, verdictWords } from './verdict.ts'

/** What a review is weighed by. */
export type Scales = {
  readonly incident: OpenedIncident
  readonly request: Request
  readonly rule: Rule
  /** The incidents that are open now. */
  readonly open: readonly OpenedIncident[]
  /** Who could approve, as `@name, @name`, for the sentence of a refusal. */
  readonly able?: string | undefined
}

/** Weighs one more yes for a request: with the candidate among those who approved, or dismissed for a reason. */
export function weigh(candidate: Standing, scales: Scales): Verdict {
  const { request, rule } = scales
  const reason = whyNotApprove(candidate, scales)
  if (reason === undefined) {
    const { person: by } = candidate
    return verdict(rule, [...request.approvals, { by, groups: groupsFor(candidate, rule) }])
  }
  return { ...verdict(rule, request.approvals), dismissals: [{ candidate: candidate.person, reason }] }
}

/** Those who said yes before and may not any more, as they stand now, each with the reason. */
export function lapsedApprovals(
  earlier: readonly Standing[],
  { incident, request, rule, open }: Omit<Scales, 'able'>,
): readonly { readonly by: Person; readonly reason: Refusal }[] {
  const target = targetOf(incident, findStep(incident, request.step))
  return request.approvals.flatMap(({ by, groups }) => {
    const now = earlier.find(({ person }) => samePerson(person, by))
    if (now === undefined) return []
    const { from, including } = rule
    const left = including !== undefined && groups.includes(including) && !now.groups.includes(including)
    const reason =
      whyNotReview(now, { incident, target, groups: from, open }) ?? (left ? whyNotListed(now, [including]) : undefined)
    return reason === undefined ? [] : [{ by, reason }]
  })
}

/** Why somebody may not take part in an incident at all. Undefined: nothing speaks against it. */
export function whyNotTakePart(standing: Standing, target?: Account): Refusal | undefined {
  const membership = membershipRefusal[standing.membership]
  if (membership !== undefined) return { code: membership, about: {} }
  if (standing.rosterEmpty) return { code: 'roster_empty', about: {} }
  if (target !== undefined && isAccountOf(standing, target)) return { code: 'person_is_target', about: {} }
  return undefined
}

/** Why somebody may not respond: open, ask, note, close. */
export function whyNotRespond(standing: Standing, target?: Account): Refusal | undefined {
  const refusal = whyNotTakePart(standing, target)
  if (refusal !== undefined || standing.responder) return refusal
  return whyUnread(standing, ['responders']) ?? { code: 'not_a_responder', about: {} }
}

/** Why somebody may not decide on requests of an incident, whoever asked: not in one of the groups, or with an account at stake. */
export function whyNotReview(
  standing: Standing,
  {
    incident,
    target,
    groups,
    open,
    able,
  }: Pick<Scales, 'open' | 'able'> & {
    /** Absent: none is open yet. */
    readonly incident?: OpenedIncident
    readonly target: Account
    readonly groups: readonly GroupName[]
  },
): Refusal | undefined {
  const refusal =
    whyNotTakePart(standing, target) ??
    (incident === undefined ? undefined : whyNotTakePart(standing, incident.target)) ??
    whyNotListed(standing, groups, able)
  if (refusal !== undefined) return refusal
  // A rehearsal takes nobody away from an incident that is none.
  const others = open.filter(({ id, drill }) => id !== incident?.id && (!drill || incident?.drill === true))
  const own = others.find((other) => isAccountOf(standing, other.target))
  return own === undefined ? undefined : { code: 'target_elsewhere', about: { what: own.id } }
}

/** The groups that a rule speaks of and the person is in: what a yes of theirs counts for. */
export function groupsFor({ groups }: Standing, { from, including }: Rule): readonly GroupName[] {
  return groups.filter((group) => from.includes(group) || group === including)
}

/** What somebody is compared by with those who ask or approve later. */
export function identityOf({ email, account }: Standing): Identity {
  return { ...(email === undefined ? {} : { email }), ...(account === undefined ? {} : { account }) }
}

/**
 * Two-person control (NIST SP 800-53 AC-3(2)): whoever approves is in a group that the rule names, has no account at stake in any
 * open incident, and is neither who asked nor somebody who approved before, nor known to Autentico as one of them.
 */
function whyNotApprove(candidate: Standing, scales: Scales): Refusal | undefined {
  const { incident, request, rule, able } = scales
  const about = able === undefined ? {} : { able }
  if (samePerson(request.requester, candidate.person)) return { code: 'approver_is_requester', about }
  // Nobody decides about their own account, also where a review came upon it.
  const target = targetOf(incident, findStep(incident, request.step))
  const refusal = whyNotReview(candidate, { ...scales, target, groups: rule.from })
  if (refusal !== undefined) return refusal
  const others = [{ by: request.requester, identity: request.identity }, ...request.approvals]
  const earlier = others.find(
    ({ by, identity }) => !samePerson(by, candidate.person) && isSameAccount(identity, candidate),
  )
  if (earlier !== undefined) return { code: 'approver_same_account', about: { ...about, who: `@${earlier.by.name}` } }
  return request.end.kind === 'open' ? whyNoUse(candidate, scales) : undefined
}

/** Why a yes would bring an open request no further. */
function whyNoUse(candidate: Standing, { request, rule, able }: Scales): Refusal | undefined {
  const about = able === undefined ? {} : { able }
  const now = verdict(rule, request.approvals)
  if (request.approvals.some(({ by }) => samePerson(by, candidate.person)))
    return { code: 'approved_before', about: { ...about, what: verdictWords(now) } }
  const { stillNeeded } = now
  if (stillNeeded?.including === undefined || stillNeeded.count > 1) return undefined
  if (candidate.groups.includes(stillNeeded.including)) return undefined
  return (
    whyUnread(candidate, [stillNeeded.including]) ?? {
      code: 'approval_left_to_group',
      about: { ...about, what: groupWords([stillNeeded.including]) },
    }
  )
}

function whyNotListed(standing: Standing, groups: readonly GroupName[], able?: string): Refusal | undefined {
  if (groups.some((group) => standing.groups.includes(group))) return undefined
  const unread = whyUnread(standing, groups)
  if (unread !== undefined) return unread
  const about = able === undefined ? {} : { able }
  return groups.every((group) => group === 'approvers')
    ? { code: 'not_an_approver', about }
    : { code: 'not_in_group', about: { ...about, what: groupWords(groups) } }
}

/**
 * Why it cannot be said now whether somebody is in one of these groups. That Slack is silent says nothing of who they are: it refuses, and is
 * held against nobody.
 */
export function whyUnread({ unread = [] }: Standing, groups: readonly GroupName[]): Refusal | undefined {
  const silent = groups.filter((group) => unread.includes(group))
  return silent.length === 0 ? undefined : { code: 'lists_unread', about: { what: groupWords(silent) } }
}

/** Matched by e-mail address, and by the configured map where there is one. */
export function isAccountOf(standing: Standing, account: Account): boolean {
  return !isInstance(account) && isSameAccount({ account: account.username, email: account.email }, standing)
}

const membershipRefusal = {
  member: undefined,
  guest: 'person_is_guest',
  external: 'person_is_external',
  bot: 'person_is_bot',
  deactivated: 'person_is_deactivated',
  invited: 'person_is_invited',
  unknown: 'standing_unknown',
} as const
