import type { GroupName, Policy, Rule, RuleName } from './policy.ts'

/** A rule under which somebody's request could never be approved, and why. */
export type OutOfReach = { readonly rule: RuleName | 'default'; readonly what: string }

/** Who there is, as far as it is known. */
export type People = {
  /** Slack ids. Undefined: it is not known who is in the group. */
  readonly membersOf: (group: GroupName) => readonly string[] | undefined
  /** Who is the same person for Autentico counts once; without a name there, everybody is somebody else. */
  readonly accountOf: (id: string) => string | undefined
}

/**
 * The rules that no request of some responder could ever satisfy: too few people to say yes, or nobody of the group that has to be among
 * them. Whoever asks does not count. Nothing is concluded about groups of which it is not known who is in them.
 */
export function outOfReach({ standard, rules }: Policy, people: People): readonly OutOfReach[] {
  const all: readonly (readonly [OutOfReach['rule'], Rule])[] = [
    ['default', standard],
    ...(Object.entries(rules) as [RuleName, Rule][]),
  ]
  return all.flatMap(([rule, said]) => {
    const what = whyOutOfReach(said, people)
    return what === undefined ? [] : [{ rule, what }]
  })
}

function whyOutOfReach({ approvals, from, including }: Rule, { membersOf, accountOf }: People): string | undefined {
  const lists = from.map(membersOf)
  if (lists.includes(undefined)) return undefined
  const nameOf = (id: string): string => accountOf(id)?.toLowerCase() ?? id
  const able = new Set(lists.flatMap((list) => list ?? []).map(nameOf))
  const required = including === undefined ? undefined : membersOf(including)
  const ableRequired = required === undefined ? undefined : new Set(required.map(nameOf).filter((id) => able.has(id)))
  const whom = from.map((group) => `@${group}`).join(' or ')
  if (ableRequired?.size === 0)
    return `asks for one of @${including}, and nobody of it is in ${whom}: nobody's request could ever be approved. Add @${including} to “from”, or its people to those groups.`
  // Somebody who is in none of the groups can ask as well; then nobody is missing.
  const requesters = [undefined, ...(membersOf('responders') ?? [])]
  for (const requester of requesters) {
    const own = requester === undefined ? undefined : nameOf(requester)
    const left = [...able].filter((id) => id !== own).length
    const asks = requester === undefined ? 'whoever asks' : `when ${requester} asks`
    if (left < approvals)
      return `takes ${people(approvals)} of ${whom}, and ${asks} ${left === 0 ? 'nobody is left' : `there ${left === 1 ? 'is' : 'are'} only ${left}`}: such a request could never be approved. Name more people, or ask for fewer.`
    if (ableRequired !== undefined && [...ableRequired].every((id) => id === own))
      return `asks for one of @${including}, and ${asks} nobody of it is left: such a request could never be approved. Name more people there.`
  }
  return undefined
}

function people(count: number): string {
  return count === 1 ? 'one person' : `${count} people`
}
