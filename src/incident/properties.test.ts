import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { around, digestOf, isSame, roundTrip, standard } from '../../test/support/given.ts'
import { moves, playOut, type Turn } from '../../test/support/moves.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import type { EventType, IncidentEvent, Recorded } from './events.ts'
import { evolve } from './evolve.ts'
import { holdInForce } from './hold-state.ts'
import { isPerson, type Person, samePerson } from './people.ts'
import {
  containmentSteps,
  type OpenedIncident,
  openRequests,
  orderIdOf,
  type StepState,
  stepState,
  unopened,
} from './state.ts'
import type { OrderId, RequestId } from './work.ts'

const runs = { seed: 20261123, numRuns: 600 } as const

const stories = fc.sample(moves, runs).map((all) => ({ all, turns: playOut(all) }))

/** No story breaks the rule. They are played once for all rules; one that breaks a rule is played again, to find a short one. */
function expectNever(breaches: (turns: readonly Turn[]) => readonly unknown[]): void {
  const broken = stories.find(({ turns }) => breaches(turns).length > 0)
  if (broken !== undefined) {
    const property = fc.property(moves, (all) => breaches(playOut(all)).length === 0)
    // Only the search for a shorter story is cut short, never the finding.
    fc.assert(property, { ...runs, examples: [[broken.all]], plugins: [fc.interruptAfterTimeLimit(3_000)] })
  }
  expect(broken).toBeUndefined()
}

describe('the stories get far enough to mean something', () => {
  const kinds = stories.flatMap(({ turns }) => turns.map(({ decision }) => decision.kind))
  const types = stories.flatMap(({ turns }) => lastOf(turns).map(({ event }) => event.type))

  test('many commands are accepted, and many are not', () => {
    const share = kinds.filter((kind) => kind === 'accepted').length / kinds.length
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.9)
  })

  test.each<[EventType, number]>([
    ['StepApproved', 1000],
    ['ApprovalVoided', 100],
    ['StepDone', 1000],
    ['StepSkipped', 100],
    ['StepAttested', 10],
    ['RequestExpired', 100],
    ['RequestReminded', 20],
    ['StepDenied', 20],
    ['RequestWithdrawn', 20],
    ['SweepDone', 100],
    ['IncidentContained', 20],
    ['SecretShown', 5],
    ['SecretDestroyed', 5],
    ['IncidentClosed', 50],
    ['HoldPlaced', 100],
    ['HoldApplied', 100],
    ['HoldConfirmed', 20],
    ['HoldLifted', 50],
    ['ClickRefused', 1000],
  ])('%s happens', (type, atLeast) => {
    expect(types.filter((seen) => seen === type).length).toBeGreaterThanOrEqual(atLeast)
  })
})

describe('whatever people, workers and the clock do, it never happens that', () => {
  test('a rule throws', () => {
    expectNever((turns) => turns.filter(({ thrown }) => thrown !== undefined))
  })

  test('somebody is refused without a sentence', () => {
    expectNever((turns) =>
      turns.filter(({ decision }) => decision.kind === 'refused' && decision.sentence.trim() === ''),
    )
  })

  test('somebody approves their own request', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      return recorded.filter(
        ({ event, actor }) =>
          event.type === 'StepApproved' &&
          !(isPerson(actor) && !samePerson(actor, requesterOf(recorded, event.request))),
      )
    })
  })

  test('the target, a guest or an outsider moves anything', () => {
    expectNever((turns) =>
      lastOf(turns).filter(
        ({ actor, event }) => isPerson(actor) && strangers.includes(actor.name) && !ofRefusal.includes(event.type),
      ),
    )
  })

  test('something that changes the account runs without a second person’s approval of exactly what was shown', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      return recorded.filter(
        ({ event }, index) =>
          event.type === 'WorkOrdered' &&
          event.mode === 'run' &&
          event.step !== undefined &&
          !approvedAsShown(recorded.slice(0, index), event.request),
      )
    })
  })

  test('a step is proven, skipped or vouched for without an approval', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      return recorded.filter(({ event }, index) => {
        if (event.type === 'StepSkipped' || event.type === 'StepAttested') {
          return !approvedAsShown(recorded.slice(0, index), event.request)
        }
        return event.type === 'StepDone' && !approvedAsShown(recorded.slice(0, index), requestOf(recorded, event.order))
      })
    })
  })

  test('an approval of something else than what is shown is taken', () => {
    expectNever((turns) =>
      turns.filter(({ command, decision, before: { incident } }) => {
        if (command.type !== 'ApproveRequest' || decision.kind === 'refused') return false
        return (
          incident.status === 'unopened' || incident.requests.get(command.request)?.shown?.digest !== command.digest
        )
      }),
    )
  })

  test('a request that has ended is shown', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      return recorded.filter(({ event }, index) => {
        if (event.type !== 'RequestShown') return false
        return recorded
          .slice(0, index)
          .some(
            ({ event: earlier }) =>
              ends.includes(earlier.type) && 'request' in earlier && earlier.request === event.request,
          )
      })
    })
  })

  test('an approval is used twice', () => {
    expectNever((turns) =>
      twice(lastOf(turns).flatMap(({ event }) => (event.type === 'StepApproved' ? [event.request] : []))),
    )
  })

  test('a step has two open requests', () => {
    expectNever((turns) => opened(turns).flatMap((incident) => twice(openRequests(incident).map(({ step }) => step))))
  })

  test('a step hangs: it waits for a decision without a request, or runs without an order', () => {
    expectNever((turns) => opened(turns).flatMap(hanging))
  })

  test('“contained” is said before every containment step is proven and the sweep is clean', () => {
    expectNever((turns) =>
      turns.filter(({ decision, after: { incident } }) => {
        if (!brought(decision, ({ type }) => type === 'IncidentContained') || incident.status === 'unopened')
          return false
        const proven = containmentSteps(incident).every(({ id }) => stepState(incident, id).status === 'proven')
        return !proven || incident.sweep.status !== 'clean'
      }),
    )
  })

  test('access is given back before the user was told, or while a sweep is due or has found something', () => {
    expectNever((turns) =>
      turns.filter(({ decision, before: { incident } }) => {
        const restores = brought(
          decision,
          (event) => event.type === 'WorkOrdered' && event.mode === 'run' && event.action === 'restore-access',
        )
        if (!restores || incident.status === 'unopened') return false
        return (
          incident.notification === undefined || incident.sweep.status === 'due' || incident.sweep.status === 'found'
        )
      }),
    )
  })

  test('people are reminded of a request sooner than twice the wait before, or of one that has ended', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      return recorded.filter(({ event, at }, index) => {
        if (event.type !== 'RequestReminded') return false
        const earlier = recorded.slice(0, index).map(({ event: one }) => one)
        const same = recorded
          .slice(0, index)
          .filter(({ event: one }) => 'request' in one && one.request === event.request)
          .filter(({ event: one }) => one.type === 'RequestReminded' || one.type === 'RequestShown')
        const due = around(at).later(same.at(-1)?.at ?? at, 2 * 60_000 * 2 ** (same.length - 1))
        const isOver = earlier.some(
          (one) => ends.includes(one.type) && 'request' in one && one.request === event.request,
        )
        return isOver || at < due
      })
    })
  })

  test('an account is held on one word for longer than once, or without saying so', () => {
    expectNever((turns) => {
      const recorded = lastOf(turns)
      const events = recorded.map(({ event }) => event)
      const untouched = events.flatMap((event) =>
        event.type === 'HoldFailed' && event.action === 'hold-account' && !event.begun ? [event.request] : [],
      )
      const placed = events.flatMap((event) =>
        event.type === 'HoldPlaced' && !untouched.includes(event.request) ? [event] : [],
      )
      const unsaid = events.filter(
        (event, index) =>
          event.type === 'WorkOrdered' &&
          event.action === 'hold-account' &&
          !events.slice(0, index).some((one) => one.type === 'HoldPlaced' && one.request === event.request),
      )
      return [...twice(placed.map(({ by }) => by.slack.user)), ...unsaid]
    })
  })

  test('a hold that a second person confirmed is lifted, or one is lifted before it is over', () => {
    expectNever((turns) => {
      const events = lastOf(turns).map(({ event }) => event)
      return events.filter((event, index) => {
        if (event.type !== 'WorkOrdered' || event.action !== 'lift-hold') return false
        const earlier = events.slice(0, index).filter((one) => 'request' in one && one.request === event.request)
        const isOver = ['StepDenied', 'RequestWithdrawn', 'RequestExpired', 'HoldFailed']
        return earlier.some(({ type }) => type === 'StepApproved') || !earlier.some(({ type }) => isOver.includes(type))
      })
    })
  })

  test('a hold makes an account active that was suspended before it', () => {
    expectNever((turns) => {
      const events = lastOf(turns).map(({ event }) => event)
      return events.filter(
        (event, index) =>
          event.type === 'WorkOrdered' &&
          event.action === 'lift-hold' &&
          events
            .slice(0, index)
            .some((one) => one.type === 'HoldApplied' && one.request === event.request && !one.wasActive),
      )
    })
  })

  test('an incident is closed while the account is on hold', () => {
    expectNever((turns) =>
      opened(turns).filter((incident) => {
        const phase = incident.status === 'closed' ? holdInForce(incident)?.phase : undefined
        return phase !== undefined && phase !== 'confirmed' && phase !== 'stuck'
      }),
    )
  })

  test('a secret is shown twice', () => {
    expectNever((turns) =>
      twice(lastOf(turns).flatMap(({ event }) => (event.type === 'SecretShown' ? [event.order] : []))),
    )
  })

  test('anything but the record goes on after the close', () => {
    const allowed: readonly EventType[] = [
      'CheckpointSigned',
      'ThreadStarted',
      'ForgeryRefused',
      'RecordDoubted',
      'PackRequested',
      ...ofRefusal,
    ]
    expectNever((turns) => {
      const types = lastOf(turns).map(({ event }) => event.type)
      const close = types.indexOf('IncidentClosed')
      return close === -1 ? [] : types.slice(close + 1).filter((type) => !allowed.includes(type))
    })
  })

  test('something is left sealed, running or asked for at the close', () => {
    expectNever((turns) =>
      opened(turns)
        .filter(({ status }) => status === 'closed')
        .flatMap((incident) => [
          ...(incident.secret?.state === 'sealed' ? [incident.secret] : []),
          ...openRequests(incident),
          ...[...incident.orders.values()].filter(({ step }) => step !== undefined),
        ]),
    )
  })

  test('folding the record from scratch, out of plain JSON, gives another state', () => {
    expectNever((turns) =>
      turns
        .slice(-1)
        .filter(({ after }) => !isSame(roundTrip(after.recorded).reduce(evolve, unopened), after.incident)),
    )
  })

  test('an event does not survive JSON as it is', () => {
    expectNever((turns) =>
      turns
        .flatMap(({ decision }) => (decision.kind === 'accepted' ? decision.events : []))
        .filter((event) => !isSame(roundTrip(event), event)),
    )
  })

  test('deciding again decides something else', () => {
    expectNever((turns) =>
      turns.filter(
        ({ command, decision, before }) => !isSame(decide(before.incident, command, around(before.now)), decision),
      ),
    )
  })
})

const ends: readonly EventType[] = [
  'StepApproved',
  'StepDenied',
  'RequestWithdrawn',
  'RequestExpired',
  'ApprovalVoided',
]
const ofRefusal: readonly EventType[] = ['ClickRefused', 'ApprovalProbed']
const strangers: readonly string[] = ['alice', 'gil', 'olu']

function lastOf(turns: readonly Turn[]): readonly Recorded[] {
  return turns.at(-1)?.after.recorded ?? []
}

/** The incident after every turn. */
function opened(turns: readonly Turn[]): readonly OpenedIncident[] {
  return turns.flatMap(({ after: { incident } }) => (incident.status === 'unopened' ? [] : [incident]))
}

function brought(decision: Decision, is: (event: IncidentEvent) => boolean): boolean {
  return decision.kind === 'accepted' && decision.events.some(is)
}

function twice<T>(items: readonly T[]): readonly T[] {
  return items.filter((item, index) => items.indexOf(item) !== index)
}

function requesterOf(recorded: readonly Recorded[], id: RequestId): Person {
  const asked = recorded.flatMap(({ event }) => (event.type === 'StepRequested' && event.request === id ? [event] : []))
  const [first] = asked
  if (first === undefined) throw new Error(`${id} was never asked for`)
  return first.requester
}

/** The request that an order was given for. */
function requestOf(recorded: readonly Recorded[], order: OrderId): RequestId | undefined {
  const ordered = recorded.find(({ seq, incident }) => orderIdOf(incident, seq) === order)?.event
  return ordered?.type === 'WorkOrdered' ? ordered.request : undefined
}

/** Read from the events alone: shown, and approved by somebody else for the digest of exactly what was shown. */
function approvedAsShown(earlier: readonly Recorded[], id: RequestId | undefined): boolean {
  if (id === undefined) return false
  const opening = earlier[0]?.event
  const asked = earlier.find(({ event }) => event.type === 'StepRequested' && event.request === id)?.event
  const shown = earlier.findLast(({ event }) => event.type === 'RequestShown' && event.request === id)?.event
  const approval = earlier.findLast(({ event }) => event.type === 'StepApproved' && event.request === id)
  if (opening?.type !== 'IncidentOpened' || asked?.type !== 'StepRequested' || shown?.type !== 'RequestShown')
    return false
  if (approval?.event.type !== 'StepApproved' || !isPerson(approval.actor)) return false
  const digest = digestOf({
    incident: 'INC-1',
    playbook: digestOf(opening.playbook),
    target: opening.target.id,
    request: id,
    step: asked.step,
    kind: asked.kind,
    action: asked.action,
    reason: asked.reason,
    effect: shown.effect,
    rule: standard.standard,
    policy: digestOf(standard),
  })
  return approval.event.digest === digest && shown.digest === digest && !samePerson(approval.actor, asked.requester)
}

function hanging(incident: OpenedIncident): readonly StepState[] {
  const steps = [...incident.steps.values()].filter((state) => {
    if (state.status === 'running') return !incident.orders.has(state.order)
    if (state.status !== 'requested') return false
    const request = incident.requests.get(state.request)
    const looking = [...incident.orders.values()].some((order) => order.request === state.request)
    return request?.end.kind !== 'open' || (request.shown === undefined && !looking)
  })
  const { sweep } = incident
  return sweep.status === 'due' && !incident.orders.has(sweep.order) ? [...steps, { status: 'waiting' }] : steps
}
