import { type GroupName, type Policy, type Rule, type RuleName, ruleFor } from '#/policy/policy.ts'
import type { Change, ChangeRule, Need } from './events.ts'

/**
 * What a change needs under the policy in force: what its standard rule asks for. Whoever would change a rule has to satisfy that
 * rule too, so that a strict one is never taken away by fewer people, or by others, than it asks for.
 */
export function ruleOfChange(policy: Policy, change: Change): ChangeRule {
  const rules = change.kind === 'policy' ? [policy.standard, ...touchedRules(policy, change.policy)] : [policy.standard]
  const { deny, ttlMs } = policy.standard
  return {
    needs: distinct(rules.map(needOf)),
    deny,
    ttlMs,
    stepUp: rules.some(({ stepUp }) => stepUp),
    reason: rules.some(({ reason }) => reason),
  }
}

/** Which needs these people leave open. Each person is given as the groups they are in. */
export function stillNeeded({ needs }: ChangeRule, people: readonly (readonly GroupName[])[]): readonly Need[] {
  return needs.flatMap((need) => {
    const counted = people.filter((groups) => need.from.some((group) => groups.includes(group)))
    const missing = Math.max(0, need.approvals - counted.length)
    const { including } = need
    const isHeard = including === undefined || counted.some((groups) => groups.includes(including))
    if (missing === 0 && isHeard) return []
    // The last one that is missing has to be of the group that was not heard; so has one more when none is missing.
    return [{ approvals: Math.max(1, missing), from: need.from, ...(isHeard ? {} : { including }) }]
  })
}

/** Whether somebody in these groups would bring one of the needs nearer. */
export function wouldCount(open: readonly Need[], groups: readonly GroupName[]): boolean {
  return open.some(
    ({ approvals, from, including }) =>
      from.some((group) => groups.includes(group)) &&
      (including === undefined || approvals > 1 || groups.includes(including)),
  )
}

/**
 * The rules, as they are, that would be others, or would mean other people. Breaking the glass goes past every rule, so where that is
 * changed all of them are meant.
 */
function touchedRules(old: Policy, next: Policy): readonly Rule[] {
  const names = new Set([...Object.keys(old.rules), ...Object.keys(next.rules)]) as ReadonlySet<RuleName>
  const others = changedGroups(old, next)
  const isEvery = !isSame(old.breakGlass, next.breakGlass)
  return [...names].flatMap((name) => {
    const rule = ruleFor(old, name)
    const isOther = !isSame(rule, ruleFor(next, name)) || groupsOf(rule).some((group) => others.has(group))
    return isEvery || isOther ? [rule] : []
  })
}

function changedGroups({ groups: old }: Policy, { groups: next }: Policy): ReadonlySet<GroupName> {
  const names = new Set([...Object.keys(old), ...Object.keys(next)])
  return new Set([...names].filter((name) => !isSame(old[name], next[name])))
}

function groupsOf({ from, including, deny }: Rule): readonly GroupName[] {
  return [...from, ...deny, ...(including === undefined ? [] : [including])]
}

function needOf({ approvals, from, including }: Rule): Need {
  return { approvals, from, ...(including === undefined ? {} : { including }) }
}

/** Without those that another one includes. */
function distinct(needs: readonly Need[]): readonly Need[] {
  return needs.filter(
    (need, at) =>
      !needs.some((other, place) => place !== at && covers(other, need) && (place < at || !covers(need, other))),
  )
}

function covers(one: Need, other: Need): boolean {
  const isHeard = other.including === undefined || other.including === one.including
  return isHeard && one.approvals >= other.approvals && isSame(one.from, other.from)
}

/** Equal in every field, in whatever order the fields stand. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return one === other
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => isSame(fieldOf(one, key), fieldOf(other, key)))
}

function fieldOf(value: object, key: string): unknown {
  return Object.entries(value).find(([name]) => name === key)?.[1]
}
