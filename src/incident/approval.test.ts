import { describe, expect, test } from 'vitest'
import { given, play, standard } from '../../test/support/given.ts'
import {
  alice,
  approves,
  asks,
  beside,
  effect,
  newestRequest,
  openOrder,
  opens,
  reports,
  running,
  shownRequest,
  standing,
  start,
  steps,
  underWay,
} from '../../test/support/stories.ts'
import { isAccountOf, type Scales, weigh, whyNotReview } from './approval.ts'
import type { Standing } from './people.ts'
import { utc } from './times.ts'

const asked = [...underWay, ...shownRequest(steps.sessions)]
const mallory: Standing['person'] = { slack: { team: 'T0ACME', user: 'U0MALLORY' as never }, name: 'mallory' }

describe('approving', () => {
  test('a second responder approves, and only then is the work ordered', () => {
    given(...asked)
      .when(approves(standing('bao')))
      .happens('StepApproved', {
        type: 'WorkOrdered',
        mode: 'run',
        action: 'revoke-sessions',
        step: steps.sessions,
        request: 'r1' as never,
      })
  })

  test('the approval names the digest that was shown', () => {
    const { incident, recorded } = play(...asked, approves())
    const approval = recorded.find(({ event }) => event.type === 'StepApproved')
    expect(approval?.event).toHaveProperty('digest', newestRequest(incident).shown?.digest)
  })

  test('an approver who is no responder may approve', () => {
    given(...asked)
      .when(approves(standing('bao', { responder: false })))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('the requester may not approve their own step', () => {
    given(...asked)
      .when(approves(standing('ana'), { able: '@bao, @chi' }))
      .isRefused('approver_is_requester', { able: '@bao, @chi' })
  })

  test('somebody of another workspace who has the requester’s user id is not taken for the requester', () => {
    const twin = standing('bao', {
      person: { slack: { team: 'T0OTHER', user: standing('ana').person.slack.user }, name: 'bao' },
    })
    given(...asked)
      .when(approves(twin))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('a second Slack identity with the requester’s e-mail address may not approve', () => {
    given(...asked)
      .when(approves(standing('bao', { email: 'ana@acme.test' })))
      .isRefused('approver_same_account', { who: '@ana' })
  })

  test('a second Slack identity mapped to the requester’s account may not approve', () => {
    given(...underWay, ...shownRequest(steps.sessions, { by: standing('ana', { account: 'ana' }) }))
      .when(approves(standing('bao', { account: 'ana' })))
      .isRefused('approver_same_account')
  })

  test('two people without an e-mail address are not the same account', () => {
    const { email: _email, ...nameless } = standing('ana')
    const { email: _other, ...second } = standing('bao')
    given(...underWay, ...shownRequest(steps.sessions, { by: nameless }))
      .when(approves(second))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('the target, known by e-mail, may not approve', () => {
    given(...asked)
      .when(approves(standing('alice', { approver: true })))
      .isRefused('person_is_target')
  })

  test('the target, known by the configured map, may not approve', () => {
    given(...asked)
      .when(approves(standing('bao', { person: mallory, email: 'mallory@acme.test', account: 'alice' })))
      .isRefused('person_is_target')
  })

  test('the target of another open incident may not approve, and hears of which', () => {
    const other = {
      ...play(opens({ target: { ...alice, username: 'bao', email: 'bao@acme.test' } })).incident,
      id: 'INC-9' as never,
    }
    given(...asked, beside(other))
      .when(approves(standing('bao')))
      .isRefused('target_elsewhere', { what: 'INC-9' })
  })

  test('a guest may not approve, not even one on the list', () => {
    given(...asked)
      .when(approves(standing('gil', { approver: true })))
      .isRefused('person_is_guest')
  })

  test('somebody of another workspace may not approve', () => {
    given(...asked)
      .when(approves(standing('olu', { approver: true })))
      .isRefused('person_is_external')
  })

  test.each([
    ['bot', 'person_is_bot'],
    ['deactivated', 'person_is_deactivated'],
    ['invited', 'person_is_invited'],
    ['unknown', 'standing_unknown'],
  ] as const)('a person whose membership is %s may not approve', (membership, code) => {
    given(...asked)
      .when(approves(standing('bao', { membership })))
      .isRefused(code)
  })

  test('an empty roster means that nobody approves', () => {
    given(...asked)
      .when(approves(standing('bao', { rosterEmpty: true })))
      .isRefused('roster_empty')
  })

  test('whoever sees the channel but is not on the list may not approve', () => {
    given(...asked)
      .when(approves(standing('bao', { approver: false }), { able: '@chi' }))
      .isRefused('not_an_approver', { able: '@chi' })
  })

  test('a responder who asked cannot even learn the state of an unknown request without being an approver', () => {
    given(...asked)
      .when(approves(standing('bao', { approver: false }), { request: 'r99' as never }))
      .isRefused('not_an_approver')
  })

  test('an approval of something else than what is shown is turned down', () => {
    given(...asked)
      .when(approves(standing('bao'), { digest: 'f'.repeat(64) }))
      .isRefused('shown_differs')
  })

  test('nothing is approved before its effect is shown', () => {
    given(...underWay, asks(steps.sessions))
      .when(approves())
      .isRefused('request_not_ready')
  })

  test('a request that nobody made is not approved', () => {
    given(...asked)
      .when(approves(standing('bao'), { request: 'r99' as never }))
      .isRefused('no_open_request')
  })

  test('approving a step in one incident orders exactly one run', () => {
    const { incident } = play(...underWay, ...running(steps.sessions))
    expect([...incident.orders.keys()]).toEqual([openOrder(incident, 'run')])
  })
})

describe('two presses', () => {
  test('a double click runs the step once', () => {
    given(...asked, approves(standing('bao')))
      .when(approves(standing('bao')))
      .isRefused('already_decided')
  })

  test('the second of two approvers is told who was first', () => {
    const { recorded } = play(...asked, approves(standing('bao')))
    given(...recorded)
      .when(approves(standing('chi')))
      .isRefused('already_decided', { what: 'approved', who: `@bao at ${utc(start)}, just now` })
  })
})

describe('the last administrator', () => {
  const last = [
    ...underWay,
    asks(steps.sessions),
    reports('prepare', {
      kind: 'prepared',
      effect: effect('Locks alice out.', 'alice'),
    }),
  ]

  test('is approved with the username typed', () => {
    given(...last)
      .when(approves(standing('bao'), { typed: ' alice ' }))
      .happens('StepApproved', 'WorkOrdered')
  })

  test.each([undefined, '', 'Alice', 'alice2'])('is not approved with %j typed', (typed) => {
    given(...last)
      .when(approves(standing('bao'), typed === undefined ? {} : { typed }))
      .isRefused('confirm_by_typing', { what: '“alice”' })
  })
})

describe('the verdict', () => {
  const { incident } = play(...asked)
  const scales: Scales = { incident, request: newestRequest(incident), rule: standard.standard, open: [incident] }

  test('counts the approval of a second person', () => {
    expect(weigh(standing('bao'), scales)).toEqual({
      needed: 1,
      approvals: [standing('bao').person],
      dismissals: [],
      satisfied: true,
    })
  })

  test('keeps the dismissed candidate together with the reason', () => {
    expect(weigh(standing('ana'), scales)).toEqual({
      needed: 1,
      approvals: [],
      stillNeeded: { count: 1, from: ['approvers'] },
      dismissals: [{ candidate: standing('ana').person, reason: { code: 'approver_is_requester', about: {} } }],
      satisfied: false,
    })
  })

  test('an account without an e-mail address is nobody’s by e-mail', () => {
    const { email: _email, ...nameless } = standing('bao')
    expect(isAccountOf(nameless, { ...alice, email: '' })).toBe(false)
    expect(isAccountOf({ ...nameless, email: '' }, { ...alice, email: '' })).toBe(false)
  })

  test('the e-mail address is compared without regard to case', () => {
    const target = { ...alice, email: 'Alice@Acme.test' }
    const alices = standing('alice', { approver: true })
    expect(whyNotReview(alices, { target, groups: ['approvers'], open: [] })).toMatchObject({
      code: 'person_is_target',
    })
  })
})
