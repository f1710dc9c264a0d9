import { describe, expect, test } from 'vitest'
import { given, play } from '../../test/support/given.ts'
import {
  type Act,
  approves,
  doneResult,
  openOrder,
  type Pressed,
  reports,
  running,
  settlesWithdrawal,
  shownRequest,
  standing,
  steps,
  stops,
  type Turn,
  underWay,
  withdraws,
} from '../../test/support/stories.ts'
import { type OpenedIncident, stepState } from './state.ts'

const approved: readonly Act[] = [...underWay, ...running(steps.sessions)]
const takingBack: readonly Act[] = [...approved, withdraws()]
const request = (incident: OpenedIncident) => incident.requests.get('r1' as never)

/** What a worker says of the order that ran for the request, whatever became of it. */
const late = (result: Parameters<typeof reports>[1]): Pressed => {
  const id = openOrder(play(...approved).incident, 'run')
  return () => ({ type: 'RecordOutcome', worker: 'worker-1', order: id, result })
}

describe('an approved request that nobody has begun', () => {
  test('may be withdrawn by who asked, and is then taken out of the queue', () => {
    const { incident } = play(...approved)
    const order = openOrder(incident, 'run')
    given(...approved)
      .when(withdraws())
      .happens({
        type: 'WithdrawalBegun',
        request: 'r1' as never,
        step: steps.sessions,
        order,
        by: standing('ana').person,
      })
  })

  test('may not be withdrawn by who approved it', () => {
    given(...approved)
      .when(withdraws(standing('bao')))
      .isRefused('not_the_requester')
  })

  test('ends as withdrawn once the queue says that nobody had begun, and the step can be asked for again', () => {
    const { incident } = play(...takingBack, settlesWithdrawal(true))
    expect(request(incident)?.end).toMatchObject({ kind: 'withdrawn', by: { name: 'ana' } })
    expect(request(incident)?.approvals).toHaveLength(1)
    expect([...incident.orders.values()]).toEqual([])
    expect(stepState(incident, steps.sessions)).toEqual({ status: 'waiting' })
    given(...takingBack, settlesWithdrawal(true), ...shownRequest(steps.sessions))
      .when(approves())
      .happens('StepApproved', 'WorkOrdered')
  })

  test('goes on when a worker was faster, and whoever wanted it back is told', () => {
    const { incident } = play(...takingBack, settlesWithdrawal(false))
    expect(stepState(incident, steps.sessions).status).toBe('running')
    given(...takingBack, settlesWithdrawal(false), reports('run', { kind: 'started', attempt: 1 }))
      .when(reports('run', doneResult()))
      .happens('StepDone')
  })

  test('is not taken back twice at once', () => {
    given(...takingBack)
      .when(withdraws())
      .isRefused('withdrawal_begun')
  })

  test('may be withdrawn while the work is stopped', () => {
    given(...approved, stops())
      .when(withdraws())
      .happens('WithdrawalBegun')
  })
})

describe('it is too late once', () => {
  const begun: Readonly<Record<string, readonly Turn[]>> = {
    'a worker has taken it': [...approved, reports('run', { kind: 'started', attempt: 1 })],
    'a worker waits with it': [...approved, reports('run', { kind: 'waiting', why: 'Autentico is away.', attempt: 1 })],
    'a worker was halted in the middle of it': [
      ...approved,
      stops(),
      reports('run', { kind: 'halted', begun: true, attempt: 1 }),
    ],
  }
  test.each(Object.entries(begun))('%s', (_when, story) => {
    given(...story)
      .when(withdraws())
      .isRefused('execution_begun')
  })

  test('it is done', () => {
    given(...approved, reports('run', doneResult()))
      .when(withdraws())
      .isRefused('already_decided')
  })
})

describe('what a worker reports of an order that was taken back', () => {
  const takenBack = [...takingBack, settlesWithdrawal(true)]

  test('is on record where it changed something all the same: a fact wins', () => {
    given(...takenBack)
      .when(late(doneResult()))
      .happens('StepDone')
  })

  test('is not believed where it is nothing but its beginning', () => {
    given(...takenBack)
      .when(late({ kind: 'started', attempt: 1 }))
      .isRefused('order_unknown')
  })

  test('and an outcome that came before the queue was asked ends it: there is nothing left to take back', () => {
    const settles = settlesWithdrawal(true)(play(...takingBack).incident)
    given(...takingBack, reports('run', doneResult()))
      .when(settles)
      .isRefused('order_unknown')
  })
})
