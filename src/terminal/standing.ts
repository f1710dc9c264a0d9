import type { Person, Standing } from '#/incident/people.ts'

/** Who two people said that a key belongs to, and what that person was when they said it. */
export type Registered = {
  readonly person: Person
  readonly email?: string
  readonly account?: string
  /** The groups of the policy that the person was in. */
  readonly groups: readonly string[]
  readonly fingerprint: string
}

/** What Slack and the lists say of the same person now. */
export type AskedOfSlack = {
  readonly standing: Standing
  /** The groups that the person is not in for sure: everything that could put them there was read. */
  readonly outside: readonly string[]
}

/**
 * How somebody stands who signed with a registered key. What Slack says now wins: a deactivated account is one, and who was taken off a
 * list is off it. What Slack does not say holds as it was registered; nobody is ever more than they were then.
 */
export function standingAtTerminal(key: Registered, asked: AskedOfSlack | undefined): Standing {
  const { person, fingerprint } = key
  // Where Slack does not know who somebody is, it knows neither their name nor their address.
  const said = asked?.standing.membership === 'unknown' ? undefined : asked?.standing
  const groups = key.groups.filter((group) => asked?.outside.includes(group) !== true)
  const email = said?.email ?? key.email
  const account = asked?.standing.account ?? key.account
  return {
    person: { ...person, name: said?.person.name ?? person.name, key: fingerprint },
    membership: said?.membership ?? 'member',
    responder: groups.includes('responders'),
    approver: groups.includes('approvers'),
    groups,
    rosterEmpty: asked?.standing.rosterEmpty === true,
    ...(email === undefined ? {} : { email }),
    ...(account === undefined ? {} : { account }),
  }
}
