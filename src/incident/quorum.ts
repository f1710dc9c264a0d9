import { onlyReads } from '#/playbook/actions.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type GroupName, type Policy, type Rule, type RuleName, ruleFor } from '#/policy/policy.ts'
import { isSameAccount } from './identity.ts'
import type { Standing } from './people.ts'

/**
 * How many people there are to say yes, for the rule of a playbook that is the hardest to fulfil: what was known when the incident was
 * opened. Whoever asks is not counted, and neither is the target.
 */
export type Quorum = {
  readonly rule: RuleName
  readonly needed: number
  readonly able: number
  readonly from: readonly GroupName[]
  /** The group that one of them has to be in, and how many there are of it. */
  readonly including?: { readonly group: GroupName; readonly able: number }
}

/** What a playbook may ask people to approve, each once. Skipping is open in every one. */
export function rulesOf({ steps }: Pick<Playbook, 'steps'>): readonly RuleName[] {
  const names = steps.flatMap(({ action, question, manual }): readonly RuleName[] => [
    ...(action === undefined || onlyReads(action) ? [] : [action]),
    ...(question === undefined ? [] : ['answer' as const]),
    ...(manual === undefined ? [] : ['attest' as const]),
  ])
  return [...new Set<RuleName>([...names, 'skip'])]
}

/** The forecast for the hardest of these rules. `eligible`: those who may decide at all, besides whoever asks and the target. */
export function quorumOf(policy: Policy, names: readonly RuleName[], eligible: readonly Standing[]): Quorum {
  const all = names.map((rule) => forecast(rule, ruleFor(policy, rule), eligible))
  const [hardest] = all.toSorted((one, other) => spare(one) - spare(other) || other.needed - one.needed)
  return hardest ?? forecast('skip', policy.standard, eligible)
}

function forecast(rule: RuleName, { approvals, from, including }: Rule, eligible: readonly Standing[]): Quorum {
  const able = different(eligible.filter(({ groups }) => from.some((group) => groups.includes(group))))
  return {
    rule,
    needed: approvals,
    able: able.length,
    from,
    ...(including === undefined
      ? {}
      : { including: { group: including, able: able.filter(({ groups }) => groups.includes(including)).length } }),
  }
}

/** How many could be away without a request coming to nothing. */
function spare({ needed, able, including }: Quorum): number {
  return Math.min(able - needed, (including?.able ?? Number.POSITIVE_INFINITY) - 1)
}

/** Two Slack identities of one account are one person. */
function different(people: readonly Standing[]): readonly Standing[] {
  return people.filter((one, at) => !people.slice(0, at).some((other) => isSameAccount(other, one)))
}

/** "3 people can approve besides you." What is too little is said with what it means. `whom`: `you`, or a name. */
export function quorumWords(quorum: Quorum, whom: string): string {
  const { rule, needed, able, including } = quorum
  const people = able === 1 ? '1 person' : `${able} people`
  if (able === 0) return `⚠️ Nobody can approve besides ${whom}: steps can be asked for, but not run.`
  if (able < needed)
    return `⚠️ Only ${people} can approve besides ${whom}, and the policy asks for ${needed} (${rule}): that could not be done.`
  if (including?.able === 0)
    return `⚠️ Nobody of @${including.group} can approve besides ${whom}, and the policy asks for one of them (${rule}): that could not be done.`
  const takes =
    needed === 1 && including === undefined
      ? ''
      : `; the policy asks for ${needed}${including === undefined ? '' : `, one of them of @${including.group}`} (${rule})`
  return `${people} can approve besides ${whom}${takes}.`
}
