/** A Slack user, together with the workspace or enterprise that vouches for them. Ids repeat across workspaces. */
export type UserId = string & { readonly __brand: 'UserId' }

/** Who did something: always the person, never "the bot". `name` is what they were called at that moment. */
export type Person = {
  readonly slack: { readonly team: string; readonly user: UserId }
  readonly name: string
  /** The fingerprint of the personal key that this was signed with: they acted from a terminal, not in Slack. */
  readonly key?: string
}

/** Who is behind an entry: a person, a worker, or the program itself acting on a rule (an expiry, a sweep falling due). */
export type Actor = Person | { readonly worker: string } | { readonly program: string }

/**
 * What Slack and the roster said of a person at the moment of the click. It is read afresh for every click; nothing here
 * is remembered from one click to the next.
 */
export type Standing = {
  readonly person: Person
  /** `unknown` when Slack could not be asked: then nothing is allowed. */
  readonly membership: 'member' | 'guest' | 'external' | 'bot' | 'deactivated' | 'invited' | 'unknown'
  readonly responder: boolean
  readonly approver: boolean
  /** The groups of the policy that the person is in, `responders` and `approvers` among them. */
  readonly groups: readonly string[]
  /** Those that the person may be in: Slack does not say who is in a user group of theirs. They allow nothing, and prove nothing. */
  readonly unread?: readonly string[]
  /** Set when both lists are empty: an empty roster means nobody. */
  readonly rosterEmpty: boolean
  /** The e-mail address that Slack has for the person, in lower case. */
  readonly email?: string
  /** The Autentico username that the configured map gives for the person. */
  readonly account?: string
}

export function samePerson(one: Person, other: Person): boolean {
  return one.slack.user === other.slack.user && one.slack.team === other.slack.team
}

/** One text for one person, to count by. */
export function personKey({ slack: { team, user } }: Person): string {
  return `${team} ${user}`
}

export function isPerson(actor: Actor): actor is Person {
  return 'slack' in actor
}

/** How an actor is named in a line. The program is never called by its own name: Autentico is the other one. */
export function actorName(actor: Actor): string {
  if ('slack' in actor) return `@${actor.name}${actor.key === undefined ? '' : ' (terminal)'}`
  return 'worker' in actor ? actor.worker : 'the bot'
}
