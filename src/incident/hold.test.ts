import { describe, expect, test } from 'vitest'
import { around, given, play } from '../../test/support/given.ts'
import {
  type Act,
  alice,
  applied,
  approves,
  asks,
  asksToResume,
  check,
  closes,
  contained,
  denies,
  doneResult,
  effect,
  expires,
  firstThreeProven,
  held,
  holds,
  lifted,
  minute,
  newestRequest,
  notifies,
  openOrder,
  opens,
  passes,
  person,
  proven,
  reports,
  running,
  settles,
  snapshots,
  standing,
  steps,
  stops,
  storyHold,
  underWay,
  unproven,
  withdraws,
} from '../../test/support/stories.ts'
import { opensWhole } from '../../test/support/whole-instance.ts'
import type { IncidentId } from './events.ts'
import { holdsDue } from './hold.ts'
import { holdInForce } from './hold-state.ts'
import type { OpenedIncident } from './state.ts'

/** Another open incident about the same account. */
function elsewhere(...acts: readonly Act[]): OpenedIncident {
  return { ...play(...acts).incident, id: 'INC-2' as IncidentId }
}

const phase = (...acts: readonly Act[]) => holdInForce(play(...acts).incident)?.phase ?? 'over'
const failed = (sort: 'hold' | 'lift', more: { readonly begun?: true; readonly retry?: boolean } = {}) =>
  reports(sort, { kind: 'failed', sentence: 'No answer.', retry: true, ...more })

describe('one responder alone puts the target on hold', () => {
  test('at once: who, until when, and the order are one decision', () => {
    given(...underWay)
      .when(holds())
      .happens(
        {
          type: 'HoldPlaced',
          request: newestRequest(play(...held).incident).id,
          by: person('ana'),
          identity: { email: 'ana@acme.test' },
          endsAt: minute(30),
        },
        'StepRequested',
        expect.objectContaining({ type: 'RequestShown', expiresAt: minute(30) }) as never,
        { type: 'WorkOrdered', mode: 'run', action: 'hold-account', request: newestRequest(play(...held).incident).id },
      )
  })

  test('for as long as the policy says', () => {
    given({ policy: storyHold({ lengthMs: 5 * 60_000 }) }, ...underWay)
      .when(holds())
      .happens(
        expect.objectContaining({ type: 'HoldPlaced', endsAt: minute(5) }) as never,
        'StepRequested',
        'RequestShown',
        'WorkOrdered',
      )
  })

  test('only in a group that the policy names for it', () => {
    given({ policy: storyHold({ by: ['security'] }) }, ...underWay)
      .when(holds())
      .isRefused('not_a_holder', { what: '@security' })
  })

  test('an empty list grants nobody', () => {
    given({ policy: storyHold({ by: [] }) }, ...underWay)
      .when(holds())
      .isRefused('not_a_holder')
  })

  test('not where the policy allows no holds', () => {
    given({ policy: storyHold({ allowed: false }) }, ...underWay)
      .when(holds())
      .isRefused('hold_not_allowed')
  })

  test('a guest cannot, whatever group they are in', () => {
    given(...underWay)
      .when(holds('gil', { groups: ['responders'] }))
      .isRefused('person_is_guest')
  })

  test('the target cannot', () => {
    given(...underWay)
      .when(holds('alice', { groups: ['responders'] }))
      .isRefused('person_is_target')
  })

  test('nobody whose own account is at stake in another open incident', () => {
    const other = { ...elsewhere(...underWay), target: { ...alice, id: 'x', email: 'ana@acme.test' } } as OpenedIncident
    given(...underWay, { alsoOpen: [other] })
      .when(holds())
      .isRefused('target_elsewhere')
  })

  test('Autentico as a whole cannot be held', () => {
    given(opensWhole()).when(holds()).isRefused('hold_needs_account')
  })

  test('not before the account was read: a hold ends the sessions that are evidence', () => {
    given(opens()).when(holds()).isRefused('snapshot_first')
  })

  test('where the reading failed, stopping an attacker comes first', () => {
    given(opens(), reports('snapshot', { kind: 'failed', sentence: 'No answer.', retry: true }))
      .when(holds())
      .happens('HoldPlaced', 'StepRequested', 'RequestShown', 'WorkOrdered')
  })

  test('not while the work is stopped', () => {
    given(...underWay, stops())
      .when(holds())
      .isRefused('work_stopped')
  })
})

describe('a hold cannot be stretched by the one who placed it', () => {
  test('there is one at a time', () => {
    given(...held)
      .when(holds('bao'))
      .isRefused('hold_in_force', { who: 'alice', what: 'placed by @ana in INC-1, until 2026-11-23 03:30:00 UTC' })
  })

  test('not again after it ran out', () => {
    given(...held, passes(30), expires, settles, lifted)
      .when(holds())
      .isRefused('hold_not_renewable')
  })

  test('not by another Slack identity of the same account', () => {
    given(...held, withdraws(), settles, lifted)
      .when(holds('bao', { email: 'ana@acme.test' }))
      .isRefused('hold_not_renewable')
  })

  test('not by way of another open incident about the same account', () => {
    given(...underWay, { alsoOpen: [elsewhere(...held, withdraws(), settles, lifted)] })
      .when(holds())
      .isRefused('hold_not_renewable')
  })

  test('while one is in force in another incident, nobody places a second', () => {
    given(...underWay, { alsoOpen: [elsewhere(...held)] })
      .when(holds('bao'))
      .isRefused('hold_in_force')
  })

  test('somebody else may place the next one', () => {
    given(...held, passes(30), expires, settles, lifted)
      .when(holds('bao'))
      .happens('HoldPlaced', 'StepRequested', 'RequestShown', 'WorkOrdered')
  })

  test('what a worker refused before it changed anything was none', () => {
    given(...underWay, holds(), failed('hold', { retry: false }))
      .when(holds())
      .happens('HoldPlaced', 'StepRequested', 'RequestShown', 'WorkOrdered')
  })
})

describe('a second person', () => {
  test('confirms it, and the account stays suspended', () => {
    given(...held)
      .when(approves())
      .happens('StepApproved', {
        type: 'HoldConfirmed',
        request: newestRequest(play(...held).incident).id,
        by: [person('ana'), person('bao')],
      })
    const { incident } = play(...held, approves(), passes(60), expires)
    expect(incident.suspendedAt).toBe(minute(0))
    expect(holdsDue(incident, { ...around(minute(90)), open: [incident] })).toBe(false)
  })

  test('is two of them where the policy says so, and each says why where it asks for that', () => {
    const policy = storyHold({})
    const strict = { ...policy, rules: { 'hold-account': { ...policy.standard, approvals: 2, reason: true } } }
    const asked: readonly Act[] = [{ policy: strict }, ...held]
    given(...asked)
      .when(approves())
      .isRefused('reason_missing')
    const first = approves(standing('bao'), { reason: 'I saw the log.' })
    given(...asked)
      .when(first)
      .happens('ApprovalGiven')
    given(...asked, first)
      .when(approves(standing('chi'), { reason: 'So did I.', earlier: [standing('bao')] }))
      .happens(
        'StepApproved',
        expect.objectContaining({ type: 'HoldConfirmed', by: [person('ana'), person('bao'), person('chi')] }) as never,
      )
  })

  test('is never the one who placed it', () => {
    given(...held)
      .when(approves(standing('ana')))
      .isRefused('approver_is_requester')
  })

  test('is never another Slack identity of that person', () => {
    given(...held)
      .when(approves(standing('bao', { email: 'ana@acme.test' })))
      .isRefused('approver_same_account')
  })

  test('is never the target', () => {
    given(...held)
      .when(approves(standing('alice', { groups: ['approvers'], approver: true })))
      .isRefused('person_is_target')
  })

  test('comes too late once its time is over', () => {
    given(...held, passes(30))
      .when(approves())
      .isRefused('request_expired')
  })

  test('may end it early, with a reason', () => {
    expect(phase(...held, denies())).toBe('ending')
    given(...held, denies())
      .when(settles)
      .happens(expect.objectContaining({ type: 'WorkOrdered', action: 'lift-hold' }) as never)
  })

  test('who is in no group that may deny cannot end it', () => {
    given(...held)
      .when(denies(standing('chi', { approver: false })))
      .isRefused('not_an_approver')
  })
})

describe('a hold that is over', () => {
  test('is lifted by itself when its time has come, once', () => {
    const over = [...held, passes(30), expires]
    given(...over)
      .when(settles)
      .happens({
        type: 'WorkOrdered',
        mode: 'run',
        action: 'lift-hold',
        request: newestRequest(play(...held).incident).id,
      })
    given(...over, settles)
      .when(settles)
      .happens()
    expect(phase(...over, settles, lifted)).toBe('over')
    given(...over, settles, lifted)
      .when(settles)
      .happens()
  })

  test('may be taken back by the one who placed it', () => {
    given(...held, withdraws())
      .when(settles)
      .happens('WorkOrdered')
  })

  test('gives nothing back that was suspended before', () => {
    given(...underWay, holds(), applied('no'), withdraws())
      .when(settles)
      .happens(
        expect.objectContaining({
          type: 'HoldLifted',
          did: ['alice was suspended before the hold, and stays so.'],
        }) as never,
      )
  })

  test('waits until the placing has ended', () => {
    given(...underWay, holds(), withdraws())
      .when(settles)
      .happens()
  })

  test('is lifted although the placing failed, if it had begun', () => {
    const begun = [...underWay, holds(), failed('hold', { begun: true })]
    expect(phase(...begun)).toBe('ending')
    given(...begun)
      .when(settles)
      .happens('WorkOrdered')
  })

  test('has nothing to lift where the placing failed before it began', () => {
    expect(phase(...underWay, holds(), failed('hold'))).toBe('over')
  })

  test('waits while the work is stopped, and is lifted when it goes on', () => {
    const stopped = [...held, stops(), passes(30), expires]
    given(...stopped)
      .when(settles)
      .happens()
    given(...stopped, asksToResume(), approves(standing('bao')))
      .when(settles)
      .happens('WorkOrdered')
  })

  test('is tried again in a minute when lifting it failed', () => {
    const once = [...held, withdraws(), settles, failed('lift')]
    given(...once)
      .when(settles)
      .happens()
    given(...once, passes(1))
      .when(settles)
      .happens('WorkOrdered')
  })

  test('not shown as active, it is tried again as well', () => {
    const open = reports('lift', doneResult({ checks: [check('lift-hold', false)] }))
    expect(phase(...held, withdraws(), settles, open)).toBe('ending')
    given(...held, withdraws(), settles, open, passes(1))
      .when(settles)
      .happens('WorkOrdered')
  })

  test('is left to people where trying by itself does not help', () => {
    const stuck = [...held, withdraws(), settles, failed('lift', { retry: false })]
    expect(phase(...stuck)).toBe('stuck')
    given(...stuck, passes(5))
      .when(settles)
      .happens()
    given(...stuck)
      .when((incident) => ({ type: 'LiftAgain', by: standing('chi'), request: newestRequest(incident).id }))
      .happens('WorkOrdered')
  })

  test('the same outcome twice changes nothing', () => {
    const { incident } = play(...held, withdraws(), settles)
    const order = openOrder(incident, 'lift')
    given(...held, withdraws(), settles, lifted)
      .when({ type: 'RecordOutcome', worker: 'worker-2', order, result: doneResult({ checks: [check('lift-hold')] }) })
      .isRefused('order_unknown')
  })
})

describe('what two people decide about the account', () => {
  const heldLate: readonly Act[] = [...firstThreeProven, holds(), applied()]
  const suspends: readonly Act[] = [
    ...unproven(steps.passkeys),
    asks(steps.passkeys, { kind: 'suspend' }),
    reports('prepare', { kind: 'prepared', effect: effect() }),
  ]
  const suspended: Act = reports('run', doneResult({ checks: [check('suspend-account')] }))

  test('a suspension takes the place of the hold, which lifts nothing any more', () => {
    const story = [...heldLate, ...suspends, approves(), suspended]
    expect(phase(...story)).toBe('over')
    given(...story, passes(60))
      .when(settles)
      .happens()
  })

  test('no lift is begun while the suspension is with the workers', () => {
    given(...heldLate, ...suspends, approves(), passes(30), expires)
      .when(settles)
      .happens()
  })

  test('no suspension is approved while the hold is being lifted', () => {
    given(...heldLate, ...suspends, (incident) => endsHold(incident), settles)
      .when(approves())
      .isRefused('hold_being_lifted')
  })

  test('a suspension in another incident holds as well', () => {
    const other = elsewhere(...firstThreeProven, ...suspends, approves(), suspended)
    given(...held, withdraws(), { alsoOpen: [other] })
      .when(settles)
      .happens({
        type: 'HoldSuperseded',
        request: newestRequest(play(...held).incident).id,
        why: 'alice stays suspended, as decided in INC-2.',
      })
  })

  test('access that is given back ends the hold', () => {
    const story: readonly Act[] = [
      ...contained,
      holds(),
      applied(),
      notifies,
      ...running(steps.notify),
      reports('run', doneResult({ checks: [check('restore-access')] })),
    ]
    expect(phase(...story)).toBe('over')
  })

  test('a password is not reset while the account is on hold: Autentico changes nothing about a suspended one', () => {
    given(...held, ...proven(steps.sessions))
      .when(asks(steps.password))
      .isRefused('hold_in_the_way')
  })
})

describe('closing', () => {
  const skipsRest: Act = { ...asks(steps.sessions), kind: 'skip-rest', reason: 'A test account.' }

  test('waits for the hold to be confirmed or over', () => {
    given(...underWay, skipsRest, approves(), holds(), applied())
      .when(closes())
      .isRefused('requests_open', { what: '“Keep alice suspended”' })
  })

  test('waits until the account is active again', () => {
    given(...underWay, skipsRest, approves(), holds(), applied(), withdraws())
      .when(closes())
      .isRefused('work_in_flight')
  })

  test('goes on once it is', () => {
    given(...underWay, skipsRest, approves(), holds(), applied(), withdraws(), settles, lifted)
      .when(closes())
      .happens('IncidentClosed')
  })
})

test('an old ledger without holds folds as before', () => {
  const { incident } = play(opens(), snapshots)
  expect([...incident.holds.values(), ...incident.glass.values()]).toEqual([])
})

/** Ana takes her hold back, although a newer request is open. */
function endsHold(incident: OpenedIncident): Extract<Act, { type: 'WithdrawRequest' }> {
  const [request] = [...incident.holds.keys()]
  if (request === undefined) throw new Error('there is no hold')
  return { type: 'WithdrawRequest', by: standing('ana'), request }
}
