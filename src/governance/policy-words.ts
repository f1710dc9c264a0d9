import { type GroupName, type Policy, type Rule, type RuleName, ruleFor } from '#/policy/policy.ts'
import type { Need } from './events.ts'

/** What a policy says, a line for each of its parts, in plain words. */
export function policyLines({ groups, standard, rules, hold, breakGlass, reminders }: Policy): readonly string[] {
  const { firstMs, next, staleMs } = reminders
  const called = next === undefined ? '' : `; @${next.group} as well after ${lengthOf(next.afterMs)}`
  return [
    `default: ${ruleWords(standard)}`,
    ...Object.entries(rules)
      .toSorted(byName)
      .map(([name, rule]) => `${name}: ${ruleWords(rule)}`),
    `hold: ${hold.allowed ? `one of ${named(hold.by)} alone, for ${lengthOf(hold.lengthMs)}` : 'not allowed'}`,
    `break-glass: ${breakGlass.allowed ? `one of ${named(breakGlass.by)} alone, after ${lengthOf(breakGlass.delayMs)}` : 'not allowed'}`,
    `reminders: after ${lengthOf(firstMs)}, then after twice as long each time${called}; of an incident in which nothing happens after ${lengthOf(staleMs)}`,
    ...Object.entries(groups)
      .toSorted(byName)
      .map(([name, members]) => `@${name}: ${list(members)}`),
  ]
}

/** “one of @approvers approves; @approvers may deny; open for 30 minutes” */
function ruleWords({ deny, ttlMs, stepUp, reason, ...need }: Rule): string {
  return [
    `${needWords(need)} ${need.approvals === 1 ? 'approves' : 'approve'}`,
    ...(reason ? ['with a reason'] : []),
    ...(stepUp ? ['after a fresh sign-in to Autentico'] : []),
    `${named(deny)} may deny`,
    `open for ${lengthOf(ttlMs)}`,
  ].join('; ')
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

/** What is different in the second policy, a line for each: “restore-access: approvals 1 → 2”. Never empty for two that differ. */
export function differencesOf(old: Policy, next: Policy): readonly string[] {
  const [before, after] = [new Map(parts(old, next)), new Map(parts(next, old))]
  const lines = [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name) ?? {}, after.get(name) ?? {}]
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((field) =>
      was[field] === is[field] ? [] : [`${name}: ${field} ${was[field] ?? 'none'} → ${is[field] ?? 'none'}`],
    )
  })
  return lines.length === 0 ? ['nothing but the order in which it is written'] : lines
}

/** “one of @approvers”, “2 of @approvers, one of them of @security” */
export function needWords({ approvals, from, including }: Need): string {
  const whom = from.length === 0 ? 'nobody' : named(from)
  const count = approvals === 1 ? 'one' : `${approvals}`
  if (including === undefined) return `${count} of ${whom}`
  return approvals === 1
    ? `one of ${whom} who is in @${including}`
    : `${count} of ${whom}, one of them of @${including}`
}

/** “30 minutes”, “90 seconds”, “4 hours” */
export function lengthOf(ms: number): string {
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? (['second', 1_000] as const)
  const count = Math.round((ms / size) * 1_000) / 1_000
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const units = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** What is said of one part, field by field. */
type Said = Readonly<Record<string, string>>

/** Every part by its name in the file. A rule that only the other policy names is listed with what holds in its place. */
function parts(policy: Policy, beside?: Policy): readonly (readonly [string, Said])[] {
  const { groups, standard, rules, hold, breakGlass, reminders } = policy
  const names = [...new Set([...Object.keys(rules), ...Object.keys(beside?.rules ?? {})])].sort() as readonly RuleName[]
  return [
    ['default', saidOfRule(standard)],
    ...names.map((name) => [name, saidOfRule(ruleFor(policy, name))] as const),
    ['hold', allowance(hold, 'length', hold.lengthMs)],
    ['break-glass', allowance(breakGlass, 'delay', breakGlass.delayMs)],
    [
      'reminders',
      {
        first: lengthOf(reminders.firstMs),
        next:
          reminders.next === undefined ? 'none' : `@${reminders.next.group} after ${lengthOf(reminders.next.afterMs)}`,
        stale: lengthOf(reminders.staleMs),
      },
    ],
    ...Object.keys(groups)
      .sort()
      .map((name) => [`group ${name}`, { members: list(groups[name] ?? []) }] as const),
  ]
}

function saidOfRule({ approvals, from, including, deny, ttlMs, stepUp, reason }: Rule): Said {
  return {
    approvals: `${approvals}`,
    from: named(from),
    including: including === undefined ? 'nobody in particular' : `@${including}`,
    deny: named(deny),
    ttl: lengthOf(ttlMs),
    'step-up': yesNo(stepUp),
    reason: yesNo(reason),
  }
}

function allowance(
  { allowed, by }: { readonly allowed: boolean; readonly by: readonly GroupName[] },
  what: string,
  ms: number,
): Said {
  return { allowed: yesNo(allowed), by: named(by), [what]: lengthOf(ms) }
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}

function named(groups: readonly GroupName[]): string {
  return list(groups.map((group) => `@${group}`))
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : [...names].sort().join(', ')
}
