import { z } from 'zod'
import { mayApproveChange } from '#/governance/decide.ts'
import type { RequestedChange } from '#/governance/state.ts'
import type { Account } from '#/incident/account.ts'
import { weigh, whyNotReview } from '#/incident/approval.ts'
import { isSameAccount } from '#/incident/identity.ts'
import type { Person, Standing, UserId } from '#/incident/people.ts'
import { type Quorum, quorumOf, rulesOf } from '#/incident/quorum.ts'
import { ruleOf } from '#/incident/requests.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type GroupName, type Policy, type Rule, ruleFor } from '#/policy/policy.ts'
import { outOfReach } from '#/policy/reach.ts'
import type { Call } from './lanes.ts'
import type { Log } from './log.ts'
import type { Identity, Workspace } from './workspace.ts'

export type RosterSettings = {
  /** User ids and user-group ids. An empty list means nobody. */
  readonly responders: readonly string[]
  readonly approvers: readonly string[]
  /** Slack user id to Autentico username, where the e-mail addresses do not tell. */
  readonly accounts: ReadonlyMap<string, string>
}

type RosterDeps = {
  readonly settings: RosterSettings
  readonly call: Call
  readonly workspace: Workspace
  /** What requests are decided under now, and what is open. */
  readonly world: { readonly policy: () => Policy; readonly openIncidents: () => readonly OpenedIncident[] }
  readonly log: Log
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number
}

const nobody = { id: '', username: '', email: '' } as Account

/** `usergroups.users.list` takes about 20 calls a minute, so the members of a group are kept this long, and no longer. */
export const groupKeptMs = 3_000
const groupFailureKeptMs = 5_000
/** How many people of the lists are asked about for one sentence. */
const mostAsked = 40
/** How many people one message calls by name. */
const mostTold = 150

const userAnswer = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().nullish(),
    name: z.string().default(''),
    deleted: z.boolean().nullish(),
    is_bot: z.boolean().nullish(),
    is_workflow_bot: z.boolean().nullish(),
    is_restricted: z.boolean().nullish(),
    is_ultra_restricted: z.boolean().nullish(),
    is_invited_user: z.boolean().nullish(),
    is_stranger: z.boolean().nullish(),
    profile: z.object({ email: z.string().nullish() }).nullish(),
    enterprise_user: z.object({ enterprise_id: z.string().nullish() }).nullish(),
  }),
})
type SlackUser = z.infer<typeof userAnswer>['user']

/** Undefined: Slack does not say. */
type Asked = { readonly user: SlackUser; readonly identity: Identity } | undefined

const groupAnswer = z.object({ users: z.array(z.string()) })

/** Who is a responder and who may approve, asked of Slack at the moment of the click. When Slack cannot say, nobody is. */
export class Roster {
  readonly #deps: RosterDeps
  readonly #groups = new Map<
    string,
    { readonly until: number; readonly members: Promise<readonly string[] | undefined> }
  >()

  readonly #asking = new Map<string, Promise<readonly Standing[]>>()
  readonly #known: (user: UserId) => Promise<Asked>

  constructor(deps: RosterDeps) {
    this.#deps = deps
    this.#known = together(async (user) => this.#ask(user))
  }

  /** Never throws: what Slack does not tell makes the standing `unknown`, and then the rules allow nothing. */
  async standing(user: UserId): Promise<Standing> {
    const { settings } = this.#deps
    const [asked, { groups, unread }] = await Promise.all([this.#known(user), this.#groupsOf(user)])
    const account = settings.accounts.get(user)
    const email = asked?.user.profile?.email?.trim().toLowerCase()
    return {
      person: {
        slack: { team: asked?.identity.enterprise ?? asked?.identity.team ?? 'unknown', user },
        name: nameOf(user, asked?.user),
      },
      membership: asked === undefined ? 'unknown' : membershipOf(asked.user, asked.identity),
      responder: groups.includes('responders'),
      approver: groups.includes('approvers'),
      groups,
      ...(unread.length === 0 ? {} : { unread }),
      rosterEmpty: settings.responders.length === 0 && settings.approvers.length === 0,
      ...(email === undefined || email === '' ? {} : { email }),
      ...(account === undefined ? {} : { account }),
    }
  }

  /** The groups that somebody is not in for sure: everything that could put them there was read. Never throws. */
  async outside(user: UserId): Promise<readonly string[]> {
    const lists = Object.entries(this.#lists())
    const isOn = await Promise.all(lists.map(async ([, list]) => this.#isOn(list, user)))
    return lists.flatMap(([name], index) => (isOn[index] === false ? [name] : []))
  }

  /** Somebody as the record names them. Never throws; whom Slack does not tell of has the id for a name. */
  async person(user: UserId): Promise<Person> {
    const asked = await this.#known(user)
    if (asked === undefined) return { slack: { team: 'unknown', user }, name: user }
    const { identity, user: known } = asked
    const isExternal = membershipOf(known, identity) === 'external'
    const team = isExternal ? (known.team_id ?? 'unknown') : (identity.enterprise ?? identity.team)
    return { slack: { team, user }, name: nameOf(user, known) }
  }

  /** Who could approve a request now, as `@bao, @chi`. "" when nobody could, or Slack does not say. */
  async able(incident: OpenedIncident, request: Request): Promise<string> {
    const people = (await this.approversOf(incident, request)) ?? []
    return people.map(({ name }) => `@${name}`).join(', ')
  }

  /** The same as people. Undefined: nobody is known to, but Slack does not say it of everybody. */
  async approversOf(incident: OpenedIncident, request: Request): Promise<readonly Person[] | undefined> {
    const candidates = await this.#candidates(ruleOf(request, this.#deps.world.policy()))
    return this.#ableAmong(candidates, (candidate) => this.mayApprove(incident, request, candidate))
  }

  /** Who could approve a change of the rules now. Undefined: nobody is known to, but Slack does not say it of everybody. */
  async approversOfChange(change: RequestedChange): Promise<readonly Person[] | undefined> {
    const targets = this.#deps.world.openIncidents().map(({ id, target }) => ({ incident: id, target }))
    const named = change.rule.needs.flatMap(({ from, including }) =>
      including === undefined ? from : [...from, including],
    )
    const candidates = await this.#candidates({ from: [...new Set(named)] })
    return this.#ableAmong(candidates, (candidate) => mayApproveChange(change, candidate, { targets }))
  }

  /** Undefined: nobody is, but Slack does not say it of everybody. */
  async #ableAmong(
    candidates: readonly Standing[],
    may: (candidate: Standing) => boolean,
  ): Promise<readonly Person[] | undefined> {
    const able = candidates.filter(may)
    if (able.length > 0) return able.map(({ person }) => person)
    const isUnclear = candidates.some(({ membership }) => membership === 'unknown') || (await this.#isAnyGroupUnread())
    return isUnclear ? undefined : []
  }

  /** The members of our own organisation among these users and user groups. Undefined: Slack does not say. */
  async members(list: readonly string[]): Promise<readonly Person[] | undefined> {
    const groups = await Promise.all(list.filter(isGroup).map(async (group) => this.#members(group)))
    if (groups.includes(undefined)) return undefined
    const ids = (await this.#expand(list)).slice(0, mostAsked)
    const people = await Promise.all(ids.map(async (id) => this.standing(id as UserId)))
    const members = people.filter(({ membership }) => membership === 'member').map(({ person }) => person)
    return members.length === 0 && people.some(({ membership }) => membership === 'unknown') ? undefined : members
  }

  /**
   * Everybody on any of the lists who is here, for being told. Whoever Slack does not name in time is called by the id; a user group whose
   * members it does not say in time is left out.
   */
  async everybody(withinMs: number): Promise<readonly Person[]> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), withinMs)
    const lists = Object.values(this.#lists()).flat()
    const listed = await Promise.race([this.#expand(lists), late])
    const ids = [...new Set(listed ?? lists.filter((id) => !isGroup(id)))].slice(0, mostTold)
    const people = await Promise.all(
      ids.map(async (id, index) => {
        const standing = index < mostAsked ? await Promise.race([this.standing(id as UserId), late]) : undefined
        if (standing === undefined) return [{ slack: { team: 'unknown', user: id as UserId }, name: id }]
        return standing.membership === 'deactivated' || standing.membership === 'bot' ? [] : [standing.person]
      }),
    )
    clearTimeout(timer)
    return people.flat()
  }

  /** How many people besides the requester could approve what a playbook asks for. With a target, the target does not count. */
  async forecast(
    requester: UserId,
    { playbook, target = nobody }: { readonly playbook?: Playbook | undefined; readonly target?: Account } = {},
  ): Promise<Quorum> {
    const { world } = this.#deps
    const policy = world.policy()
    const rules = rulesOf(playbook ?? { steps: [] })
    const groups = [...new Set(rules.flatMap((rule) => ruleFor(policy, rule).from))]
    const [own, candidates] = await Promise.all([this.standing(requester), this.#candidates({ from: groups })])
    const about = { target, groups, open: world.openIncidents() }
    const eligible = candidates.filter(
      (one) =>
        one.person.slack.user !== requester && !isSameAccount(own, one) && whyNotReview(one, about) === undefined,
    )
    return quorumOf(policy, rules, eligible)
  }

  /** The rules that no request of somebody could ever satisfy, with the user groups as Slack says them now, a sentence each. */
  async outOfReach(): Promise<readonly string[]> {
    const { settings, world } = this.#deps
    const lists = Object.entries(this.#lists())
    const members = await Promise.all(
      lists.map(async ([name, list]) => {
        const groups = await Promise.all(list.filter(isGroup).map(async (group) => this.#members(group)))
        return [name, groups.includes(undefined) ? undefined : await this.#expand(list)] as const
      }),
    )
    const known = new Map(members)
    const found = outOfReach(world.policy(), {
      membersOf: (group) => (known.has(group) ? known.get(group) : []),
      accountOf: (id) => settings.accounts.get(id),
    })
    return found.map(({ rule, what }) => `The policy (${rule}) ${what}`)
  }

  /** Whether somebody could approve a request now. */
  mayApprove(incident: OpenedIncident, request: Request, candidate: Standing): boolean {
    const { world } = this.#deps
    const rule = ruleOf(request, world.policy())
    return weigh(candidate, { incident, request, rule, open: world.openIncidents() }).dismissals.length === 0
  }

  /** Every list of people by the name that the policy calls it. */
  #lists(): Readonly<Record<GroupName, readonly string[]>> {
    const { settings, world } = this.#deps
    return { ...world.policy().groups, responders: settings.responders, approvers: settings.approvers }
  }

  async #groupsOf(
    user: UserId,
  ): Promise<{ readonly groups: readonly GroupName[]; readonly unread: readonly GroupName[] }> {
    const lists = Object.entries(this.#lists())
    const found = await Promise.all(lists.map(async ([name, list]) => ({ name, is: await this.#isOn(list, user) })))
    const named = (what: boolean | undefined) => found.filter(({ is }) => is === what).map(({ name }) => name)
    return { groups: named(true), unread: named(undefined) }
  }

  async #isAnyGroupUnread(): Promise<boolean> {
    const groups = [...new Set(Object.values(this.#lists()).flat())].filter(isGroup)
    const read = await Promise.all(groups.map(async (group) => this.#members(group)))
    return read.includes(undefined)
  }

  /**
   * Whoever is in a group that the rule names, for sentences that name them. Those who ask at the same moment share one answer: of fifty clicks at once
   * each would ask Slack about everybody. Nobody is allowed anything by it.
   */
  async #candidates({ from }: Pick<Rule, 'from'>): Promise<readonly Standing[]> {
    const key = from.join()
    const asking = this.#asking.get(key) ?? this.#askMembers(from).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #askMembers(groups: readonly GroupName[]): Promise<readonly Standing[]> {
    const lists = this.#lists()
    const ids = await this.#expand(groups.flatMap((group) => lists[group] ?? []))
    return Promise.all(ids.slice(0, mostAsked).map(async (id) => this.standing(id as UserId)))
  }

  async #expand(list: readonly string[]): Promise<readonly string[]> {
    const expanded = await Promise.all(list.map(async (id) => (isGroup(id) ? ((await this.#members(id)) ?? []) : [id])))
    return [...new Set(expanded.flat())]
  }

  /** Undefined: Slack does not say who is in a group of the list, and nothing else puts the person on it. */
  async #isOn(list: readonly string[], user: UserId): Promise<boolean | undefined> {
    // The plain ids need no call, and a silent group must not hold up somebody who is listed by name.
    if (list.includes(user)) return true
    const groups = await Promise.all(list.filter(isGroup).map(async (group) => this.#members(group)))
    if (groups.some((members) => members?.includes(user) === true)) return true
    return groups.includes(undefined) ? undefined : false
  }

  async #ask(user: UserId): Promise<Asked> {
    try {
      const [identity, answer] = await Promise.all([
        this.#deps.workspace.identity(),
        this.#deps.call('users.info', { user }),
      ])
      return { identity, user: userAnswer.parse(answer).user }
    } catch (error) {
      this.#deps.log.warn({ user, why: messageOf(error) }, 'Slack did not say who somebody is')
      return undefined
    }
  }

  async #members(group: string): Promise<readonly string[] | undefined> {
    const now = this.#deps.monotonic()
    const kept = this.#groups.get(group)
    if (kept !== undefined && kept.until > now) return kept.members
    const members = this.#readMembers(group)
    this.#groups.set(group, { until: now + groupKeptMs, members })
    return members
  }

  async #readMembers(group: string): Promise<readonly string[] | undefined> {
    const { call, workspace, log, monotonic } = this.#deps
    try {
      const identity = await workspace.identity()
      const args = { usergroup: group, ...(identity.wholeOrganisation ? { team_id: identity.team } : {}) }
      return groupAnswer.parse(await call('usergroups.users.list', args)).users
    } catch (error) {
      log.warn({ group, why: messageOf(error) }, 'a user group cannot be read, so its members do not count')
      this.#groups.set(group, { until: monotonic() + groupFailureKeptMs, members: Promise.resolve(undefined) })
      return undefined
    }
  }
}

/**
 * One question about somebody at a time. Whoever asks the same meanwhile shares the next one, so that every answer was asked for after
 * it was wanted; and hammering a button asks Slack no faster than it answers.
 */
function together<Key, Answer>(ask: (key: Key) => Promise<Answer>): (key: Key) => Promise<Answer> {
  const asked = new Map<Key, Promise<Answer>>()
  const next = new Map<Key, Promise<Answer>>()
  const begin = async (key: Key): Promise<Answer> => {
    const answer = ask(key)
    asked.set(key, answer)
    try {
      return await answer
    } finally {
      if (asked.get(key) === answer) asked.delete(key)
    }
  }
  return async (key) => {
    const under = asked.get(key)
    if (under === undefined) return begin(key)
    const waiting =
      next.get(key) ??
      under
        .then(
          () => undefined,
          () => undefined,
        )
        .then(async () => {
          next.delete(key)
          return begin(key)
        })
    next.set(key, waiting)
    return waiting
  }
}

function isGroup(id: string): boolean {
  return id.startsWith('S')
}

/**
 * The handle, which is unique in a workspace. Never the display name: everybody may set that to what somebody else is
 * called.
 */
function nameOf(user: UserId, known: SlackUser | undefined): string {
  const handle = known?.name.trim() ?? ''
  return handle === '' ? user : handle.slice(0, 80)
}

/** `is_stranger` is no proof of the contrary: it is false for an external person inside the channel. The ids decide. */
function membershipOf(user: SlackUser, identity: Identity): Standing['membership'] {
  if (user.is_bot === true || user.is_workflow_bot === true || user.id === 'USLACKBOT') return 'bot'
  if (user.deleted === true) return 'deactivated'
  const home = user.enterprise_user?.enterprise_id
  const sameOrganisation = identity.enterprise !== undefined && home === identity.enterprise
  if (user.is_stranger === true || (user.team_id !== identity.team && !sameOrganisation)) return 'external'
  if (user.is_restricted === true || user.is_ultra_restricted === true) return 'guest'
  return user.is_invited_user === true ? 'invited' : 'member'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
