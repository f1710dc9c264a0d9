import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import canonicalize from 'canonicalize'
import { expect } from 'vitest'
import type { Command } from '#/incident/commands.ts'
import { decide } from '#/incident/decide.ts'
import type { Decision } from '#/incident/decision.ts'
import type { EventType, IncidentEvent, IncidentId, Recorded } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import type { Actor } from '#/incident/people.ts'
import { afterRefusal } from '#/incident/probing.ts'
import type { About, RefusalCode } from '#/incident/refusals.ts'
import { type Incident, type OpenedIncident, unopened } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import { whatWasTried } from '#/incident/tried.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { type Pressed, start, type Turn } from './stories.ts'

export const requestTtlMs: number = 30 * 60_000
export const sweepDelayMs: number = 10 * 60_000
export const legalDeadlineMs: number = 72 * 3_600_000

/** The rules that hold in a story until it says otherwise, with somebody who is called upon when nobody decides for long. */
export const standard: Policy = {
  ...standardPolicy({ ttlMs: requestTtlMs }),
  groups: { security: ['S0SECURITY'] },
  reminders: { firstMs: 2 * 60_000, next: { group: 'security', afterMs: 10 * 60_000 }, staleMs: 4 * 3_600_000 },
}

/** The world as `decide` sees it at a moment. */
export function around(now: string, open: readonly OpenedIncident[] = [], policy: Policy = standard): Surroundings {
  return {
    now,
    open,
    policy,
    policyDigest: digestOf(policy),
    sweepDelayMs,
    legalDeadlineMs,
    digestOf,
    later,
    outlived: () => false,
    ripe: () => true,
  }
}

/** SHA-256 over the canonical JSON, as the program makes it. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(roundTrip(value)) ?? '')
    .digest('hex')
}

/** The value as it comes back from the ledger. */
export function roundTrip<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

/** Equal to the last field, maps and absent fields included. */
export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other)
}

function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString()
}

/** Where a story has got to. */
export type Story = {
  readonly incident: Incident
  readonly recorded: readonly Recorded[]
  readonly now: string
  readonly policy: Policy
  readonly alsoOpen: readonly OpenedIncident[]
}

export const beginning: Story = { incident: unopened, recorded: [], now: start, policy: standard, alsoOpen: [] }

/** Executes one command the way the program does: decide, record what happened (or the refused click), fold. */
export function execute(story: Story, command: Command): { readonly story: Story; readonly decision: Decision } {
  const { incident, now, alsoOpen, policy } = story
  const decision = decide(incident, command, around(now, alsoOpen, policy))
  if (decision.kind === 'accepted') return { story: recordAll(story, actorOf(command), decision.events), decision }
  if (!('by' in command) || incident.status === 'unopened') return { story, decision }
  const refusal = afterRefusal(incident, command, decision, whatWasTried(command, incident))
  return { story: recordAll(story, command.by.person, refusal), decision }
}

function recordAll({ incident, recorded, ...world }: Story, actor: Actor, events: readonly IncidentEvent[]): Story {
  const added = events.map((event, index): Recorded => {
    const seq = recorded.length + index + 1
    // The ledger's hash is not the rules' business; here it only has to differ from entry to entry.
    return roundTrip({
      seq,
      incident: 'INC-1' as IncidentId,
      at: world.now,
      actor,
      hash: digestOf([seq, event]),
      event,
    })
  })
  return { ...world, incident: added.reduce(evolve, incident), recorded: [...recorded, ...added] }
}

function actorOf(command: Command): Actor {
  if ('by' in command) return command.by.person
  if (command.type === 'RecordOutcome') return { worker: command.worker }
  const isTheirs = command.type === 'RecordMessage' || command.type === 'RecordEdit'
  return isTheirs && command.person !== undefined ? command.person : { program: 'autentico' }
}

/** Plays a whole story. A refused command is a mistake in the test, and says so. */
export function play(...acts: readonly (Turn | Recorded)[]): Story & { readonly incident: OpenedIncident } {
  const { incident, ...story } = acts.reduce(turn, beginning)
  return { ...story, incident: opened(incident) }
}

function turn(story: Story, act: Turn | Recorded): Story {
  if (typeof act === 'object' && 'seq' in act) {
    return { ...story, incident: evolve(story.incident, act), recorded: [...story.recorded, act], now: act.at }
  }
  if (typeof act === 'object' && 'passes' in act) return { ...story, now: later(story.now, act.passes) }
  if (typeof act === 'object' && ('policy' in act || 'alsoOpen' in act)) return { ...story, ...act }
  if (typeof act === 'object' && 'refused' in act) return execute(story, act.refused(opened(story.incident))).story
  const command = typeof act === 'function' ? act(opened(story.incident)) : act
  const { story: next, decision } = execute(story, command)
  if (decision.kind === 'refused') throw new Error(`the story stops at ${command.type}: ${decision.sentence}`)
  return next
}

function opened(incident: Incident): OpenedIncident {
  if (incident.status === 'unopened') throw new Error('the story has not opened an incident')
  return incident
}

type Outcome = {
  /** Exactly these events, in this order. A type alone stands for any event of that type. */
  readonly happens: (...events: readonly (IncidentEvent | EventType)[]) => void
  /** It was turned down for this reason, and what the sentence says about this case. */
  readonly isRefused: (code: RefusalCode, about?: About) => void
}

/**
 * `given(acts, or recorded facts).when(command).happens(events)`, or `.isRefused(reason)`. The command arrives at the moment
 * the story has got to, unless another moment is given.
 */
export function given(...history: readonly (Turn | Recorded)[]): {
  when: (command: Command | Pressed, now?: string) => Outcome
} {
  const story = history.reduce(turn, beginning)
  return {
    when(asked, now = story.now) {
      const command = typeof asked === 'function' ? asked(opened(story.incident)) : asked
      const decision = decide(story.incident, command, around(now, story.alsoOpen, story.policy))
      return {
        happens(...events) {
          const expected = events.map((event): unknown =>
            typeof event === 'string' ? expect.objectContaining({ type: event }) : event,
          )
          expect(decision).toEqual({ kind: 'accepted', events: expected })
        },
        isRefused(code, about) {
          expect(decision).toMatchObject({ kind: 'refused', refusal: about === undefined ? { code } : { code, about } })
          expect(decision).toHaveProperty('sentence', expect.stringMatching(/\S/))
        },
      }
    },
  }
}
