import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import canonicalize from 'canonicalize'
import { vi } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import { cast, incidentChannel, securityGroup } from '#/drill/cast.ts'
import { type LocalSlack, type LocalSlackOptions, startLocalSlack } from '#/drill/slack/local-slack.ts'
import type { GovernanceCommand } from '#/governance/commands.ts'
import { decideChange } from '#/governance/decide.ts'
import type { GovernanceEvent, RecordedChange } from '#/governance/events.ts'
import { activeKeys, applyChange, emptyRulebook, openChanges, type Rulebook } from '#/governance/state.ts'
import type { AccountFacts, AccountId } from '#/incident/account.ts'
import type { Command, PersonCommand } from '#/incident/commands.ts'
import { decide } from '#/incident/decide.ts'
import type { IncidentEvent, IncidentId, Recorded } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import type { Actor } from '#/incident/people.ts'
import { afterRefusal } from '#/incident/probing.ts'
import { type Incident, type OpenedIncident, unopened } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import { whatWasTried } from '#/incident/tried.ts'
import type { Effect, WorkResult } from '#/incident/work.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { readPublicKey } from '#/terminal/public-key.ts'
import { incidentCard } from './cards/incident-card.ts'
import { requestMessage } from './cards/request-message.ts'
import { type AccountHit, type Door, type Executed, NotRecorded, type RulesDoor } from './door.ts'
import type { Log } from './log.ts'
import { type Slack, type SlackOptions, startSlack } from './start-slack.ts'

export const alice: AccountHit = {
  id: 'acc-alice',
  username: 'alice',
  email: 'alice@acme.test',
  sessions: 3,
  mfa: true,
  isBot: false,
}
const carol: AccountHit = { id: 'acc-carol', username: 'carol', email: 'carol@acme.test', isBot: false }
const bot: AccountHit = { id: 'acc-bot', username: 'responder-bot', email: '', isBot: true }

export const facts: AccountFacts = {
  readAt: '2026-11-23T03:15:00.000Z',
  account: { id: alice.id as AccountId, username: 'alice', email: 'alice@acme.test' },
  role: 'user',
  isBot: false,
  isLastAdmin: false,
  suspended: false,
  counts: {
    sessions: 3,
    ssoSessions: 1,
    tokens: 2,
    passkeys: 1,
    trustedDevices: 2,
    pendingLogins: 0,
    codesAndLinks: 0,
    linkedAccounts: 0,
  },
  mfa: { enrolled: true, required: false },
  database: true,
  accessTokensEndAt: '2026-11-23T03:29:00.000Z',
}

export const effect: Effect = {
  sentence: 'Revokes 3 sessions and 2 tokens of alice.',
  question: 'Revoke every session of alice? This cannot be undone.',
  verb: 'Revoke them',
  warnings: ['Old access tokens live until 03:29 UTC.'],
  basis: { sessions: 3 },
}

const accountsAway = { kind: 'unavailable', why: 'The queue (Redis) does not answer.' } as const

/** The real rules over a ledger in memory. */
export class MemoryDoor implements Door {
  readonly playbooks: readonly Playbook[]
  readonly drill = false
  readonly entries: Recorded[] = []
  closed: string | undefined
  rules: Policy = standardPolicy({ ttlMs: 30 * 60_000 })
  /** Why the disk takes nothing. */
  unwritable: string | undefined
  readonly secrets = new Map<string, string>()
  accountsDown = false
  /** How long Autentico takes to answer. */
  accountsHeld: Promise<void> = Promise.resolve()
  readonly #states = new Map<IncidentId, Incident>()
  #incidents = 0

  constructor(playbooks: readonly Playbook[] = [builtIn('account-compromise')]) {
    this.playbooks = playbooks
  }

  policy(): Policy {
    return this.rules
  }

  execute(incident: IncidentId | 'new', command: PersonCommand): Executed {
    if (this.unwritable !== undefined) throw new NotRecorded(this.unwritable)
    const id = incident === 'new' ? (`INC-${this.#incidents + 1}` as IncidentId) : incident
    const decision = decide(this.#states.get(id) ?? unopened, command, around(this.openIncidents(), this.rules))
    if (decision.kind === 'refused') {
      const before = this.#states.get(id) ?? unopened
      this.#append(id, command.by.person, afterRefusal(before, command, decision, whatWasTried(command, before)))
      return decision
    }
    if (incident === 'new') this.#incidents += 1
    const recorded = this.#append(id, command.by.person, decision.events)
    if (command.type === 'OpenIncident' && command.from !== undefined)
      this.run(command.from, {
        type: 'LinkIncident',
        to: id,
        playbook: command.playbook.title,
        person: command.by.person,
      })
    return { kind: 'accepted', incident: this.opened(id), recorded }
  }

  /** What is not done by a person: a worker's report, the start of the thread. */
  run(id: IncidentId, command: Exclude<Command, PersonCommand>): void {
    const decision = decide(this.#states.get(id) ?? unopened, command, around(this.openIncidents(), this.rules))
    if (decision.kind === 'refused') throw new Error(decision.sentence)
    this.#append(id, { worker: 'worker-1' }, decision.events)
  }

  /** The worker's answer to the only order that is open. */
  report(id: IncidentId, result: WorkResult): void {
    const order = [...this.opened(id).orders.values()].at(-1)
    if (order === undefined) throw new Error(`no order is open in ${id}`)
    this.run(id, { type: 'RecordOutcome', worker: 'worker-1', order: order.id, result })
  }

  incident(id: IncidentId): OpenedIncident | undefined {
    const state = this.#states.get(id)
    return state === undefined || state.status === 'unopened' ? undefined : state
  }

  opened(id: IncidentId): OpenedIncident {
    const incident = this.incident(id)
    if (incident === undefined) throw new Error(`${id} is not open`)
    return incident
  }

  openIncidents(): readonly OpenedIncident[] {
    return this.recentIncidents(100).filter(({ status }) => status === 'open')
  }

  recentIncidents(count: number): readonly OpenedIncident[] {
    return [...this.#states.keys()]
      .flatMap((id) => this.incident(id) ?? [])
      .toReversed()
      .slice(0, count)
  }

  timeline(id: IncidentId): readonly Recorded[] {
    return this.entries.filter(({ incident }) => incident === id)
  }

  /** What comes of asking Autentico for a sign-in. */
  signIn: Awaited<ReturnType<Door['beginSignIn']>> = { kind: 'failed', why: 'unavailable', sentence: 'Nobody answers.' }

  beginSignIn: Door['beginSignIn'] = async () => this.signIn
  endStepUp: Door['endStepUp'] = (id, end) => this.run(id, { type: 'EndStepUp', ...end })

  verify: Door['verify'] = async () => {
    const head = this.entries.at(-1)
    return {
      ok: true,
      entries: this.entries.length,
      head: { seq: head?.seq ?? 0, hash: head?.hash ?? '' },
      checkpoints: 1,
      thread: 'compared',
      threadCheckpoints: 3,
      problems: [],
    }
  }

  readonly accounts: Door['accounts'] = {
    search: async (text) =>
      this.accountsDown ? accountsAway : [alice, carol, bot].filter(({ username }) => username.includes(text)),
    pick: async (text) => {
      await this.accountsHeld
      if (this.accountsDown) return accountsAway
      const found = [alice, carol, bot].find(({ username, email }) => username === text || email === text)
      if (found !== undefined) return { kind: 'found', account: found }
      return text === 'al' ? { kind: 'ambiguous', candidates: [alice, carol] } : { kind: 'none', nearest: 'alice' }
    },
    trouble: async () => (this.accountsDown ? accountsAway.why : undefined),
  }

  /** As the Home tab shows it. */
  statusLines: readonly string[] = []
  readonly status = async (): Promise<readonly string[]> => this.statusLines

  requestPlace(): undefined {
    return undefined
  }

  governance: RulesDoor = memoryRules(this.rules)

  takeSecret(_incident: IncidentId, order: string): string | { readonly why: string } {
    const secret = this.secrets.get(order)
    this.secrets.delete(order)
    return secret ?? { why: 'It is gone.' }
  }

  events(type: IncidentEvent['type']): readonly Recorded[] {
    return this.entries.filter(({ event }) => event.type === type)
  }

  #append(incident: IncidentId, actor: Actor, events: readonly IncidentEvent[]): readonly Recorded[] {
    return events.map((event) => {
      const recorded: Recorded = {
        seq: this.entries.length + 1,
        incident,
        at: new Date().toISOString(),
        actor,
        hash: digestOf({ event, seq: this.entries.length }),
        event,
      }
      this.entries.push(recorded)
      this.#states.set(incident, evolve(this.#states.get(incident) ?? unopened, recorded))
      return recorded
    })
  }
}

/** The real rules about the rules, over a stream in memory. */
export function memoryRules(policy: Policy): RulesDoor {
  const configured = { policy, digest: digestOf(policy), differences: [] }
  let rulebook: Rulebook = emptyRulebook
  const record = (actor: Actor, events: readonly GovernanceEvent[]): readonly RecordedChange[] =>
    events.map((event) => {
      const seq = rulebook.lastSeq + 1
      const recorded = { seq, at: new Date().toISOString(), actor, hash: digestOf({ event, seq }), event }
      rulebook = applyChange(rulebook, recorded)
      return recorded
    })
  const decided = (command: GovernanceCommand): ReturnType<typeof decideChange> => {
    return decideChange(rulebook, command, {
      now: new Date().toISOString(),
      configured,
      targets: [],
      isUsed: () => false,
      patient: undefined,
      readKey: readPublicKey,
      digestOf,
      outlived: () => false,
      later: (at, ms) => new Date(Date.parse(at) + ms).toISOString(),
    })
  }
  const first = decided({ type: 'AdoptFirst' })
  if (first.kind === 'accepted') record({ program: 'test' }, first.events)
  return {
    execute(command) {
      const decision = decided(command)
      return decision.kind === 'refused'
        ? decision
        : { kind: 'accepted', recorded: record(command.by.person, decision.events) }
    },
    policy: () => rulebook.adopted ?? { ...configured, at: '', seq: 0 },
    offered: () => undefined,
    keys: () => activeKeys(rulebook),
    pending: () => openChanges(rulebook),
    change: (id) => rulebook.changes.get(id),
    endStepUp(ended) {
      const decision = decided({ type: 'EndChangeStepUp', ...ended })
      if (decision.kind === 'accepted') record({ program: 'test' }, decision.events)
    },
  }
}

function around(open: readonly OpenedIncident[], policy: Policy): Surroundings {
  return {
    open,
    now: new Date().toISOString(),
    policy,
    policyDigest: digestOf(policy),
    legalDeadlineMs: 72 * 3_600_000,
    sweepDelayMs: 10 * 60_000,
    digestOf,
    outlived: () => false,
    ripe: () => true,
    later: (at, ms) => new Date(Date.parse(at) + ms).toISOString(),
  }
}

export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')
}

export type LoggedLine = { readonly level: string; readonly fields: object; readonly message: string }

export function keepLog(): Log & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

export type World = AsyncDisposable & {
  readonly local: LocalSlack
  readonly door: MemoryDoor
  readonly slack: Slack
  readonly log: ReturnType<typeof keepLog>
  /** Shows the card and the requests as they are now. */
  readonly publish: (id: IncidentId) => Promise<void>
  /** The newest message that carries a button of this name. */
  readonly messageWith: (action: string) => { readonly channel: string; readonly ts: string }
  /** The form that somebody has open, once it is there. */
  readonly formOf: (person: string) => Promise<string>
  /** The last thing somebody was told in private, once there is one. */
  readonly saidTo: (person: string) => Promise<string>
  /** What one person was told in private, the newest last. */
  readonly told: (person: string) => readonly string[]
}

export type WorldOptions = {
  readonly slack?: Partial<SlackOptions>
  readonly local?: Partial<LocalSlackOptions>
  readonly door?: MemoryDoor
}

const manifest = readFileSync(fileURLToPath(new URL('../../manifest.yml', import.meta.url)), 'utf8')

/** A local Slack, the door to it and the real rules behind it. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  await using building = new AsyncDisposableStack()
  const local = building.use(await startLocalSlack({ manifest, rateLimit: false, ...options.local }))
  const door = options.door ?? new MemoryDoor()
  const log = keepLog()
  const slack = building.use(
    await startSlack({
      botToken: local.botToken,
      apiUrl: local.apiUrl,
      inlet: { mode: 'socket', appToken: local.appToken, times: { firstDelayMs: 50, longestDelayMs: 200 } },
      channel: incidentChannel.id,
      roster: {
        responders: [cast.ana.user, cast.bao.user, cast.chi.user],
        approvers: [securityGroup.id],
        accounts: new Map(),
      },
      door,
      log,
      onStuck: () => undefined,
      ...options.slack,
    }),
  )
  const places = new Map<string, { readonly channel: string; readonly ts: string }>()
  const publish = async (id: IncidentId): Promise<void> => {
    const now = new Date().toISOString()
    if (places.get(id) === undefined) {
      const card = await slack.outbound.postCard(incidentChannel.id, incidentCard(door.opened(id), { now }), id)
      places.set(id, card)
      door.run(id, { type: 'StartThread', ...card })
    }
    const root = places.get(id)
    if (root === undefined) return
    await slack.outbound.updateCard(root, incidentCard(door.opened(id), { now }))
    for (const request of door.opened(id).requests.values()) {
      const key = `${id}/${request.id}`
      const message = requestMessage(door.opened(id), request)
      const place = places.get(key)
      if (place === undefined)
        places.set(key, await slack.outbound.postInThread(root, message, { incident: id, entries: [] }))
      else await slack.outbound.updateCard(place, message)
    }
  }
  const told = (person: string) =>
    local
      .as(person)
      .sees()
      .filter(({ ephemeral }) => ephemeral)
      .map(({ text }) => text)
  const parts = building.move()
  return {
    local,
    door,
    slack,
    log,
    publish,
    messageWith: (action) => {
      const found = local
        .state()
        .channels.flatMap(({ messages }) => messages)
        .findLast(({ blocks }) => JSON.stringify(blocks).includes(`"action_id":"${action}"`))
      if (found === undefined) throw new Error(`no message shows a button ${action}`)
      return { channel: found.channel, ts: found.ts }
    },
    told,
    formOf: async (person) => waitUntilThere(() => local.as(person).views().at(-1)?.id),
    saidTo: async (person) => waitUntilThere(() => told(person).at(-1)),
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}

async function waitUntilThere<T>(look: () => T | undefined): Promise<T> {
  return vi.waitFor(() => {
    const found = look()
    if (found === undefined) throw new Error('it is not there yet')
    return found
  })
}

/** Opens an incident through the form, and lets the snapshot come in. */
export async function openThroughForm(world: World, who = 'ana'): Promise<IncidentId> {
  const { local, door } = world
  const person = local.as(who)
  await person.command('/autentico incident account-compromise alice')
  const view = await world.formOf(who)
  const submitted = await person.submit(view, {
    playbook: 'account-compromise',
    severity: 'sev2',
    summary: 'Login from two countries',
  })
  if (!submitted.ok || submitted.now !== 'updated')
    throw new Error(`the form was not taken: ${JSON.stringify(submitted)}`)
  await person.close()
  const id = door.openIncidents()[0]?.id
  if (id === undefined) throw new Error('no incident was opened')
  door.report(id, { kind: 'snapshot', facts, evidence: [], warnings: [] })
  await world.publish(id)
  return id
}

/** Has somebody ask for the first step, through its button, and shows the request. */
export async function askForFirstStep(world: World, id: IncidentId, who = 'ana', what: Effect = effect): Promise<void> {
  await world.local.as(who).press(world.messageWith('ask'), 'ask')
  world.door.report(id, { kind: 'prepared', effect: what })
  await world.publish(id)
}
