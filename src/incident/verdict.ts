import { type GroupName, oneApprover, type Rule } from '#/policy/policy.ts'
import type { Person } from './people.ts'
import type { Refusal } from './refusals.ts'
import type { Approval, Request } from './state.ts'

/** Someone whose review does not count, and why. */
export type Dismissal = { readonly candidate: Person; readonly reason: Refusal }

/** What a request has and what it lacks. One value feeds the message, the card, the refusal and the timeline. */
export type Verdict = {
  readonly needed: number
  /** Who said yes so far; each is another person. */
  readonly approvals: readonly Person[]
  readonly dismissals: readonly Dismissal[]
  /** Absent: nothing. */
  readonly stillNeeded?: StillNeeded
  readonly satisfied: boolean
}

/** How many more people of which groups; one of them of `including`, where nobody of it is among those who said yes. */
export type StillNeeded = {
  readonly count: number
  readonly from: readonly GroupName[]
  readonly including?: GroupName
}

/** What a rule makes of those who said yes. */
export function verdict(rule: Rule, approvals: readonly Pick<Approval, 'by' | 'groups'>[]): Verdict {
  const { approvals: needed, from, including } = rule
  const isMissing = including !== undefined && !approvals.some(({ groups }) => groups.includes(including))
  const count = Math.max(needed - approvals.length, isMissing ? 1 : 0)
  return {
    needed,
    approvals: approvals.map(({ by }) => by),
    dismissals: [],
    ...(count === 0 ? {} : { stillNeeded: { count, from, ...(isMissing ? { including } : {}) } }),
    satisfied: count === 0,
  }
}

/** Where a request stands that is shown, by the rule that it was shown under. */
export function verdictOf({ shown, approvals }: Pick<Request, 'shown' | 'approvals'>): Verdict {
  return verdict(shown?.rule ?? oneApprover, approvals)
}

/** "1 of 2 · approved by @bao · still needed: one of @security" */
export function verdictWords({ needed, approvals, stillNeeded }: Verdict): string {
  return [
    `${approvals.length} of ${needed}`,
    ...(approvals.length === 0 ? [] : [`approved by ${approvals.map(({ name }) => `@${name}`).join(', ')}`]),
    ...(stillNeeded === undefined ? [] : [`still needed: ${stillNeededWords(stillNeeded)}`]),
  ].join(' · ')
}

/** "one of @security", "2 of @approvers or @leads, one of them of @security" */
export function stillNeededWords({ count, from, including }: StillNeeded): string {
  if (count > 1) {
    const some = `${count} of ${groupWords(from)}`
    return including === undefined ? some : `${some}, one of them of ${groupWords([including])}`
  }
  return `one of ${groupWords(including === undefined ? from : [including])}`
}

/** "@approvers or @security" */
export function groupWords(groups: readonly GroupName[]): string {
  return groups.map((group) => `@${group}`).join(' or ')
}
