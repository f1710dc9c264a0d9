import { describe, expect, test } from 'vitest'
import { around, given, play } from '../../test/support/given.ts'
import {
  type Act,
  approves,
  asks,
  asksToResume,
  beginsStepUp,
  breaks,
  breaksNow,
  brokenGlass,
  closes,
  contained,
  denies,
  doneResult,
  effect,
  expires,
  held,
  minute,
  newestRequest,
  notifies,
  passes,
  person,
  reports,
  reviews,
  shownRequest,
  standing,
  steps,
  stops,
  underWay,
  withdraws,
  withGlass,
} from '../../test/support/stories.ts'
import { glassDue } from './break-glass.ts'

const asked: readonly Act[] = [{ policy: withGlass() }, ...underWay, ...shownRequest(steps.sessions)]
const announced: readonly Act[] = [...asked, breaks()]

describe('without the word of the policy', () => {
  test('nobody announces anything', () => {
    given(...underWay, ...shownRequest(steps.sessions))
      .when(breaks())
      .isRefused('glass_not_allowed')
  })

  test('allowed for nobody is allowed to nobody', () => {
    given({ policy: withGlass([]) }, ...underWay, ...shownRequest(steps.sessions))
      .when(breaks())
      .isRefused('not_a_breaker')
  })

  test('what was announced before the policy changed is called off when its delay is over', () => {
    const { breakGlass, ...rest } = withGlass()
    given(...announced, { policy: { ...rest, breakGlass: { ...breakGlass, allowed: false } } }, passes(10))
      .when(breaksNow())
      .happens(expect.objectContaining({ type: 'GlassCalledOff' }) as never)
  })

  test('another policy than the one it was announced under calls it off, whatever it says', () => {
    const { reminders, ...rest } = withGlass()
    given(...announced, { policy: { ...rest, reminders: { ...reminders, firstMs: 1 } } }, passes(10))
      .when(breaksNow())
      .happens(expect.objectContaining({ type: 'GlassCalledOff', why: 'The policy has changed since' }) as never)
  })

  test('a person who was taken out of the group meanwhile does nothing alone', () => {
    given(...announced, passes(10))
      .when(breaksNow('ana', { groups: [] }))
      .happens(
        expect.objectContaining({
          type: 'GlassCalledOff',
          why: 'The policy does not name this person for it any more',
        }) as never,
      )
  })
})

describe('announcing', () => {
  test('tells everybody, says why, and does nothing yet', () => {
    const { id, shown } = newestRequest(play(...asked).incident)
    given(...asked)
      .when(breaks())
      .happens({
        type: 'GlassAnnounced',
        request: id,
        step: steps.sessions,
        digest: shown?.digest ?? '',
        reason: 'Nobody answers, and the attacker is in.',
        dueAt: minute(10),
        told: [person('bao'), person('chi')],
      })
  })

  test('is for the one who asked', () => {
    given(...asked)
      .when(breaks('bao'))
      .isRefused('glass_not_requester', { who: '@ana' })
  })

  test('wants a reason', () => {
    given(...asked)
      .when(breaks('ana', { reason: '  ' }))
      .isRefused('reason_missing')
  })

  test('is bound to what was shown', () => {
    given(...asked)
      .when(breaks('ana', { digest: 'f'.repeat(64) }))
      .isRefused('shown_differs')
  })

  test('is not for what is still being looked at', () => {
    given({ policy: withGlass() }, ...underWay, asks(steps.sessions))
      .when(breaks())
      .isRefused('request_not_ready')
  })

  test('wants the sign-in that an approval would want, begun for it and used for nothing else', () => {
    const { standard, ...rest } = withGlass()
    const stepUp = {
      kind: 'autentico',
      iss: 'https://id.acme.test/oauth2',
      aud: 'step-up',
      sub: 'cv3kana',
      authTime: 1_795_402_800 + 60,
      signedInAt: minute(1),
      tokenDigest: 'a'.repeat(64),
    } as const
    const strict: readonly Act[] = [
      { policy: { ...rest, standard: { ...standard, stepUp: true } } },
      ...underWay,
      ...shownRequest(steps.sessions),
      passes(1),
    ]
    given(...strict)
      .when(breaks())
      .isRefused('step_up_needed')
    const begins = beginsStepUp(standing('ana'), { reason: 'Nobody answers.', alone: { told: [] } })
    given(...strict)
      .when(begins)
      .happens('StepUpStarted')
    given(...strict, begins)
      .when(breaks('ana', { stepUp }))
      .happens(expect.objectContaining({ type: 'GlassAnnounced', stepUp }) as never)
    given(...strict, begins, breaks('ana', { stepUp }), beginsStepUp(standing('bao')))
      .when(approves(standing('bao'), { stepUp }))
      .isRefused('step_up_used')
  })

  test('of what only the typed name lets through wants it typed', () => {
    const typing = reports('prepare', { kind: 'prepared', effect: effect('revoke.', 'alice') })
    const last: readonly Act[] = [{ policy: withGlass() }, ...underWay, asks(steps.sessions), typing]
    given(...last)
      .when(breaks())
      .isRefused('confirm_by_typing')
    given(...last)
      .when(breaks('ana', { typed: 'alice' }))
      .happens('GlassAnnounced')
  })

  test('is done once', () => {
    given(...announced)
      .when(breaks())
      .isRefused('glass_announced')
  })

  test('is refused when the request would end before the delay is over', () => {
    given(...asked, passes(21))
      .when(breaks())
      .isRefused('glass_too_late', { what: '2026-11-23 03:30:00 UTC' })
  })

  test('never gives an account back: its password is shown only after a second person has agreed', () => {
    given({ policy: withGlass() }, ...contained, notifies, ...shownRequest(steps.notify))
      .when(breaks())
      .isRefused('glass_not_for_access')
  })

  test('never keeps a hold', () => {
    given({ policy: withGlass() }, ...held)
      .when(breaks())
      .isRefused('glass_not_for_holds')
  })

  test('is never for the target', () => {
    given(...asked)
      .when(breaks('alice', { by: standing('alice', { groups: ['responders'] }) }))
      .isRefused('person_is_target')
  })

  test('is never for a guest', () => {
    given(...asked)
      .when(breaks('gil', { by: standing('gil', { groups: ['responders'] }) }))
      .isRefused('person_is_guest')
  })

  test('is refused while the work is stopped', () => {
    given(...asked, stops())
      .when(breaks())
      .isRefused('work_stopped')
  })
})

describe('during the delay', () => {
  test('nothing is done', () => {
    given(...announced, passes(9))
      .when(breaksNow())
      .happens()
  })

  test('an approver stops it', () => {
    given(...announced, denies(), passes(10))
      .when(breaksNow())
      .happens()
  })

  test('whoever announced it takes it back', () => {
    given(...announced, withdraws(), passes(10))
      .when(breaksNow())
      .happens()
  })

  test('a second person may approve in the ordinary way, and nothing is alone about it', () => {
    const { incident } = play(...announced, approves(), passes(10))
    expect(newestRequest(incident).end).toMatchObject({ kind: 'approved', by: person('bao') })
    given(...announced, approves(), passes(10))
      .when(breaksNow())
      .happens()
  })

  test('setting the clock ahead does not end it', () => {
    const { incident } = play(...announced)
    expect(glassDue(incident, { ...around(minute(10)), ripe: () => false })).toEqual([])
    expect(glassDue(incident, around(minute(10)))).toHaveLength(1)
  })

  test('an emergency stop keeps it from being done', () => {
    given(...announced, stops(), passes(10))
      .when(breaksNow())
      .happens()
  })

  test('while Slack does not say who somebody is, it waits', () => {
    given(...announced, passes(10))
      .when(breaksNow('ana', { membership: 'unknown' }))
      .happens()
  })

  test('what ran out meanwhile is not done', () => {
    given(...announced, passes(40), expires)
      .when(breaksNow())
      .happens()
  })
})

describe('when the delay is over', () => {
  test('it is done on one word, and the entry says so', () => {
    const { id, shown } = newestRequest(play(...announced).incident)
    given(...announced, passes(10))
      .when(breaksNow())
      .happens(
        {
          type: 'GlassBroken',
          request: id,
          step: steps.sessions,
          digest: shown?.digest ?? '',
          by: person('ana'),
          reason: 'Nobody answers, and the attacker is in.',
          announcedAt: minute(0),
        },
        { type: 'WorkOrdered', mode: 'run', action: 'revoke-sessions', step: steps.sessions, request: id },
      )
  })

  test('stopped work goes on, on one word as well', () => {
    given({ policy: withGlass() }, ...underWay, stops(), asksToResume('ana'), breaks(), passes(10))
      .when(breaksNow())
      .happens('GlassBroken', expect.objectContaining({ type: 'WorkResumed', by: [person('ana')] }) as never)
  })

  test('it is done once', () => {
    given(...brokenGlass)
      .when(breaksNow())
      .happens()
  })

  test('a target that changed meanwhile voids it like an approval', () => {
    const changed = reports('run', {
      kind: 'changed',
      effect: {
        sentence: 'revoke 4 sessions.',
        question: 'Do it?',
        verb: 'Do it',
        warnings: [],
        basis: { sessions: 4 },
      },
      differences: ['4 sessions instead of 3.'],
    })
    const { incident } = play(...brokenGlass, changed)
    expect(newestRequest(incident).end).toEqual({ kind: 'open' })
    given(...brokenGlass, changed)
      .when(breaksNow())
      .happens()
  })
})

describe('afterwards', () => {
  const over: readonly Act[] = [
    ...brokenGlass,
    reports('run', doneResult()),
    { ...asks(steps.password), kind: 'skip-rest', reason: 'A test account.' },
    approves(),
    passes(10),
    reports('sweep', doneResult()),
  ]

  test('the incident cannot be closed before somebody else has reviewed it', () => {
    given(...over)
      .when(closes())
      .isRefused('glass_unreviewed', { who: '@ana', what: '“Revoke all sessions of alice”' })
    given(...over, reviews())
      .when(closes())
      .happens('IncidentClosed')
  })

  test('it is never reviewed by the one who did it', () => {
    given(...over)
      .when(reviews('ana'))
      .isRefused('reviewer_is_breaker')
  })

  test('nor by another Slack identity of that person', () => {
    given(...over)
      .when(reviews('bao', { by: standing('bao', { email: 'ana@acme.test' }) }))
      .isRefused('approver_same_account')
  })

  test('nor by somebody who may not approve', () => {
    given(...over)
      .when(reviews('chi', { by: standing('chi', { approver: false }) }))
      .isRefused('not_an_approver')
  })

  test('a review says why', () => {
    given(...over)
      .when(reviews('bao', { note: ' ' }))
      .isRefused('reason_missing')
  })

  test('it is reviewed once', () => {
    given(...over, reviews())
      .when(reviews('chi'))
      .isRefused('glass_reviewed', { who: '@bao' })
  })

  test('what was approved in the ordinary way needs no review', () => {
    given(...announced, approves())
      .when(reviews('chi'))
      .isRefused('glass_not_broken')
  })
})
