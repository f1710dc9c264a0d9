import { type Account, isInstance } from './account.ts'
import { type Person, type Standing, samePerson } from './people.ts'
import type { Refusal } from './refusals.ts'
import type { Request } from './state.ts'

/** How many people besides the requester have to say yes. */
export const approvalsNeeded = 1

/** Someone whose review does not count, and why. */
export type Dismissal = { readonly candidate: Person; readonly reason: Refusal }

/** What a request still lacks. One value feeds the card, the refusal and the timeline. */
export type Verdict = {
  readonly needed: number
  readonly approvals: readonly Person[]
  readonly dismissals: readonly Dismissal[]
  readonly satisfied: boolean
}

/** Weighs one candidate for a request. */
export function verdict(request: Request, target: Account, candidate: Standing, able?: string): Verdict {
  const reason = whyNotApprove(request, target, candidate, able)
  const approvals = reason === undefined ? [candidate.person] : []
  return {
    needed: approvalsNeeded,
    approvals,
    dismissals: reason === undefined ? [] : [{ candidate: candidate.person, reason }],
    satisfied: approvals.length >= approvalsNeeded,
  }
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
  return whyNotTakePart(standing, target) ?? (standing.responder ? undefined : { code: 'not_a_responder', about: {} })
}

/** Why somebody may not decide on requests in this incident, whoever asked. */
export function whyNotReview(standing: Standing, target: Account, able?: string): Refusal | undefined {
  return (
    whyNotTakePart(standing, target) ??
    (standing.approver ? undefined : { code: 'not_an_approver', about: able === undefined ? {} : { able } })
  )
}

/** Two-person control (NIST SP 800-53 AC-3(2)): the approver is on the list, and neither the requester nor the target. */
function whyNotApprove(request: Request, target: Account, candidate: Standing, able?: string): Refusal | undefined {
  const about = able === undefined ? {} : { able }
  if (samePerson(request.requester, candidate.person)) return { code: 'approver_is_requester', about }
  const refusal = whyNotReview(candidate, target, able)
  if (refusal !== undefined) return refusal
  if (isSameAccount(request, candidate))
    return { code: 'approver_same_account', about: { ...about, who: `@${request.requester.name}` } }
  return undefined
}

/** Matched by e-mail address, and by the configured map where there is one. */
export function isAccountOf(standing: Standing, account: Account): boolean {
  if (isInstance(account)) return false
  if (standing.account !== undefined && standing.account === account.username) return true
  return standing.email !== undefined && account.email !== '' && standing.email === account.email.toLowerCase()
}

function isSameAccount({ identity }: Request, candidate: Standing): boolean {
  if (identity.account !== undefined && identity.account === candidate.account) return true
  return identity.email !== undefined && identity.email === candidate.email
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
