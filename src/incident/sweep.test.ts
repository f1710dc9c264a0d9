import { describe, expect, test } from 'vitest'
import { given, play } from '../../test/support/given.ts'
import {
  allProven,
  asks,
  check,
  contained,
  doneResult,
  firstThreeProven,
  minute,
  notifies,
  openOrder,
  passes,
  proven,
  reports,
  restored,
  running,
  settledByWord,
  standing,
  steps,
  sweepChecks,
  swept,
  underWay,
  unproven,
} from '../../test/support/stories.ts'

const again = { type: 'ReadAgain', by: standing('ana'), what: 'sweep' } as const

describe('the sweep', () => {
  test('is set for ten minutes after the last containment step', () => {
    given(...firstThreeProven, ...running(steps.passkeys))
      .when(reports('run', doneResult()))
      .happens('StepDone', { type: 'WorkOrdered', mode: 'run', action: 'sweep', notBefore: minute(10) })
  })

  test('is not set before the last containment step', () => {
    given(...underWay, ...running(steps.sessions))
      .when(reports('run', doneResult()))
      .happens('StepDone')
  })

  test('is set after skipping the rest when something was done before', () => {
    const { incident } = play(...underWay, ...proven(steps.sessions), ...settledByWord(steps.password, 'skip-rest'))
    expect(incident.sweep).toMatchObject({ status: 'due', at: minute(10) })
  })

  test('has nothing to prove when every step was skipped', () => {
    expect(play(...underWay, ...settledByWord(steps.sessions, 'skip-rest')).incident.sweep).toEqual({ status: 'none' })
  })

  test('that finds nothing makes the incident contained', () => {
    given(...allProven, passes(10))
      .when(reports('sweep', doneResult({ checks: sweepChecks() })))
      .happens('SweepDone', { type: 'IncidentContained' })
  })

  test('that finds nothing a second time says so, without another “contained”', () => {
    given(...contained, again)
      .when(reports('sweep', doneResult({ checks: sweepChecks() })))
      .happens('SweepDone')
  })

  test('over a skipped step is clean, but the incident is not contained', () => {
    const { incident } = play(
      ...underWay,
      ...proven(steps.sessions),
      ...settledByWord(steps.password, 'skip-rest'),
      ...swept('reset-mfa'),
    )
    expect(incident.sweep.status).toBe('clean')
    expect(incident.containedAt).toBeUndefined()
  })

  test('that read nothing back proves nothing', () => {
    const { incident } = play(...allProven, passes(10), reports('sweep', doneResult({ checks: [] })))
    expect(incident).toMatchObject({ sweep: { status: 'found', open: [expect.stringMatching(/\S/)] } })
    expect(incident.containedAt).toBeUndefined()
  })

  test('that left a proven step out proves nothing', () => {
    const checks = sweepChecks().filter(({ action }) => action !== 'reset-mfa')
    const { incident } = play(...allProven, passes(10), reports('sweep', doneResult({ checks })))
    expect(incident.sweep.status).toBe('found')
    expect(incident.containedAt).toBeUndefined()
  })

  test('that could not read something is not clean', () => {
    const checks = [...sweepChecks().slice(1), check('revoke-sessions', 'unknown')]
    const { incident } = play(...allProven, passes(10), reports('sweep', doneResult({ checks })))
    expect(incident.sweep).toEqual({ status: 'found', at: minute(10), open: ['revoke-sessions is open'] })
  })

  test('that could not be made leaves the steps as they were', () => {
    const { incident } = play(
      ...allProven,
      passes(10),
      reports('sweep', { kind: 'failed', sentence: 'No.', retry: true }),
    )
    expect(incident.steps.get(steps.sessions)?.status).toBe('proven')
    expect(incident.sweep.status).toBe('found')
  })
})

describe('a sweep that finds something', () => {
  const found = [...allProven, ...swept('revoke-sessions')]

  test('turns the step that no longer holds back, and only that one', () => {
    const { incident } = play(...found)
    expect([...incident.steps.values()].map(({ status }) => status)).toEqual([
      'unproven',
      'proven',
      'proven',
      'proven',
      'waiting',
    ])
  })

  test('takes “contained” back', () => {
    expect(play(...contained, again, ...swept('close-doors')).incident.containedAt).toBeUndefined()
  })

  test('is followed by doing the step again, a new sweep, and containment', () => {
    const { incident } = play(...found, ...proven(steps.sessions), ...swept())
    expect(incident.containedAt).toBe(minute(20))
  })

  test('sets the new sweep for ten minutes after the step was done again', () => {
    expect(play(...found, passes(5), ...proven(steps.sessions)).incident.sweep).toMatchObject({
      status: 'due',
      at: minute(25),
    })
  })

  test('is not forgotten by sweeping again with the finding still there', () => {
    given(...found, again, ...swept('revoke-sessions'), notifies)
      .when(asks(steps.notify))
      .isRefused('sweep_first')
  })

  test('is settled by sweeping again when the finding is gone, but the step has to be proven anew', () => {
    const { incident } = play(...found, again, ...swept())
    expect(incident.sweep.status).toBe('clean')
    expect(incident.containedAt).toBeUndefined()
  })

  test('of a step that two people agree to leave undone no longer holds up the rest', () => {
    const { incident } = play(...found, ...settledByWord(steps.sessions, 'skip'), ...swept('revoke-sessions'))
    expect(incident.sweep.status).toBe('clean')
  })
})

test('a step that never was proven has no proof to repeat', () => {
  const { incident } = play(...firstThreeProven, ...unproven(steps.passkeys), ...swept('close-doors'))
  expect(incident.sweep.status).toBe('clean')
  expect(incident.containedAt).toBeUndefined()
})

test('after access was given back there is no sweeping again: it would only find the user signed in', () => {
  given(...restored)
    .when(again)
    .isRefused('access_restored')
})

test('a step done again while the sweep is due begins the wait anew, and the earlier sweep no longer counts', () => {
  const story = play(...allProven)
  const earlier = openOrder(story.incident, 'sweep')
  const redone = play(...firstThreeProven, ...unproven(steps.passkeys), passes(9), ...proven(steps.passkeys))
  expect(redone.incident.sweep).toMatchObject({ status: 'due', at: minute(19) })
  expect([...redone.incident.orders.values()].filter(({ action }) => action === 'sweep')).toHaveLength(1)
  expect(redone.incident.orders.has(earlier)).toBe(false)
})
