import { describe, expect, test } from 'vitest'
import { around, beginning, execute, given, play, type Story } from '../../test/support/given.ts'
import {
  type Act,
  approves,
  asks,
  asksToResume,
  closes,
  denies,
  doneResult,
  minute,
  newestRequest,
  openOrder,
  opens,
  passes,
  person,
  proven,
  reports,
  running,
  shownRequest,
  standing,
  steps,
  stops,
  underWay,
  withdraws,
} from '../../test/support/stories.ts'
import { decide } from './decide.ts'
import type { IncidentId } from './events.ts'
import type { OpenedIncident } from './state.ts'

describe('one person stops the work', () => {
  test('at once, with a reason', () => {
    given(...underWay)
      .when(stops('chi', { reason: ' Wrong account. ' }))
      .happens({ type: 'WorkStopped', by: person('chi'), all: false, reason: 'Wrong account.' })
  })

  test('a guest cannot', () => {
    given(...underWay)
      .when(stops('gil'))
      .isRefused('person_is_guest')
  })

  test('the target cannot', () => {
    given(...underWay)
      .when(stops('alice'))
      .isRefused('person_is_target')
  })

  test('what is stopped already is said to be, and by whom', () => {
    given(...underWay, stops('chi'))
      .when(stops('bao'))
      .isRefused('already_stopped', { what: expect.stringContaining('@chi') as string })
  })

  test('an incident that is stopped for itself can be stopped with everything besides', () => {
    given(...underWay, stops('chi'))
      .when(stops('bao', { all: true }))
      .happens('WorkStopped')
  })

  test('a closed incident has nothing to stop', () => {
    const skips: Act = { ...asks(steps.sessions), kind: 'skip-rest', reason: 'A test account.' }
    given(...underWay, skips, approves(), closes())
      .when(stops())
      .isRefused('incident_not_open')
  })
})

describe('while the work is stopped', () => {
  test('no step is asked for', () => {
    given(...underWay, stops())
      .when(asks(steps.sessions))
      .isRefused('work_stopped', { what: expect.stringContaining('@chi') as string })
  })

  test('an open request is not approved, and can be denied', () => {
    const story = [...underWay, ...shownRequest(steps.sessions), stops()]
    given(...story)
      .when(approves())
      .isRefused('work_stopped')
    given(...story)
      .when(denies())
      .happens('StepDenied')
  })

  test('the account is not read again', () => {
    given(...underWay, stops())
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'snapshot' })
      .isRefused('work_stopped')
  })

  test('the incident is not closed: a stop ends by two people alone', () => {
    const skips: Act = { ...asks(steps.sessions), kind: 'skip-rest', reason: 'A test account.' }
    given(...underWay, skips, approves(), stops())
      .when(closes())
      .isRefused('work_stopped')
  })

  test('notes are taken', () => {
    given(...underWay, stops())
      .when({ type: 'AddNote', by: standing('ana'), text: 'Called her.' })
      .happens('NoteAdded')
  })

  test('what had been under way may still end, and is recorded', () => {
    const { incident } = play(...underWay, ...running(steps.sessions), stops(), reports('run', doneResult()))
    expect(incident.steps.get(steps.sessions)).toMatchObject({ status: 'proven' })
  })

  test('an approval runs out as ever: what was approved long ago is not done when the work goes on', () => {
    const { incident } = play(
      ...underWay,
      ...running(steps.sessions),
      stops(),
      (now) => ({ type: 'ExpireOrder', order: openOrder(now, 'run'), sentence: 'Too old.' }),
      asksToResume(),
      approves(),
    )
    expect([...incident.orders]).toEqual([])
  })

  test('a worker that halts in the middle is recorded once', () => {
    const halts = reports('run', { kind: 'halted', begun: true, attempt: 1 })
    given(...underWay, ...running(steps.sessions), stops(), halts)
      .when(halts)
      .happens()
  })
})

describe('two people let it go on', () => {
  const stopped = [...underWay, ...running(steps.sessions), stops()]

  test('one asks, another approves, and the request says what goes on', () => {
    const { incident } = play(...stopped, asksToResume())
    expect(newestRequest(incident)).toMatchObject({
      kind: 'resume',
      shown: {
        effect: {
          sentence: 'let the work of INC-1 (alice) go on',
          warnings: ['Goes on at once: “Revoke all sessions” of alice.'],
        },
      },
    })
    given(...stopped, asksToResume())
      .when(approves())
      .happens('StepApproved', {
        type: 'WorkResumed',
        all: false,
        incident: 'INC-1' as IncidentId,
        request: newestRequest(incident).id,
        by: [person('ana'), person('bao')],
      })
  })

  test('the requester does not count', () => {
    given(...stopped, asksToResume('bao'))
      .when(approves(standing('bao')))
      .isRefused('approver_is_requester')
  })

  test('whoever stopped may be one of the two', () => {
    given(...stopped, asksToResume('chi'))
      .when(approves(standing('bao')))
      .happens('StepApproved', 'WorkResumed')
  })

  test('the target does not count', () => {
    given(...stopped, asksToResume())
      .when(approves(standing('alice')))
      .isRefused('person_is_target')
  })

  test('it is not asked for twice', () => {
    given(...stopped, asksToResume('ana'))
      .when(asksToResume('bao'))
      .isRefused('resume_asked', { who: '@ana' })
  })

  test('what is not stopped is not resumed', () => {
    given(...underWay)
      .when(asksToResume())
      .isRefused('not_stopped')
  })

  test('a request to resume ends like every other: denied, withdrawn, expired', () => {
    given(...stopped, asksToResume())
      .when(denies())
      .happens({ type: 'StepDenied', request: 'r2' as never, reason: 'Not this account.' })
    given(...stopped, asksToResume())
      .when(withdraws())
      .happens({ type: 'RequestWithdrawn', request: 'r2' as never })
    given(...stopped, asksToResume(), passes(30))
      .when({ type: 'ExpireRequests' })
      .happens({ type: 'RequestExpired', request: 'r2' as never })
  })

  test('an approval that came after the end of the request is refused', () => {
    given(...stopped, asksToResume(), passes(31))
      .when(approves())
      .isRefused('request_expired')
  })

  test('afterwards the steps are as they were', () => {
    const { incident } = play(...stopped, asksToResume(), approves())
    expect(incident.stops).toEqual([])
    expect(incident.steps.get(steps.sessions)).toMatchObject({ status: 'running' })
    expect([...incident.orders.values()].map(({ halted }) => halted)).toEqual([undefined])
  })

  test('the work can be stopped once more, by a later entry', () => {
    const { incident } = play(...stopped, asksToResume(), approves(), stops('ana'))
    expect(incident.stops[0]?.seq).toBeGreaterThan(incident.resumedSeq)
  })
})

describe('everything at once', () => {
  /** Another open incident of a story, under another number. */
  const other = (id: string, ...acts: readonly Act[]): OpenedIncident => ({
    ...play(...acts).incident,
    id: id as IncidentId,
  })
  const all = stops('chi', { all: true })
  const decided = ({ incident, now }: Story, command: Parameters<typeof decide>[1], ...open: OpenedIncident[]) =>
    decide(incident, command, around(now, open))

  test('an incident that is opened while everything is stopped is stopped from the start, by whoever stopped it', () => {
    const decision = decided(
      beginning,
      opens({ target: { ...opens().target, id: 'other' as never } }),
      other('INC-2', opens(), all),
    )
    expect(decision).toMatchObject({
      kind: 'accepted',
      events: [
        { type: 'IncidentOpened' },
        { type: 'WorkOrdered' },
        { type: 'WorkStopped', all: true, by: person('chi') },
      ],
    })
  })

  test('an incident that is opened while one is stopped for itself is not', () => {
    const decision = decided(
      beginning,
      opens({ target: { ...opens().target, id: 'other' as never } }),
      other('INC-2', opens(), stops()),
    )
    expect(decision).toMatchObject({ kind: 'accepted', events: [{ type: 'IncidentOpened' }, { type: 'WorkOrdered' }] })
  })

  test('one request resumes all of them, and names them', () => {
    const story = play(...underWay, all)
    expect(
      decided(
        story,
        asksToResume('ana', true),
        other('INC-12', opens(), all),
        other('INC-3', opens(), all),
        other('INC-4', opens()),
      ),
    ).toMatchObject({
      events: [
        { type: 'StepRequested', kind: 'resume', all: true },
        { effect: { sentence: 'let the work of INC-1 (alice), INC-3 (alice), INC-12 (alice) go on' } },
      ],
    })
  })

  test('an approval is refused when another incident was stopped since it was shown', () => {
    const story = play(...underWay, all, asksToResume('ana', true))
    expect(decided(story, approves()(story.incident))).toMatchObject({
      events: [{}, { type: 'WorkResumed', all: true }],
    })
    expect(decided(story, approves()(story.incident), other('INC-9', opens(), all))).toMatchObject({
      refusal: { code: 'resume_differs' },
    })
  })

  test('the target of one of them approves none of them', () => {
    const { email } = standing('bao')
    const hers = { ...other('INC-2', opens(), all), target: { ...opens().target, username: 'bao', email: email ?? '' } }
    const story = play(...underWay, all)
    const asked = decided(story, asksToResume('ana', true), hers)
    if (asked.kind === 'refused') throw new Error(asked.sentence)
    const { story: next } = execute({ ...story, incident: story.incident }, stops())
    expect(next.incident.status).toBe('open')
    expect(decided(story, asksToResume('bao', true), hers)).toMatchObject({ refusal: { code: 'person_is_target' } })
  })

  test('the others go on with it, unless they were stopped for themselves', () => {
    const too = {
      type: 'ResumeToo',
      incident: 'INC-2' as IncidentId,
      request: 'r1' as never,
      people: [person('ana'), person('bao')],
    } as const
    const { incident } = play(...underWay, all, too)
    expect(incident.stops).toEqual([])
    const both = play(...underWay, stops('ana'), all, too)
    expect(both.incident.stops.map(({ by }) => by.name)).toEqual(['ana'])
    given(...underWay, stops('ana'))
      .when(too)
      .isRefused('not_stopped')
  })

  test('resuming one incident lets it go on whatever stopped it', () => {
    const { incident } = play(...underWay, stops('ana'), all, asksToResume(), approves())
    expect(incident.stops).toEqual([])
  })

  test('nothing was proven twice by a stop in between', () => {
    const { recorded } = play(...underWay, all, asksToResume(), approves(), passes(1), ...proven(steps.sessions))
    expect(recorded.filter(({ event }) => event.type === 'StepDone')).toHaveLength(1)
    expect(recorded.at(-1)?.at).toBe(minute(1))
  })
})
