import { describe, expect, test } from 'vitest'
import { around, given, play } from '../../test/support/given.ts'
import {
  type Act,
  approves,
  asks,
  asksToResume,
  closes,
  escalates,
  type Handle,
  minute,
  passes,
  person,
  reminds,
  settledByWord,
  shownRequest,
  standing,
  steps,
  stops,
  underWay,
  withdraws,
} from '../../test/support/stories.ts'
import { decide } from './decide.ts'
import type { IncidentEvent } from './events.ts'
import { isReminderDue } from './reminders.ts'

const asked: readonly Act[] = [...underWay, ...shownRequest(steps.sessions)]
const both: readonly Handle[] = ['bao', 'chi']

function reminded(reminder: number, able: readonly Handle[], called: readonly Handle[]): IncidentEvent {
  return {
    type: 'RequestReminded',
    request: 'r1' as never,
    step: steps.sessions,
    reminder,
    able: able.map(person),
    called: called.map(person),
  }
}

describe('reminding of a request', () => {
  test('happens after two minutes, then after four more, then after eight more', () => {
    given(...asked)
      .when(reminds(both), '2026-11-23T03:01:59.999Z')
      .happens()
    given(...asked)
      .when(reminds(both), minute(2))
      .happens(reminded(1, both, both))
    const once: readonly Act[] = [...asked, passes(2), reminds(both)]
    given(...once)
      .when(reminds(both), '2026-11-23T03:05:59.999Z')
      .happens()
    given(...once)
      .when(reminds(both), minute(6))
      .happens(reminded(2, both, ['ana']))
    given(...once, passes(4), reminds(both))
      .when(reminds(both), minute(14))
      .happens(reminded(3, both, ['ana']))
  })

  test('calls upon everybody once; after that upon who can approve only since then', () => {
    given(...asked, passes(2), reminds(['bao']), passes(4))
      .when(reminds(both))
      .happens(reminded(2, both, ['chi']))
  })

  test('calls upon the one who commands when nobody can approve', () => {
    given(...asked, passes(2))
      .when(reminds([]))
      .happens(reminded(1, [], ['ana']))
  })

  test('is made up for once when the program was away, and the next one waits its time', () => {
    given(...asked)
      .when(reminds(both), minute(26))
      .happens(reminded(1, both, both))
    given(...asked, passes(26), reminds(both))
      .when(reminds(both), minute(29))
      .happens()
  })

  test('comes once however far the clock is set ahead, and not again when it is set back', () => {
    const { incident } = play(...asked, passes(20), reminds(both))
    const [request] = incident.requests.values()
    if (request === undefined) throw new Error('nothing was asked for')
    expect([20, 21, 1, 0, -60].map((at) => isReminderDue(incident, request, around(minute(at))))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })

  test.each([
    ['decided', [approves()]],
    ['withdrawn', [withdraws()]],
  ] as const)('does not happen once it is %s', (_how, acts) => {
    given(...asked, ...acts)
      .when(reminds(both), minute(20))
      .happens()
  })

  test('does not happen when its time is over, nor while it is being looked at', () => {
    given(...asked)
      .when(reminds(both), minute(30))
      .happens()
    given(...underWay, asks(steps.sessions))
      .when(reminds(both), minute(20))
      .happens()
  })

  test('does not happen while the work is stopped, except of the request to resume it', () => {
    given(...asked, stops())
      .when(reminds(both), minute(10))
      .happens()
    given(...asked, stops(), asksToResume())
      .when(reminds(both), minute(10))
      .happens('RequestReminded')
  })

  test('reads what earlier versions recorded: everybody who could approve was called upon', () => {
    const { recorded } = play(...asked, passes(15), reminds(both))
    const old = recorded.map((entry) => {
      if (entry.event.type !== 'RequestReminded') return entry
      const { called: _new, ...event } = entry.event
      return { ...entry, event }
    })
    given(...old)
      .when(reminds(both), minute(19))
      .happens(reminded(2, both, ['ana']))
  })
})

describe('calling upon the next group', () => {
  const escalated = (called: readonly Handle[], able: readonly Handle[]): IncidentEvent => ({
    type: 'RequestEscalated',
    request: 'r1' as never,
    step: steps.sessions,
    group: 'security',
    able: able.map(person),
    called: called.map(person),
  })

  test('happens once, at its time', () => {
    given(...asked)
      .when(escalates(['gil'], both), '2026-11-23T03:09:59.999Z')
      .happens()
    given(...asked)
      .when(escalates(['gil'], both), minute(10))
      .happens(escalated(['gil'], both))
    given(...asked, passes(10), escalates(['gil'], both))
      .when(escalates(['gil'], both), minute(25))
      .happens()
  })

  test('does not call upon the requester, nor upon whoever was called upon before', () => {
    given(...asked, passes(2), reminds(['bao']), passes(8))
      .when(escalates(['ana', 'bao', 'gil'], both))
      .happens(escalated(['gil'], both))
  })

  test('calls upon the one who commands when there is nobody left to call', () => {
    given(...asked, passes(2), reminds(['bao']), passes(8))
      .when(escalates(['ana', 'bao'], both))
      .happens(escalated(['ana'], both))
  })

  test('grants nothing: whoever was called upon and is no approver is refused as before', () => {
    given(...asked, passes(10), escalates(['chi'], ['bao']))
      .when(approves({ ...standing('chi'), approver: false, groups: ['responders'] }))
      .isRefused('not_an_approver')
  })

  test('does not happen without a group in the policy, nor of another group than that', () => {
    const { incident, now } = play(...asked, passes(10))
    const command = escalates(['gil'], both)(incident)
    const world = around(now)
    const { next: _none, ...reminders } = world.policy.reminders
    expect(decide(incident, command, { ...world, policy: { ...world.policy, reminders } })).toEqual({
      kind: 'accepted',
      events: [],
    })
    expect(decide(incident, { ...command, group: 'approvers' } as never, world)).toEqual({
      kind: 'accepted',
      events: [],
    })
  })
})

describe('an incident in which nothing happens', () => {
  const nudges = { type: 'NudgeStale' } as const

  test('is spoken of after four hours, then after eight more', () => {
    given(...underWay)
      .when(nudges, '2026-11-23T06:59:59.999Z')
      .happens()
    const next = 'Next is “Revoke all sessions”.'
    given(...underWay)
      .when(nudges, minute(4 * 60))
      .happens({ type: 'IncidentStale', nudge: 1, since: minute(0), next })
    const once: readonly Act[] = [...underWay, passes(4 * 60), nudges]
    given(...once)
      .when(nudges, minute(11 * 60))
      .happens()
    given(...once)
      .when(nudges, minute(12 * 60))
      .happens({ type: 'IncidentStale', nudge: 2, since: minute(0), next })
  })

  test('is no longer that once somebody does something; a reminder or a checkpoint is nothing of the kind', () => {
    given(...underWay, passes(4 * 60), nudges, asks(steps.sessions))
      .when(nudges, minute(7 * 60))
      .happens()
    given(...underWay, passes(60), { type: 'RecordCheckpoint', size: 7, note: 'the note' })
      .when(nudges, minute(4 * 60))
      .happens('IncidentStale')
  })

  test('says that it is stopped, what waits for approval, or that it can be closed', () => {
    const said = (...acts: readonly Act[]) => {
      const { incident } = play(...acts)
      const decision = decide(incident, nudges, around(minute(100 * 60)))
      return decision.kind === 'accepted' ? decision.events.map((event) => 'next' in event && event.next) : []
    }
    expect(said(...underWay, stops())).toEqual([expect.stringMatching(/^The work is stopped since .* by @chi: /)])
    expect(said(...asked)).toEqual(['“Revoke all sessions of alice” waits for approval until 2026-11-23 03:30:00 UTC.'])
    expect(said(...underWay, ...settledByWord(steps.sessions, 'skip-rest'))).toEqual([
      'Every step is settled: it can be closed.',
    ])
  })

  test('is not spoken of any more once it is closed', () => {
    given(...underWay, ...settledByWord(steps.sessions, 'skip-rest'), closes())
      .when(nudges, minute(100 * 60))
      .happens()
  })
})
