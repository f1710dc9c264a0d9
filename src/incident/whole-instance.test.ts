import { describe, expect, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import { given, play } from '../../test/support/given.ts'
import {
  type Act,
  alice,
  approves,
  asks,
  check,
  doneResult,
  effect,
  minute,
  newestRequest,
  opens,
  passes,
  person,
  reports,
  running,
  shownRequest,
  standing,
  underWay,
} from '../../test/support/stories.ts'
import {
  found,
  ids,
  opensWhole,
  reviewed,
  stateOf,
  strangeAdmin,
  strangeClient,
  wholeUnderWay,
} from '../../test/support/whole-instance.ts'
import { instanceTarget } from './account.ts'
import type { Finding } from './findings.ts'
import { requestName } from './names.ts'
import { filledIn } from './request-lines.ts'
import { targetOf } from './state.ts'

const since = { inputs: { since: minute(-60) } }
const rotated: readonly Act[] = [
  ...wholeUnderWay,
  ...running(ids.rotate),
  reports('run', doneResult({ checks: [check('rotate-admin-token')], known: { tokenRotatedAt: minute(0) } })),
]
const looked: readonly Act[] = [
  ...rotated,
  asks(ids.review, since),
  reports('run', reviewed([strangeAdmin, strangeClient])),
]
const bothExpected: readonly Act[] = [
  ...looked,
  asks(found[0], { kind: 'expect', reason: 'Hired on Monday.' }),
  approves(),
  asks(found[1], { kind: 'expect', reason: 'Ours.' }),
  approves(),
]
const oursChosen: readonly Act[] = [
  ...bothExpected,
  asks(ids.which, { kind: 'answer', answer: 'ours', reason: 'It is nginx.' }),
  approves(),
]

describe('what an incident is about', () => {
  test('a playbook about Autentico needs no account', () => {
    given().when(opensWhole()).happens('IncidentOpened', 'WorkOrdered')
  })

  test('an account is refused as the target of such a playbook', () => {
    given()
      .when(opensWhole({ target: alice }))
      .isRefused('target_is_instance')
  })

  test('a playbook about an account is refused without one', () => {
    given()
      .when(opens({ target: instanceTarget }))
      .isRefused('target_needed')
  })

  test('somebody whose account happens to have Autentico’s name may respond', () => {
    given()
      .when(opensWhole({ by: standing('ana', { account: instanceTarget.username }) }))
      .happens('IncidentOpened', 'WorkOrdered')
  })
})

test('a finding is about the account that was found, or about Autentico, also where the incident is about an account', () => {
  const { incident } = play(opens({ playbook: builtIn('admin-account-compromise') }), ...underWay.slice(1))
  const [step] = incident.playbook.steps
  if (step === undefined) throw new Error('the playbook has steps')
  const about = (finding: Finding) => targetOf(incident, { ...step, found: { by: step.id, finding } }).id

  expect(targetOf(incident, step).id).toBe(alice.id)
  expect(about(strangeAdmin)).toBe(strangeAdmin.subject.id)
  expect(about(strangeClient)).toBe(instanceTarget.id)
})

test('what was filled in is told in the order of the fields, however it was recorded', () => {
  const { incident } = play(opensWhole({ playbook: builtIn('denial-of-service') }))
  const [step] = incident.playbook.steps
  const inputs = { burst: '20', networks: '127.0.0.1', proxy: 'configured', rate: '10' }

  expect(filledIn(incident, step?.id, inputs).map(({ value }) => value)).toEqual([
    'The one that the worker is configured for',
    '10',
    '20',
    '127.0.0.1',
  ])
})

test('a finding has its name in quotes already, and stands in a sentence without a second pair', () => {
  const byHand = { kind: 'attest', reason: 'Done there.' } as const
  const { incident } = play(
    ...rotated,
    asks(ids.review, since),
    reports('run', reviewed([{ ...strangeAdmin, ways: [], byHand: true }])),
    asks(found[0], byHand),
  )
  const request = newestRequest(incident)

  expect(requestName(request, incident)).toBe('Record administrator “helpdesk” as done by hand')
  expect(request.shown?.effect.sentence).toBe(
    'record that administrator “helpdesk” was dealt with by hand: Done there.',
  )
})

describe('a step that only reads', () => {
  test('runs as soon as one person asks, with what was filled in', () => {
    given(...rotated)
      .when(asks(ids.review, since))
      .happens({ type: 'WorkOrdered', mode: 'run', action: 'review-admins', step: ids.review, ...since })
  })

  test('a step that changes something never does', () => {
    given(...wholeUnderWay)
      .when(asks(ids.rotate))
      .happens('StepRequested', 'WorkOrdered')
    const { incident } = play(...wholeUnderWay, asks(ids.rotate))
    expect([...incident.orders.values()].map(({ mode }) => mode)).toEqual(['prepare'])
  })

  test('may be run again, unless something it came upon is being decided', () => {
    given(...looked)
      .when(asks(ids.review, since))
      .happens('WorkOrdered')
    given(...looked, asks(found[0], { kind: 'expect', reason: 'Ours.' }))
      .when(asks(ids.review, since))
      .isRefused('step_settled')
  })

  test('is nobody’s who is not a responder', () => {
    given(...rotated)
      .when(asks(ids.review, { ...since, by: standing('gil') }))
      .isRefused('person_is_guest')
  })
})

describe('what a review came upon', () => {
  test('stands under it, each to be dealt with before the next step', () => {
    const { incident } = play(...looked)
    expect([stateOf(incident, found[0]), stateOf(incident, found[1])]).toEqual(['waiting', 'waiting'])
    given(...looked)
      .when(asks(ids.which, { kind: 'answer', answer: 'ours', reason: 'It is nginx.' }))
      .isRefused('step_not_next')
  })

  test('may be dealt with in any order', () => {
    given(...looked)
      .when(asks(found[1], { kind: 'expect', reason: 'Ours.' }))
      .happens('StepRequested', 'RequestShown')
  })

  test('is expected once two people say so, with a note', () => {
    given(...looked)
      .when(asks(found[0], { kind: 'expect' }))
      .isRefused('reason_missing')
    given(...looked, asks(found[0], { kind: 'expect', reason: 'Hired on Monday.' }))
      .when(approves())
      .happens('StepApproved', {
        type: 'FindingExpected',
        step: found[0],
        request: newestRequest(play(...looked, asks(found[0], { kind: 'expect', reason: 'x' })).incident).id,
        finding: strangeAdmin.key,
        note: 'Hired on Monday.',
      })
  })

  test('is not expected by the word of one', () => {
    given(...looked, asks(found[1], { kind: 'expect', reason: 'Ours.' }))
      .when(approves(standing('ana')))
      .isRefused('approver_is_requester')
  })

  test('whoever it is about may not approve what is done about it', () => {
    // Chi has the address of the account that was found.
    given(...looked, asks(found[0], { kind: 'expect', reason: 'Hired on Monday.' }))
      .when(approves(standing('chi', { email: 'chi@acme.test' })))
      .isRefused('person_is_target')
  })

  test('is done away with by a way that it offers, as any step', () => {
    given(...looked)
      .when(asks(found[1], { action: 'disable-client' }))
      .happens('StepRequested', {
        type: 'WorkOrdered',
        mode: 'prepare',
        action: 'disable-client',
        step: found[1],
        request: 'r2' as never,
      })
  })

  test.each([
    ['a way that it does not offer', { action: 'demote-admin' as const }],
    ['no way at all', {}],
    ['an answer', { kind: 'answer' as const, answer: 'ours', reason: 'x' }],
  ])('refuses %s', (_what, change) => {
    given(...looked)
      .when(asks(found[1], change))
      .isRefused('way_not_offered')
  })

  test('cannot be vouched for by hand where a worker can do it', () => {
    given(...looked)
      .when(asks(found[1], { kind: 'attest', reason: 'Did it.' }))
      .isRefused('fallback_not_offered')
  })

  test('keeps what people said of it when the review is run again, and shows what is new', () => {
    const third = { ...strangeClient, key: 'client:other@44', subject: { id: 'other', name: 'Other' } }
    const { incident } = play(
      ...looked,
      asks(found[1], { kind: 'expect', reason: 'Ours.' }),
      approves(),
      asks(ids.review, since),
      reports('run', reviewed([strangeClient, third])),
    )
    // The first is gone from Autentico, the second stays expected, the third is new.
    expect(incident.found.get(ids.review)?.map(({ id }) => [id, stateOf(incident, id)])).toEqual([
      ['review-2', 'expected'],
      ['review-3', 'waiting'],
    ])
  })

  test('a review that came upon nothing lets the next step go on', () => {
    const clean: readonly Act[] = [...rotated, asks(ids.review, since), reports('run', reviewed([]))]
    given(...clean)
      .when(asks(ids.which, { kind: 'answer', answer: 'ours', reason: 'x' }))
      .happens('StepRequested', 'RequestShown')
  })
})

describe('a question', () => {
  test('is answered by two people, and leaves out what only other answers choose', () => {
    given(...bothExpected, asks(ids.which, { kind: 'answer', answer: 'ours', reason: 'It is nginx.' }))
      .when(approves())
      .happens('StepApproved', {
        type: 'QuestionAnswered',
        step: ids.which,
        request: 'r4' as never,
        answer: 'ours',
        label: 'It is ours',
        note: 'It is nginx.',
        leftOut: [ids.call],
      })
  })

  test('is not answered by what is no answer', () => {
    given(...bothExpected)
      .when(asks(ids.which, { kind: 'answer', answer: 'maybe', reason: 'x' }))
      .isRefused('answer_unknown')
  })

  test('is nothing that a worker could run', () => {
    given(...bothExpected)
      .when(asks(ids.which))
      .isRefused('way_not_offered')
  })

  test('a step that was left out is over', () => {
    given(...oursChosen)
      .when(asks(ids.call, { kind: 'attest', reason: 'Called.' }))
      .isRefused('step_settled')
  })

  test('the approval is of this answer and no other', () => {
    const asked = (answer: string) =>
      newestRequest(play(...bothExpected, asks(ids.which, { kind: 'answer', answer, reason: 'x' })).incident).shown
        ?.digest
    expect(asked('ours')).not.toBe(asked('theirs'))
  })
})

describe('what people do by hand', () => {
  const theirs: readonly Act[] = [
    ...bothExpected,
    asks(ids.which, { kind: 'answer', answer: 'theirs', reason: 'A host.' }),
    approves(),
  ]

  test('is vouched for by two, with a note', () => {
    given(...theirs)
      .when(asks(ids.call, { kind: 'attest' }))
      .isRefused('reason_missing')
    given(...theirs, asks(ids.call, { kind: 'attest', reason: 'Spoke to Kim.' }))
      .when(approves())
      .happens('StepApproved', 'StepAttested')
  })

  test('is no worker’s to run', () => {
    given(...theirs)
      .when(asks(ids.call))
      .isRefused('way_not_offered')
  })
})

describe('inputs', () => {
  test('are part of what is approved', () => {
    const asked = (rate: string) =>
      newestRequest(play(...oursChosen, ...shownRequest(ids.limit, { inputs: { rate } })).incident).shown?.digest
    expect(asked('10')).not.toBe(asked('11'))
  })

  test('stay with the request that takes the place of a void one', () => {
    const { incident } = play(
      ...oursChosen,
      ...running(ids.limit, { inputs: { rate: '10' } }),
      reports('run', { kind: 'changed', effect: effect('limit.'), differences: ['Something changed.'] }),
    )
    expect(newestRequest(incident)).toMatchObject({ inputs: { rate: '10' }, replaces: 'r5' })
  })
})

describe('containment', () => {
  const all: readonly Act[] = [
    ...oursChosen,
    ...running(ids.limit, { inputs: { rate: '10' } }),
    reports('run', doneResult({ checks: [check('limit-requests')] })),
  ]
  const sweeps = (proven: boolean): Act =>
    reports(
      'sweep',
      doneResult({
        checks: [
          { ...check('rotate-admin-token'), step: ids.rotate },
          { ...check('limit-requests', proven), step: ids.limit },
        ],
      }),
    )

  test('a sweep is due once everything is settled, findings and left-out steps included', () => {
    expect(play(...all).incident.sweep.status).toBe('due')
    expect(play(...oursChosen).incident.sweep.status).toBe('none')
  })

  test('is reached by proofs and by what two people decided', () => {
    expect(play(...all, passes(10), sweeps(true)).incident.containedAt).toBeDefined()
  })

  test('is not reached while the sweep finds a step undone, and that step turns back', () => {
    const { incident } = play(...all, passes(10), sweeps(false))
    expect([incident.containedAt, stateOf(incident, ids.limit)]).toEqual([undefined, 'unproven'])
  })
})

describe('how far a long piece of work is', () => {
  const busy: readonly Act[] = [...wholeUnderWay, ...running(ids.rotate)]

  test('is on record, and over with the work', () => {
    const at: Act = reports('run', { kind: 'progress', done: 6120, total: 10_000, failed: 2, secondsLeft: 41 })
    expect(play(...busy, at).incident.steps.get(ids.rotate)).toMatchObject({
      status: 'running',
      progress: { done: 6120, failed: 2 },
    })
    expect(play(...busy, at, reports('run', doneResult())).incident.steps.get(ids.rotate)).not.toHaveProperty(
      'progress',
    )
  })

  test('what earlier steps found out is known to later ones', () => {
    expect(play(...rotated).incident.known).toEqual({ tokenRotatedAt: minute(0) })
  })
})

describe('the legal clock', () => {
  test('runs from the opening, or from when somebody became aware', () => {
    expect(play(opensWhole()).incident.legalClock).toMatchObject({ awareAt: minute(0), endsAt: minute(72 * 60) })
    expect(play(opensWhole({ awareAt: minute(-120) })).incident.legalClock).toMatchObject({ endsAt: minute(70 * 60) })
  })

  test('does not start in the future', () => {
    given()
      .when(opensWhole({ awareAt: minute(1) }))
      .isRefused('awareness_wrong')
  })

  test('is put right with a note, and the old moment stays on record', () => {
    const corrects = {
      type: 'CorrectAwareness',
      by: standing('bao'),
      awareAt: minute(-60),
      note: 'The mail came in at two.',
    } as const
    given(opensWhole())
      .when(corrects)
      .happens({
        type: 'AwarenessCorrected',
        legalClock: { awareAt: minute(-60), endsAt: minute(71 * 60) },
        note: 'The mail came in at two.',
      })
    given(opensWhole())
      .when({ ...corrects, note: ' ' })
      .isRefused('reason_missing')
  })

  test('there is none where the law sets no limit', () => {
    given(opens())
      .when({ type: 'CorrectAwareness', by: standing('bao'), awareAt: minute(-60), note: 'x' })
      .isRefused('no_legal_clock')
  })

  test('reminds at a third, at two thirds, shortly before and at the end, each once', () => {
    const remind = { type: 'RemindOfLegalClock' } as const
    const opened = opensWhole()
    given(opened, passes(23 * 60))
      .when(remind)
      .happens()
    given(opened, passes(24 * 60))
      .when(remind)
      .happens('LegalClockReminded')
    given(opened, passes(24 * 60), remind)
      .when(remind)
      .happens()
    const { incident } = play(opened, passes(72 * 60), remind)
    expect(incident.legalClock?.reminders).toBe(4)
  })

  test('is silent once it is decided whom to notify', () => {
    const decided: readonly Act[] = [
      ...oursChosen,
      asks(ids.limit, { kind: 'skip-rest', reason: 'A rehearsal.' }),
      approves(),
    ]
    given(...decided, passes(72 * 60))
      .when({ type: 'RemindOfLegalClock' })
      .happens()
  })
})

test('what is filled in is judged by the rules as well, whoever sends it', () => {
  given(...oursChosen)
    .when(asks(ids.limit))
    .isRefused('inputs_wrong')
  given(...oursChosen)
    .when(asks(ids.limit, { inputs: { rate: '1000' } }))
    .isRefused('inputs_wrong')
})

test('a number that a finding had is not given to another', () => {
  const again = (findings: Parameters<typeof reviewed>[0]): readonly Act[] => [
    asks(ids.review, since),
    reports('run', reviewed(findings)),
  ]
  const { incident } = play(...looked, ...again([strangeAdmin]), ...again([strangeAdmin, strangeClient]))
  expect(incident.found.get(ids.review)?.map(({ id }) => id)).toEqual(['review-1', 'review-3'])
})

test('incidents that follow one another name each other', () => {
  const { incident } = play(opensWhole({ from: 'INC-6' as never }), {
    type: 'LinkIncident',
    to: 'INC-9' as never,
    person: person('ana'),
    playbook: 'Exposed private key',
  })
  expect([incident.from, incident.followedBy]).toEqual(['INC-6', [{ id: 'INC-9', playbook: 'Exposed private key' }]])
})
