import { describe, expect, test } from 'vitest'
import { digestOf, given, play, standard } from '../../test/support/given.ts'
import {
  approves,
  asks,
  contained,
  denies,
  effect,
  expires,
  firstThreeProven,
  minute,
  newestRequest,
  notifies,
  type Pressed,
  passes,
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
  withdraws,
} from '../../test/support/stories.ts'
import { longestText } from './limits.ts'
import { codeOf } from './requests.ts'
import { type OpenedIncident, openRequests, type Request } from './state.ts'
import { utc } from './times.ts'

const asked = [...underWay, ...shownRequest(steps.sessions)]
const prepares = reports('prepare', { kind: 'prepared', effect: effect() })

describe('what is shown', () => {
  test('is bound to the incident, the playbook, the target, the effect and the rules', () => {
    const { incident } = play(...asked)
    expect(newestRequest(incident).shown?.digest).toBe(
      digestOf({
        incident: 'INC-1',
        playbook: digestOf(incident.playbook),
        target: incident.target.id,
        request: 'r1',
        step: 'revoke-sessions',
        kind: 'run',
        action: 'revoke-sessions',
        effect: effect(),
        rule: standard.standard,
        policy: digestOf(standard),
      }),
    )
  })

  test('another effect has another digest and another code', () => {
    const shown = newestRequest(play(...asked).incident).shown
    const other = newestRequest(
      play(
        ...underWay,
        asks(steps.sessions),
        reports('prepare', { kind: 'prepared', effect: effect('Revokes 4 sessions of alice.') }),
      ).incident,
    ).shown
    expect(other?.digest).not.toBe(shown?.digest)
    expect(other?.code).not.toBe(shown?.code)
  })

  test('ends half an hour after it was shown, not after it was asked', () => {
    const { incident } = play(...underWay, asks(steps.sessions), passes(5), prepares)
    expect(newestRequest(incident).shown?.expiresAt).toBe(minute(35))
  })

  test('two kinds of request do not read alike', () => {
    const story = [...firstThreeProven, ...unproven(steps.passkeys)]
    const sentence = (kind: 'attest' | 'skip' | 'skip-rest') =>
      newestRequest(play(...story, asks(steps.passkeys, { kind, reason: 'Because.' })).incident).shown?.effect.sentence
    expect(new Set([sentence('attest'), sentence('skip'), sentence('skip-rest')]).size).toBe(3)
  })
})

describe('the code', () => {
  test('is five characters that can be read over the phone', () => {
    expect(codeOf(digestOf('anything'))).toMatch(/^[2-9A-HJ-NP-Z]{3}-[2-9A-HJ-NP-Z]{2}$/)
  })

  test.each([
    ['0'.repeat(64), '222-22'],
    ['f'.repeat(64), 'ZZZ-ZZ'],
    [`0000008${'0'.repeat(57)}`, '222-23'],
    [`08${'0'.repeat(62)}`, '322-22'],
  ])('of %s is %s', (digest, code) => {
    expect(codeOf(digest)).toBe(code)
  })
})

describe('denying', () => {
  test('ends the request, and the step can be asked for again', () => {
    given(...asked, denies())
      .when(asks(steps.sessions))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('needs a reason', () => {
    given(...asked)
      .when(denies(standing('bao'), ' '))
      .isRefused('reason_missing')
  })

  test('with a reason of 3,001 characters is turned down', () => {
    given(...asked)
      .when(denies(standing('bao'), 'x'.repeat(longestText + 1)))
      .isRefused('text_too_long')
  })

  test('is not for the requester, who withdraws instead', () => {
    given(...asked)
      .when(denies(standing('ana')))
      .isRefused('approver_is_requester')
  })

  test('is not for whoever reads the thread', () => {
    given(...asked)
      .when(denies(standing('gil', { approver: true })))
      .isRefused('person_is_guest')
  })

  test('a denied request cannot be approved by somebody else', () => {
    given(...asked, denies(standing('bao')))
      .when(approves(standing('chi')))
      .isRefused('already_decided', { what: 'denied', who: `@bao at ${utc(start)}, just now` })
  })

  test('an approved request cannot be denied', () => {
    given(...asked, approves())
      .when(denies(standing('chi')))
      .isRefused('already_decided')
  })

  test('before the effect is shown also stops the looking', () => {
    const { incident } = play(...underWay, asks(steps.sessions), denies())
    expect(incident.orders).toEqual(new Map())
  })

  test('of a request that nobody made is turned down', () => {
    given(...asked)
      .when({ type: 'DenyRequest', by: standing('bao'), request: 'r99' as never, reason: 'No.' })
      .isRefused('no_open_request')
  })
})

describe('withdrawing', () => {
  test('is for the requester', () => {
    given(...asked)
      .when(withdraws(standing('ana')))
      .happens({ type: 'RequestWithdrawn', request: 'r1' as never, step: steps.sessions })
  })

  test('is for the commander', () => {
    given(...asked, { type: 'TakeCommand', by: standing('chi') })
      .when(withdraws(standing('chi')))
      .happens('RequestWithdrawn')
  })

  test('is not for another responder', () => {
    given(...asked)
      .when(withdraws(standing('bao')))
      .isRefused('not_the_requester', { who: '@ana' })
  })

  test('is not possible once the step runs', () => {
    given(...asked, approves(), reports('run', { kind: 'started', attempt: 1 }))
      .when(withdraws())
      .isRefused('execution_begun')
  })

  test('a withdrawn request cannot be approved', () => {
    given(...asked, withdraws())
      .when(approves())
      .isRefused('already_decided', { what: 'withdrawn', who: `@ana at ${utc(start)}, just now` })
  })

  test('while the worker still looks ends the looking', () => {
    const { incident } = play(...underWay, asks(steps.sessions), withdraws())
    expect(incident.orders).toEqual(new Map())
  })

  test('of a request that nobody made is turned down', () => {
    given(...asked)
      .when({ type: 'WithdrawRequest', by: standing('ana'), request: 'r99' as never })
      .isRefused('no_open_request')
  })
})

describe('a request that comes to nothing', () => {
  const redone = [
    ...firstThreeProven,
    ...unproven(steps.passkeys),
    ...shownRequest(steps.passkeys, { kind: 'suspend' }),
  ]

  test.each([
    ['denied', [denies()]],
    ['withdrawn', [withdraws()]],
    ['left to expire', [passes(30), expires]],
  ] as const)('%s, leaves a step that was done but not proven where it was', (_how, acts) => {
    const before = play(...firstThreeProven, ...unproven(steps.passkeys)).incident
    expect(play(...redone, ...acts).incident.steps.get(steps.passkeys)).toEqual(before.steps.get(steps.passkeys))
  })

  test('leaves a failed step failed', () => {
    const failed = [
      ...underWay,
      ...running(steps.sessions),
      reports('run', { kind: 'failed', sentence: 'No.', retry: true }),
    ]
    const { incident } = play(...failed, ...shownRequest(steps.sessions), denies())
    expect(incident.steps.get(steps.sessions)).toMatchObject({ status: 'failed', sentence: 'No.' })
  })
})

describe('expiring', () => {
  test('a request lasts until its last millisecond', () => {
    given(...asked)
      .when(approves(), '2026-11-23T03:29:59.999Z')
      .happens('StepApproved', 'WorkOrdered')
  })

  test('an approval at the moment of expiry is too late, even before the expiry is recorded', () => {
    given(...asked)
      .when(approves(), minute(30))
      .isRefused('request_expired', { what: utc(minute(30)) })
  })

  test('a denial and a withdrawal are too late then as well', () => {
    given(...asked)
      .when(denies(), minute(30))
      .isRefused('request_expired')
    given(...asked)
      .when(withdraws(), minute(30))
      .isRefused('request_expired')
  })

  test('the program records it', () => {
    given(...asked)
      .when(expires, minute(30))
      .happens({ type: 'RequestExpired', request: 'r1' as never, step: steps.sessions })
  })

  test('the program leaves alone what is not due', () => {
    given(...asked)
      .when(expires, minute(29))
      .happens()
  })

  test('a request that is still being looked at does not expire', () => {
    given(...underWay, asks(steps.sessions))
      .when(expires, minute(600))
      .happens()
  })

  test('a clock set back does not bring it to life again', () => {
    given(...asked, passes(30), expires)
      .when(approves(), start)
      .isRefused('request_expired')
  })

  test('it can be asked for afresh', () => {
    given(...asked, passes(30), expires)
      .when(asks(steps.sessions))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('nothing expires twice', () => {
    given(...asked, passes(30), expires)
      .when(expires, minute(60))
      .happens()
  })
})

describe('an approval that the account has outrun', () => {
  const changed = reports('run', {
    kind: 'changed',
    effect: effect('Revokes 4 sessions of alice.'),
    differences: ['4 sessions instead of 3.'],
  })
  const voided = [...asked, approves(), changed]

  test('is void, and the request is shown afresh at once', () => {
    given(...asked, approves())
      .when(changed)
      .happens('ApprovalVoided', 'StepRequested', 'RequestShown')
  })

  test('the fresh request is still the requester’s, has another digest, and waits for a decision', () => {
    const before = newestRequest(play(...asked).incident)
    const { incident } = play(...voided)
    const fresh = newestRequest(incident)

    expect(fresh).toMatchObject({
      id: 'r2',
      requester: before.requester,
      identity: before.identity,
      end: { kind: 'open' },
    })
    expect(fresh.shown?.digest).not.toBe(before.shown?.digest)
    expect(incident.steps.get(steps.sessions)).toEqual({ status: 'requested', request: 'r2' })
    expect(incident.orders).toEqual(new Map())
  })

  test('the fresh request is not the requester’s to approve either', () => {
    given(...voided)
      .when(approves(standing('ana')))
      .isRefused('approver_is_requester')
  })

  test('the button of the earlier request approves nothing', () => {
    const { digest } = newestRequest(play(...asked).incident).shown ?? { digest: '' }
    given(...voided)
      .when({ type: 'ApproveRequest', by: standing('chi'), request: 'r1' as never, digest })
      .isRefused('request_stale')
  })

  test('the earlier digest does not approve the fresh request', () => {
    const { digest } = newestRequest(play(...asked).incident).shown ?? { digest: '' }
    given(...voided)
      .when(approves(standing('chi'), { digest }))
      .isRefused('shown_differs')
  })

  test('the fresh request runs when it is approved', () => {
    given(...voided)
      .when(approves())
      .happens('StepApproved', 'WorkOrdered')
  })
})

function firstOpen(incident: OpenedIncident): Request {
  const [request] = openRequests(incident)
  if (request === undefined) throw new Error('no request is open')
  return request
}

const approvesFirstOpen: Pressed = (incident) => {
  const { id, shown } = firstOpen(incident)
  return { type: 'ApproveRequest', by: standing('bao'), request: id, digest: shown?.digest ?? 'not shown yet' }
}

describe('skipping what is left', () => {
  test('skips every step that the words named', () => {
    const { incident } = play(
      ...underWay,
      ...running(steps.sessions),
      reports('run', { kind: 'failed', sentence: 'No.', retry: true }),
      ...settledByWord(steps.sessions, 'skip-rest'),
    )
    expect([...incident.steps.values()].map(({ status }) => status)).toEqual(Array<string>(5).fill('skipped'))
  })

  test('names the step itself when it was done but not proven', () => {
    const { incident } = play(
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      asks(steps.passkeys, { kind: 'skip-rest', reason: 'Over.' }),
    )
    expect(newestRequest(incident).shown?.effect.sentence).toBe(
      'leave “Revoke passkeys”, “Notify the user, then restore access” undone for alice: Over.',
    )
  })

  test('waits for an earlier step that is being done again', () => {
    given(
      ...underWay,
      ...unproven(steps.sessions),
      asks(steps.password, { kind: 'skip-rest', reason: 'Over.' }),
      asks(steps.sessions),
    )
      .when(approvesFirstOpen)
      .isRefused('step_not_next', { what: '“Revoke all sessions”' })
  })

  test('skips nothing that the words did not name', () => {
    given(
      ...contained,
      notifies,
      ...shownRequest(steps.notify),
      { type: 'ReadAgain', by: standing('ana'), what: 'sweep' },
      ...swept('revoke-sessions'),
      asks(steps.sessions, { kind: 'skip-rest', reason: 'Over.' }),
      (incident) => ({ type: 'WithdrawRequest', by: standing('ana'), request: firstOpen(incident).id }),
    )
      .when(approvesFirstOpen)
      .isRefused('shown_differs')
  })

  test('keeps both names with what was skipped', () => {
    const { incident } = play(...underWay, ...settledByWord(steps.sessions, 'skip'))
    expect(incident.steps.get(steps.sessions)).toMatchObject({ by: [{ name: 'ana' }, { name: 'bao' }] })
  })

  test('is not done by one person alone', () => {
    given(...underWay, asks(steps.sessions, { kind: 'skip-rest', reason: 'Over.' }))
      .when(approves(standing('ana')))
      .isRefused('approver_is_requester')
  })
})

test('a request whose effect could not be found out ends, and the step says why', () => {
  const { incident } = play(
    ...underWay,
    asks(steps.sessions),
    reports('prepare', { kind: 'failed', sentence: 'Autentico answered 503.', retry: true }),
  )
  expect(newestRequest(incident).end).toMatchObject({ kind: 'failed', reason: 'Autentico answered 503.' })
  expect(incident.steps.get(steps.sessions)).toMatchObject({ status: 'failed', sentence: 'Autentico answered 503.' })
})

test('a look that failed leaves what was done and not proven as it was', () => {
  const before = play(...firstThreeProven, ...unproven(steps.passkeys)).incident
  const { incident } = play(
    ...firstThreeProven,
    ...unproven(steps.passkeys),
    asks(steps.passkeys),
    reports('prepare', { kind: 'failed', sentence: 'Autentico answered 503.', retry: true }),
  )
  expect(newestRequest(incident).end).toMatchObject({ kind: 'failed', reason: 'Autentico answered 503.' })
  expect(incident.steps.get(steps.passkeys)).toEqual(before.steps.get(steps.passkeys))
})
