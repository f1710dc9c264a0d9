import { describe, expect, test } from 'vitest'
import { standardPolicy } from '#/policy/policy.ts'
import { given, play, requestTtlMs, around as worldAt } from '../../test/support/given.ts'
import {
  type Act,
  approves,
  asks,
  beginsStepUp,
  denies,
  doneResult,
  effect,
  minute,
  passes,
  person,
  reports,
  shownRequest,
  standing,
  steps,
  underWay,
} from '../../test/support/stories.ts'
import { everySort, ids, instanceFacts, opensWhole } from '../../test/support/whole-instance.ts'
import { decide } from './decide.ts'
import { type StepUp } from './identity.ts'
import { whyNotTheirs } from './step-up.ts'
import type { RequestId } from './work.ts'

const wanted: Act = { policy: standardPolicy({ ttlMs: requestTtlMs, stepUp: true }) }
/** Shown at 03:02, and Bao is signing in since 03:03. */
const asked: readonly Act[] = [...underWay, passes(2), wanted, ...shownRequest(steps.sessions), passes(1)]
const signingIn: readonly Act[] = [...asked, beginsStepUp(), passes(1)]
const request = 'r1' as RequestId

/** 2026-11-23 03:00:00 UTC, and minutes after it, in seconds since 1970. */
function seconds(minutes: number): number {
  return 1_795_402_800 + minutes * 60
}

function signIn(change: Partial<Extract<StepUp, { kind: 'autentico' }>> = {}): StepUp {
  return {
    kind: 'autentico',
    iss: 'https://id.acme.test/oauth2',
    aud: 'step-up',
    sub: 'cv3kbao',
    authTime: seconds(4),
    signedInAt: minute(3),
    tokenDigest: 'a'.repeat(64),
    ...change,
  }
}

const key: StepUp = { kind: 'key', fingerprint: 'SHA256:abc' }
const atTerminal = standing('bao', { person: { ...person('bao'), key: 'SHA256:abc' } })

describe('where the rule wants a step-up, an approval', () => {
  test('does not count without one', () => {
    given(...asked)
      .when(approves())
      .isRefused('step_up_needed')
  })

  test('counts with a sign-in that was begun for it, and its claims are on record', () => {
    given(...signingIn)
      .when(approves(standing('bao'), { stepUp: signIn() }))
      .happens(expect.objectContaining({ type: 'StepApproved', stepUp: signIn() }) as never, 'WorkOrdered')
  })

  test('counts with a sign-in in the very second in which the request was shown', () => {
    const stepUp = signIn({ signedInAt: minute(2), authTime: seconds(2) })
    given(...signingIn)
      .when(approves(standing('bao'), { stepUp }))
      .happens('StepApproved', 'WorkOrdered')
  })

  test.each([
    ['the browser signed in before the request was shown', { signedInAt: '2026-11-23T03:01:59.000Z' }],
    ['the token says a time before the request was shown', { authTime: seconds(2) - 1 }],
  ])('does not count when %s', (_what, change) => {
    given(...signingIn)
      .when(approves(standing('bao'), { stepUp: signIn(change) }))
      .isRefused('step_up_stale', { what: '2026-11-23 03:01:59 UTC' })
  })

  test('does not count when the sign-in lies in the future by more than clocks may differ', () => {
    given(...signingIn)
      .when(approves(standing('bao'), { stepUp: signIn({ authTime: seconds(5) + 1 }) }))
      .isRefused('step_up_ahead')
  })

  test('does not count with a sign-in that somebody else began', () => {
    given(...signingIn)
      .when(approves(standing('chi'), { stepUp: signIn() }))
      .isRefused('step_up_needed')
  })

  test('does not count with a sign-in that has come to nothing', () => {
    const ends = { type: 'EndStepUp', request, person: person('bao'), why: 'denied', sentence: 'No.' } as const
    given(...signingIn, ends)
      .when(approves(standing('bao'), { stepUp: signIn() }))
      .isRefused('step_up_needed')
  })

  test('does not count with a token that was used in this incident', () => {
    const done = reports('run', doneResult())
    const approved = [...signingIn, approves(standing('bao'), { stepUp: signIn() }), done]
    given(...approved, ...shownRequest(steps.password), beginsStepUp(), passes(2))
      .when(approves(standing('bao'), { stepUp: signIn({ authTime: seconds(6), signedInAt: minute(6) }) }))
      .isRefused('step_up_used')
  })

  test('does not count with a token that was used in another open incident', () => {
    const { incident: other } = play(...signingIn, approves(standing('bao'), { stepUp: signIn() }))
    const { incident } = play(...signingIn)
    const command = approves(standing('bao'), { stepUp: signIn() })(incident)
    const around = worldAt(minute(4), [other], standardPolicy({ ttlMs: requestTtlMs, stepUp: true }))
    expect(decide(incident, command, around)).toMatchObject({ kind: 'refused', refusal: { code: 'step_up_used' } })
  })

  test('counts with the signature of a registered key', () => {
    given(...asked)
      .when(approves(atTerminal, { stepUp: key }))
      .happens('StepApproved', 'WorkOrdered')
  })

  test('does not count with the key of somebody else, nor with one that signed nothing', () => {
    given(...asked)
      .when(approves(standing('bao', { person: { ...person('bao'), key: 'SHA256:other' } }), { stepUp: key }))
      .isRefused('step_up_needed')
    given(...asked)
      .when(approves(standing('bao'), { stepUp: key }))
      .isRefused('step_up_needed')
  })
})

describe('beginning a step-up', () => {
  test('is on record, and the request stays open', () => {
    given(...asked)
      .when(beginsStepUp())
      .happens(expect.objectContaining({ type: 'StepUpStarted', request }) as never)
    expect(play(...signingIn).incident).toMatchObject({
      stepUps: [{ request, by: { name: 'bao' }, at: minute(3) }],
      requests: new Map([[request, expect.objectContaining({ end: { kind: 'open' } })]]),
    })
  })

  test('is turned down for what the approval itself would be turned down for', () => {
    given(...asked)
      .when(beginsStepUp(standing('ana')))
      .isRefused('approver_is_requester')
    given(...asked)
      .when(beginsStepUp(standing('bao'), { digest: 'another' }))
      .isRefused('shown_differs')
    given(...asked, denies(standing('chi')))
      .when(beginsStepUp())
      .isRefused('already_decided')
  })

  test('leads nowhere where no step-up is wanted', () => {
    given(...underWay, ...shownRequest(steps.sessions))
      .when(beginsStepUp())
      .isRefused('step_up_idle')
  })

  test('anew ends the one that was under way', () => {
    given(...signingIn)
      .when(beginsStepUp())
      .happens(expect.objectContaining({ type: 'StepUpFailed', why: 'replaced' }) as never, 'StepUpStarted')
    expect(play(...signingIn, beginsStepUp()).incident.stepUps).toHaveLength(1)
  })

  test('ends once, with an approval or with why there is none', () => {
    const ends = { type: 'EndStepUp', request, person: person('bao'), why: 'expired', sentence: 'Too late.' } as const
    given(...signingIn)
      .when(ends)
      .happens({
        type: 'StepUpFailed',
        request,
        step: steps.sessions,
        person: person('bao'),
        why: 'expired',
        sentence: 'Too late.',
      })
    given(...signingIn, ends)
      .when(ends)
      .happens()
    given(...signingIn, approves(standing('bao'), { stepUp: signIn() }))
      .when(ends)
      .happens()
  })
})

describe('where Autentico itself is the patient', () => {
  const read = reports('snapshot', { kind: 'snapshot', instance: instanceFacts, evidence: [], warnings: [] })
  const opened = opensWhole({ playbook: { ...everySort, patient: 'autentico' } })
  const ill: readonly Act[] = [
    wanted,
    opened,
    read,
    asks(ids.rotate),
    reports('prepare', { kind: 'prepared', effect: effect() }),
  ]

  test('a sign-in to it is neither begun nor believed: the sentence says how to approve', () => {
    given(...ill)
      .when(beginsStepUp())
      .isRefused('step_up_by_key', { what: 'responder approve INC-1 r1' })
    given(...ill)
      .when(approves(standing('bao'), { stepUp: signIn() }))
      .isRefused('step_up_by_key')
  })

  test('a registered key takes its place', () => {
    given(...ill)
      .when(approves(atTerminal, { stepUp: key }))
      .happens(expect.objectContaining({ type: 'StepApproved' }) as never, 'WorkOrdered')
  })
})

describe('the account that signed in', () => {
  const bao = { username: 'bao', email: 'bao@acme.test', emailVerified: true }

  test('is the person’s by a verified address', () => {
    expect(whyNotTheirs(bao, standing('bao'))).toBeUndefined()
  })

  test.each([
    ['has another address', { ...bao, email: 'mallory@acme.test' }, {}, 'other_account'],
    ['has none', { ...bao, email: undefined }, {}, 'other_account'],
    ['has the address without having verified it', { ...bao, emailVerified: false }, {}, 'unverified'],
    ['is not the one that the map names, whatever its address', bao, { account: 'bao-admin' }, 'other_account'],
  ] as const)('is not when it %s', (_what, account, change, why) => {
    expect(whyNotTheirs(account, standing('bao', change))).toMatchObject({ why })
  })

  test('is theirs where the map names it, whatever its address', () => {
    const mapped = standing('bao', { account: 'bao-admin' })
    expect(whyNotTheirs({ username: 'bao-admin', email: undefined, emailVerified: false }, mapped)).toBeUndefined()
  })

  test('is nobody’s where neither a map nor an address says anything', () => {
    const { email: _none, ...nameless } = standing('bao')
    expect(whyNotTheirs({ ...bao, email: undefined }, nameless)).toMatchObject({ why: 'other_account' })
  })

  test('that gave an approval of the request already gives no second one', () => {
    const two = standardPolicy({ ttlMs: requestTtlMs, stepUp: true })
    const policy = { ...two, standard: { ...two.standard, approvals: 2 } }
    given(
      ...underWay,
      { policy },
      passes(2),
      ...shownRequest(steps.sessions),
      beginsStepUp(),
      beginsStepUp(standing('chi')),
      passes(2),
      approves(standing('bao'), { stepUp: signIn() }),
    )
      .when(approves(standing('chi'), { stepUp: signIn({ tokenDigest: 'b'.repeat(64) }) }))
      .isRefused('approver_same_account', { who: '@bao' })
  })
})
