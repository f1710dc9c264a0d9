import { describe, expect, test } from 'vitest'
import { given, play } from '../../test/support/given.ts'
import {
  allProven,
  approves,
  asks,
  check,
  closes,
  doneResult,
  effect,
  facts,
  newestRequest,
  notifies,
  openOrder,
  opens,
  proven,
  reports,
  running,
  settledByWord,
  shownRequest,
  standing,
  start,
  steps,
  swept,
  underWay,
  unproven,
} from '../../test/support/stories.ts'
import type { WorkResult } from './work.ts'

const runs = [...underWay, ...running(steps.sessions)]
const waits = (why: string): WorkResult => ({ kind: 'waiting', why, attempt: 1 })
const prepared: WorkResult = { kind: 'prepared', effect: effect() }
const changed: WorkResult = { kind: 'changed', effect: effect(), differences: ['4 sessions.'] }
const snapshot: WorkResult = { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] }

describe('an outcome', () => {
  test('proves the step when everything was read back', () => {
    expect(play(...underWay, ...proven(steps.sessions)).incident.steps.get(steps.sessions)).toEqual({
      status: 'proven',
      at: start,
      did: ['Did it.'],
      notes: [],
    })
  })

  test('with something that could not be read back leaves the step unproven, and says what', () => {
    expect(play(...underWay, ...unproven(steps.sessions)).incident.steps.get(steps.sessions)).toMatchObject({
      status: 'unproven',
      open: ['close-doors is open'],
    })
  })

  test('without any check proves nothing', () => {
    const { incident } = play(...runs, reports('run', doneResult({ checks: [] })))
    expect(incident.steps.get(steps.sessions)?.status).toBe('unproven')
  })

  test('of work that nobody ordered is not believed', () => {
    given(...runs)
      .when({ type: 'RecordOutcome', worker: 'worker-1', order: 'INC-1-99' as never, result: doneResult() })
      .isRefused('order_unknown')
  })

  test('is taken once', () => {
    const order = openOrder(play(...runs).incident, 'run')
    given(...runs, reports('run', doneResult()))
      .when({ type: 'RecordOutcome', worker: 'worker-2', order, result: doneResult() })
      .isRefused('order_unknown')
  })

  test('for an incident that never opened is not believed', () => {
    given()
      .when({ type: 'RecordOutcome', worker: 'worker-1', order: 'INC-1-2' as never, result: doneResult() })
      .isRefused('no_such_incident')
  })

  test('that arrives after the close changes nothing', () => {
    given(opens(), ...settledByWord(steps.sessions, 'skip-rest'), closes())
      .when(reports('snapshot', snapshot))
      .happens()
  })

  test('of a withdrawn request is not believed', () => {
    const asked = [...underWay, asks(steps.sessions)]
    const order = openOrder(play(...asked).incident, 'prepare')
    given(...asked, { type: 'WithdrawRequest', by: standing('ana'), request: 'r1' as never })
      .when({ type: 'RecordOutcome', worker: 'worker-1', order, result: prepared })
      .isRefused('order_unknown')
  })

  test('that failed leaves the step failed, with its sentence', () => {
    const { incident } = play(
      ...runs,
      reports('run', { kind: 'failed', sentence: 'alice is the last admin.', retry: false }),
    )
    expect(incident.steps.get(steps.sessions)).toEqual({
      status: 'failed',
      at: start,
      sentence: 'alice is the last admin.',
      retry: false,
    })
  })
})

describe('an outcome of another sort than what was ordered is not believed', () => {
  test('“done” for an order that was only to look would run around the approval', () => {
    given(...underWay, asks(steps.sessions))
      .when(reports('prepare', doneResult()))
      .isRefused('order_unknown')
  })

  test('a new effect for work that is running would change what was approved', () => {
    given(...runs)
      .when(reports('run', prepared))
      .isRefused('order_unknown')
  })

  test('a snapshot in place of a step would leave it running for ever', () => {
    given(...runs)
      .when(reports('run', snapshot))
      .isRefused('order_unknown')
  })

  test.each([
    ['an effect', prepared],
    ['a difference', changed],
    ['a sweep', doneResult()],
  ])('%s in place of a snapshot', (_what, result) => {
    given(opens()).when(reports('snapshot', result)).isRefused('order_unknown')
  })

  test.each([
    ['an effect', prepared],
    ['a difference', changed],
    ['a snapshot', snapshot],
  ])('%s in place of a sweep', (_what, result) => {
    given(...allProven)
      .when(reports('sweep', result))
      .isRefused('order_unknown')
  })

  test('a difference before anything was approved', () => {
    given(...underWay, asks(steps.sessions))
      .when(reports('prepare', changed))
      .isRefused('order_unknown')
  })
})

describe('waiting', () => {
  test('is said with its reason', () => {
    given(...runs)
      .when(reports('run', waits('Autentico does not answer')))
      .happens('WorkWaits')
  })

  test('for the same reason is no news', () => {
    given(...runs, reports('run', waits('Autentico does not answer')))
      .when(reports('run', waits('Autentico does not answer')))
      .happens()
  })

  test('for another reason is news', () => {
    given(...runs, reports('run', waits('Autentico does not answer')))
      .when(reports('run', waits('The sign-in was refused')))
      .happens('WorkWaits')
  })

  test('for the same reason is no news while a snapshot, a look or a sweep waits either', () => {
    const why = waits('Autentico does not answer')
    given(opens(), reports('snapshot', why)).when(reports('snapshot', why)).happens()
    given(...underWay, asks(steps.sessions), reports('prepare', why))
      .when(reports('prepare', why))
      .happens()
    given(...allProven, reports('sweep', why))
      .when(reports('sweep', why))
      .happens()
  })
})

describe('starting', () => {
  test('is recorded with its try', () => {
    given(...runs)
      .when(reports('run', { kind: 'started', attempt: 2 }))
      .happens({ type: 'WorkStarted', order: openOrder(play(...runs).incident, 'run'), attempt: 2 })
  })

  test('to look is not worth an entry', () => {
    given(...underWay, asks(steps.sessions))
      .when(reports('prepare', { kind: 'started', attempt: 1 }))
      .happens()
  })
})

describe('what the outcome leaves behind', () => {
  test('the moment of the first revocation', () => {
    const done = doneResult()
    expect(play(...runs, reports('run', done)).incident.firstRevokeAt).toBe(start)
  })

  test('the later of two moments at which access tokens end', () => {
    const ends = (accessTokensEndAt: string | null) => reports('run', doneResult({ accessTokensEndAt }))
    const late = '2026-11-23T04:00:00.000Z'
    const { incident } = play(...runs, ends(late), ...running(steps.password), ends('2026-11-23T03:30:00.000Z'))
    expect(incident.exposureEndsAt).toBe(late)
  })

  test('a suspension, which ends when access is restored', () => {
    const suspends = [
      ...running(steps.passkeys, { kind: 'suspend' }),
      reports('run', doneResult({ checks: [check('suspend-account')] })),
    ]
    const suspended = [
      ...underWay,
      ...proven(steps.sessions),
      ...proven(steps.password),
      ...proven(steps.mfa),
      ...unproven(steps.passkeys),
      ...suspends,
    ]
    expect(play(...suspended).incident.suspendedAt).toBe(start)
    const restores = [...running(steps.notify), reports('run', doneResult({ checks: [check('restore-access')] }))]
    expect(play(...suspended, ...swept(), notifies, ...restores).incident.suspendedAt).toBeUndefined()
  })

  test('a suspension that could not be read back does not count as one', () => {
    const { incident } = play(
      ...underWay,
      ...proven(steps.sessions),
      ...proven(steps.password),
      ...proven(steps.mfa),
      ...unproven(steps.passkeys),
      ...running(steps.passkeys, { kind: 'suspend' }),
      reports('run', doneResult({ checks: [check('suspend-account', false)] })),
    )
    expect(incident.suspendedAt).toBeUndefined()
  })

  test('a snapshot made after one that failed clears the failure', () => {
    const { incident } = play(
      opens(),
      reports('snapshot', { kind: 'failed', sentence: 'No.', retry: true }),
      { type: 'ReadAgain', by: standing('ana'), what: 'snapshot' },
      reports('snapshot', snapshot),
    )
    expect(incident.facts).toEqual(facts())
    expect(incident.snapshotFailed).toBeUndefined()
  })

  test('an approval that stays an approval when the work fails', () => {
    const { incident } = play(
      ...underWay,
      ...shownRequest(steps.sessions),
      approves(),
      reports('run', { kind: 'failed', sentence: 'No.', retry: true }),
    )
    expect(newestRequest(incident).end).toMatchObject({ kind: 'approved', by: { name: 'bao' } })
  })
})
