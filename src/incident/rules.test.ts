import { describe, expect, test } from 'vitest'
import type { Policy, Rule } from '#/policy/policy.ts'
import { given, play, standard } from '../../test/support/given.ts'
import {
  approves,
  asks,
  asksToResume,
  beginsStepUp,
  beside,
  denies,
  expires,
  newestRequest,
  opens,
  passes,
  person,
  running,
  shownRequest,
  standing,
  steps,
  stops,
  type Turn,
  tries,
  under,
  underWay,
} from '../../test/support/stories.ts'
import type { Recorded } from './events.ts'
import type { Standing } from './people.ts'
import type { OpenedIncident } from './state.ts'
import { timelineLine } from './timeline.ts'
import { verdictOf, verdictWords } from './verdict.ts'

/** The standard policy with another rule for the first step. */
function ruled(change: Partial<Rule>): Policy {
  return { ...standard, rules: { 'revoke-sessions': { ...standard.standard, ...change } } }
}

function askedUnder(change: Partial<Rule>): readonly Turn[] {
  return [under(ruled(change)), ...underWay, ...shownRequest(steps.sessions)]
}

/** In these groups, and no other. */
function member(who: 'ana' | 'bao' | 'chi', ...groups: readonly string[]): Standing {
  return standing(who, { groups })
}

const words = (incident: OpenedIncident) => verdictWords(verdictOf(newestRequest(incident)))

describe('where two people have to approve', () => {
  const two = askedUnder({ approvals: 2 })

  test('the first is recorded, and nothing is ordered yet', () => {
    given(...two)
      .when(approves(standing('bao')))
      .happens({
        type: 'ApprovalGiven',
        request: 'r1' as never,
        step: steps.sessions,
        digest: newestRequest(play(...two).incident).shown?.digest ?? '',
        identity: { email: 'bao@acme.test' },
        groups: ['approvers'],
      })
  })

  test('the second orders the work, and both are on record as approvers', () => {
    given(...two, approves(standing('bao')))
      .when(approves(standing('chi')))
      .happens('StepApproved', 'WorkOrdered')
    const { incident } = play(...two, approves(standing('bao')), approves(standing('chi')))
    expect(newestRequest(incident).approvals.map(({ by }) => by.name)).toEqual(['bao', 'chi'])
  })

  test('one person twice is one person', () => {
    given(...two, approves(standing('bao')))
      .when(approves(standing('bao')))
      .isRefused('approved_before', { what: '1 of 2 · approved by @bao · still needed: one of @approvers' })
  })

  test('two Slack identities of one account are one person', () => {
    const again = standing('chi', { email: 'bao@acme.test' })
    given(...two, approves(standing('bao')))
      .when(approves(again))
      .isRefused('approver_same_account', { who: '@bao' })
    given(...two, approves(standing('bao', { account: 'bao.tran' })))
      .when(approves(standing('chi', { account: 'Bao.Tran' })))
      .isRefused('approver_same_account')
  })

  test('an account that is named by its e-mail address is the account of that address', () => {
    given(...two, approves(standing('bao', { account: 'shared@acme.test' })))
      .when(approves(standing('chi', { email: 'shared@acme.test' })))
      .isRefused('approver_same_account')
  })

  test('a denial after the first approval ends the request', () => {
    given(...two, approves(standing('bao')))
      .when(denies(standing('chi')))
      .happens('StepDenied')
  })

  test('the request ends at its time although one has approved', () => {
    given(...two, approves(standing('bao')), passes(30))
      .when(approves(standing('chi')))
      .isRefused('request_expired')
  })

  test('where it stands is said in the same words everywhere', () => {
    expect(words(play(...two).incident)).toBe('0 of 2 · still needed: 2 of @approvers')
    const { incident, recorded } = play(...two, approves(standing('bao')))
    expect(words(incident)).toBe('1 of 2 · approved by @bao · still needed: one of @approvers')
    const line = recorded.at(-1)
    expect(line === undefined ? '' : timelineLine(line, incident).text).toContain(
      '1 of 2 · approved by @bao · still needed: one of @approvers',
    )
  })

  test('letting everything go on names all who agreed', () => {
    const policy = { ...standard, rules: { resume: { ...standard.standard, approvals: 2 } } }
    given(under(policy), ...underWay, stops(), asksToResume(), approves(standing('bao')))
      .when(approves(standing('chi')))
      .happens('StepApproved', {
        type: 'WorkResumed',
        all: false,
        incident: 'INC-1' as never,
        request: 'r1' as never,
        by: [person('ana'), person('bao'), person('chi')],
      })
  })
})

describe('where one of them has to be of a group', () => {
  const including = askedUnder({ approvals: 2, including: 'security' })

  test('any two of whom one is in it are enough', () => {
    given(...including, approves(member('bao', 'approvers', 'security')))
      .when(approves(standing('chi')))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('whoever would leave none of it is told that the last one is of that group', () => {
    given(...including, approves(standing('bao')))
      .when(approves(standing('chi'), { able: '@dan' }))
      .isRefused('approval_left_to_group', { what: '@security', able: '@dan' })
  })

  test('being in it is not enough without being in a group that may approve', () => {
    given(...including)
      .when(approves(member('bao', 'security')))
      .isRefused('not_an_approver')
  })

  test('what is lacking is said by name', () => {
    expect(words(play(...including).incident)).toBe('0 of 2 · still needed: 2 of @approvers, one of them of @security')
    const { incident } = play(...including, approves(standing('bao')))
    expect(words(incident)).toBe('1 of 2 · approved by @bao · still needed: one of @security')
  })

  test('a member who is put out of it afterwards has approved as a member', () => {
    const { incident } = play(...including, approves(member('bao', 'approvers', 'security')))
    expect(newestRequest(incident).approvals[0]?.groups).toEqual(['approvers', 'security'])
  })
})

describe('who may decide', () => {
  test('only members of the groups that the rule names approve, approvers or not', () => {
    given(...askedUnder({ from: ['leads', 'security'] }))
      .when(approves(standing('bao'), { able: '@chi' }))
      .isRefused('not_in_group', { what: '@leads or @security', able: '@chi' })
    given(...askedUnder({ from: ['leads'] }))
      .when(approves(member('chi', 'leads')))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('only members of the groups that the rule names deny', () => {
    given(...askedUnder({ deny: ['leads'] }))
      .when(denies(standing('bao')))
      .isRefused('not_in_group', { what: '@leads' })
    given(...askedUnder({ deny: ['responders'] }))
      .when(denies(member('bao', 'responders')))
      .happens('StepDenied')
  })

  test('an empty list grants nobody', () => {
    given(...askedUnder({ deny: [] }))
      .when(denies(standing('bao')))
      .isRefused('not_an_approver')
  })

  test('somebody of a group that decides on something else does not learn of requests that are none', () => {
    given(...askedUnder({}))
      .when(approves(member('bao', 'readers'), { request: 'r99' as never }))
      .isRefused('not_an_approver')
  })
})

describe('the target of another open incident', () => {
  const about = (handle: 'bao', change: Partial<OpenedIncident> = {}): OpenedIncident => ({
    ...play(opens({ target: { id: 'cv3kbao' as never, username: handle, email: 'bao@acme.test' } })).incident,
    id: 'INC-9' as never,
    ...change,
  })
  const asked = askedUnder({})

  test('neither approves nor denies here, and hears why', () => {
    given(...asked, beside(about('bao')))
      .when(approves(standing('bao')))
      .isRefused('target_elsewhere', { what: 'INC-9' })
    given(...asked, beside(about('bao')))
      .when(denies(standing('bao')))
      .isRefused('target_elsewhere')
  })

  test('approves again once that one is closed', () => {
    given(...asked, beside())
      .when(approves(standing('bao')))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('of a rehearsal is nobody’s target in earnest', () => {
    given(...asked, beside(about('bao', { drill: true })))
      .when(approves(standing('bao')))
      .happens('StepApproved', 'WorkOrdered')
  })
})

describe('where the rule asks why', () => {
  const why = askedUnder({ reason: true })

  test('an approval without a reason does not count', () => {
    for (const reason of [undefined, '', '  ']) {
      given(...why)
        .when(approves(standing('bao'), reason === undefined ? {} : { reason }))
        .isRefused('reason_missing')
    }
  })

  test('the reason is part of the record, also where nobody asked', () => {
    for (const rule of [{ reason: true }, {}]) {
      const { recorded } = play(...askedUnder(rule), approves(standing('bao'), { reason: ' Seen in the logs. ' }))
      expect(recorded.at(-2)?.event).toMatchObject({ type: 'StepApproved', reason: 'Seen in the logs.' })
    }
  })
})

describe('how long a request lives', () => {
  test('is what its rule says', () => {
    given(...askedUnder({ ttlMs: 60_000 }), passes(1))
      .when(approves())
      .isRefused('request_expired')
    given(...askedUnder({ ttlMs: 120 * 60_000 }), passes(119))
      .when(approves())
      .happens('StepApproved', 'WorkOrdered')
  })
})

describe('when the rules change', () => {
  const stricter = ruled({ approvals: 2 })
  const changed = [...askedUnder({}), under(stricter)]

  test('what was shown under the old ones cannot be approved any more', () => {
    given(...changed)
      .when(approves())
      .isRefused('policy_changed')
  })

  test('it is asked again under the new ones, and an approval given before counts for nothing', () => {
    const story = [...askedUnder({ approvals: 3 }), approves(standing('bao')), under(stricter), expires]
    const { incident, recorded } = play(...story)
    expect(recorded.slice(-3).map(({ event }) => event.type)).toEqual([
      'ApprovalVoided',
      'StepRequested',
      'RequestShown',
    ])
    expect(newestRequest(incident)).toMatchObject({ id: 'r2', approvals: [], shown: { rule: { approvals: 2 } } })
    given(...story, approves(standing('bao')))
      .when(approves(standing('chi')))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('a request to let the work go on is asked again as well', () => {
    const story = [...underWay, stops(), asksToResume(), under(stricter), expires, approves(standing('bao'))]
    expect(play(...story).incident.stops).toEqual([])
  })

  test('a denial and a withdrawal need no second look', () => {
    given(...changed)
      .when(denies())
      .happens('StepDenied')
  })

  test('what was approved before is done as it was approved', () => {
    const { incident } = play(under(ruled({})), ...underWay, ...running(steps.sessions), under(stricter), expires)
    expect(newestRequest(incident).end.kind).toBe('approved')
  })

  test('under the same rules nothing is asked again', () => {
    given(...askedUnder({}), under({ ...ruled({}) }))
      .when(expires)
      .happens()
  })
})

describe('somebody who tries approvals that are not theirs', () => {
  const own = tries(approves(standing('ana')))
  const probed = (...story: readonly Turn[]) =>
    play(...story).recorded.flatMap(({ event }) => (event.type === 'ApprovalProbed' ? [event.count] : []))

  test('three times in one incident is said aloud, and then at every doubling', () => {
    expect(probed(...askedUnder({}), own, own)).toEqual([])
    expect(probed(...askedUnder({}), own, own, own)).toEqual([3])
    expect(probed(...askedUnder({}), ...Array.from({ length: 13 }, () => own))).toEqual([3, 6, 12])
  })

  test('is noticed as well where an approval takes a sign-in first', () => {
    const begins = tries(beginsStepUp(standing('ana')))
    expect(probed(...askedUnder({ stepUp: true }), begins, begins, begins)).toEqual([3])
  })

  test('is told apart from somebody else', () => {
    const others = tries(approves(standing('bao', { approver: false })))
    expect(probed(...askedUnder({}), own, own, others, others)).toEqual([])
  })

  test('is somebody who is not who they have to be: coming late or pressing an old button is no probing', () => {
    const late = tries(approves(standing('chi')))
    const old = tries(approves(standing('chi'), { digest: 'f'.repeat(64) }))
    expect(probed(...askedUnder({}), old, old, old)).toEqual([])
    expect(probed(...askedUnder({}), approves(standing('bao')), late, late, late)).toEqual([])
  })

  test('is nobody of whom Slack does not say whether they are on the list', () => {
    const unread = { approver: false, unread: ['approvers'] }
    const silent = tries(approves(standing('bao', unread)))
    expect(probed(...askedUnder({}), silent, silent, silent)).toEqual([])
    given(...askedUnder({}))
      .when(approves(standing('bao', unread)))
      .isRefused('lists_unread', { what: '@approvers' })
  })

  test('calls upon the commander, unless it is the commander who tries', () => {
    const line = (...story: readonly Turn[]) => {
      const { incident, recorded } = play(...story)
      const entry = recorded.find(({ event }) => event.type === 'ApprovalProbed')
      return entry === undefined ? undefined : timelineLine(entry, incident)
    }
    const mallory = tries(approves(standing('bao', { approver: false })))
    expect(line(...askedUnder({}), mallory, mallory, mallory)).toMatchObject({ tone: 'bad', mentions: [person('ana')] })
    expect(line(...askedUnder({}), own, own, own)?.mentions).toEqual([])
  })

  test('is remembered by the incident, for its card', () => {
    expect(play(...askedUnder({}), own, own, own, own).incident.probers).toEqual([person('ana')])
  })
})

test('what only reads has no rule: nobody has to approve it', () => {
  const everyRule = { ...standard, standard: { ...standard.standard, approvals: 9 } }
  const { incident } = play(under(everyRule), ...underWay, asks(steps.sessions))
  expect([...incident.orders.values()].map(({ mode }) => mode)).toEqual(['prepare'])
})

describe('a ledger from before there were policies', () => {
  /** The same entries as they were written then. */
  const asOfOld = (...story: readonly Turn[]): readonly Recorded[] =>
    play(...story).recorded.map((entry) => {
      const { event } = entry
      if (event.type === 'IncidentOpened') {
        const { policyDigest: _none, ...opened } = event
        return { ...entry, event: opened }
      }
      if (event.type !== 'RequestShown') return entry
      const { rule: _no, policyDigest: _none, ...shown } = event
      return { ...entry, event: shown }
    })

  test('is read as it was meant: one approver, whose name stands there', () => {
    const { incident } = play(...asOfOld(...underWay, ...running(steps.sessions)))
    expect(words(incident)).toBe('1 of 1 · approved by @bao')
    expect(newestRequest(incident).approvals.map(({ by }) => by.name)).toEqual(['bao'])
  })

  test('has its open requests decided under the rules of now, and not asked again', () => {
    const old = asOfOld(...underWay, ...shownRequest(steps.sessions))
    given(...old, under(ruled({ approvals: 2 })))
      .when(expires)
      .happens()
    given(...old, under(ruled({ approvals: 2 })))
      .when(approves(standing('bao')))
      .happens('ApprovalGiven')
    given(...old)
      .when(approves(standing('bao')))
      .happens('StepApproved', 'WorkOrdered')
  })
})
