import { describe, expect, test } from 'vitest'
import { given, play, around as worldAt } from '../../test/support/given.ts'
import {
  alice,
  allProven,
  approves,
  asks,
  closes,
  contained,
  effect,
  firstThreeProven,
  minute,
  notifies,
  openOrder,
  opens,
  type Pressed,
  passes,
  proven,
  reports,
  restored,
  running,
  settledByWord,
  shownRequest,
  snapshots,
  standing,
  start,
  steps,
  swept,
  underWay,
  unproven,
} from '../../test/support/stories.ts'
import { decide } from './decide.ts'
import { longestText } from './limits.ts'
import { type OpenedIncident, unopened, unprovenSteps } from './state.ts'
import { utc } from './times.ts'

const tooLong = 'x'.repeat(longestText + 1)

describe('the whole account-compromise playbook', () => {
  test('runs to contained, restored and closed', () => {
    const { incident, recorded } = play(...restored, closes())

    expect(incident).toMatchObject({ status: 'closed', containedAt: minute(10), orders: new Map() })
    expect(unprovenSteps(incident)).toEqual([])
    expect(recorded.map(({ event }) => event.type).slice(-2)).toEqual(['SecretDestroyed', 'IncidentClosed'])
  })

  test('is not contained before the sweep has repeated the proof', () => {
    expect(play(...allProven).incident.containedAt).toBeUndefined()
  })
})

describe('opening an incident', () => {
  test('records the playbook whole and reads the account at once', () => {
    given().when(opens()).happens('IncidentOpened', { type: 'WorkOrdered', mode: 'run', action: 'snapshot-account' })
  })

  test('the account the bot signs in with cannot be the target', () => {
    given()
      .when(opens({ targetIsBot: true }))
      .isRefused('target_is_bot')
  })

  test('somebody who is no responder opens nothing', () => {
    given()
      .when(opens({ by: standing('ana', { responder: false }) }))
      .isRefused('not_a_responder')
  })

  test('nobody opens an incident on their own account', () => {
    given()
      .when(opens({ by: standing('alice', { responder: true }) }))
      .isRefused('person_is_target')
  })

  test('an empty roster means nobody', () => {
    given()
      .when(opens({ by: standing('ana', { rosterEmpty: true }) }))
      .isRefused('roster_empty')
  })

  test('an open incident is not opened once more', () => {
    given(opens()).when(opens()).isRefused('incident_exists')
  })

  test('a second one for the same account and playbook is not opened: the first is named, even to somebody else', () => {
    const { incident } = play(opens())
    const around = { ...worldAt(start, [incident]), now: minute(3) }
    expect(decide(unopened, opens({ by: standing('bao') }), around)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'target_has_incident', about: { who: 'alice' } },
      sentence: expect.stringContaining('INC-1 is open since 2026-11-23 03:00:00 UTC by @ana') as unknown,
    })
  })

  test('for another account, or while none is open, it is', () => {
    const { incident } = play(opens())
    const other = opens({ target: { ...alice, id: 'cv3kbob' as typeof alice.id, username: 'bob' } })
    expect(decide(unopened, other, worldAt(start, [incident])).kind).toBe('accepted')
    expect(decide(unopened, opens(), worldAt(start)).kind).toBe('accepted')
  })

  test('a summary longer than Slack takes is turned down', () => {
    given()
      .when(opens({ summary: tooLong }))
      .isRefused('text_too_long')
  })

  test('nothing can be done in an incident that never opened', () => {
    given().when(asks(steps.sessions)).isRefused('no_such_incident')
  })
})

describe('asking for a step', () => {
  test('has a worker look first, and changes nothing', () => {
    given(...underWay)
      .when(asks(steps.sessions))
      .happens('StepRequested', {
        type: 'WorkOrdered',
        mode: 'prepare',
        action: 'revoke-sessions',
        step: steps.sessions,
        request: 'r1' as never,
      })
  })

  test('nothing is changed before the account has been read', () => {
    given(opens()).when(asks(steps.sessions)).isRefused('snapshot_first', {})
  })

  test('a snapshot that failed is named as the reason', () => {
    given(opens(), reports('snapshot', { kind: 'failed', sentence: 'Autentico answered 503', retry: true }))
      .when(asks(steps.sessions))
      .isRefused('snapshot_first', { what: 'Autentico answered 503' })
  })

  test('the steps keep the document’s order', () => {
    given(...underWay)
      .when(asks(steps.mfa))
      .isRefused('step_not_next', { what: '“Revoke all sessions”' })
  })

  test('a step that failed holds up the next one', () => {
    given(...underWay, ...running(steps.sessions), reports('run', { kind: 'failed', sentence: 'No.', retry: true }))
      .when(asks(steps.password))
      .isRefused('step_not_next')
  })

  test('a step that was done but not proven lets the next one go on', () => {
    given(...underWay, ...unproven(steps.sessions))
      .when(asks(steps.password))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('a step asked for already is not asked for twice', () => {
    given(...underWay, asks(steps.sessions))
      .when(asks(steps.sessions, { by: standing('chi') }))
      .isRefused('request_open', { who: '@ana' })
  })

  test('a running step is not asked for', () => {
    given(...underWay, ...running(steps.sessions))
      .when(asks(steps.sessions))
      .isRefused('step_running')
  })

  test('a proven step is not asked for', () => {
    given(...underWay, ...proven(steps.sessions))
      .when(asks(steps.sessions))
      .isRefused('step_settled', { what: 'proven' })
  })

  test('a failed step may be asked for again', () => {
    given(...underWay, ...running(steps.sessions), reports('run', { kind: 'failed', sentence: 'No.', retry: true }))
      .when(asks(steps.sessions))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('a step of another playbook is not run', () => {
    given(...underWay)
      .when(asks('rotate-token' as typeof steps.mfa))
      .isRefused('no_such_step')
  })

  test('the target cannot ask for anything', () => {
    given(...underWay)
      .when(asks(steps.sessions, { by: standing('alice', { responder: true }) }))
      .isRefused('person_is_target')
  })

  test('somebody who was a responder when the incident opened is asked for their standing of now', () => {
    given(...underWay)
      .when(asks(steps.sessions, { by: standing('ana', { membership: 'deactivated' }) }))
      .isRefused('person_is_deactivated')
  })
})

describe('other ways out of a step', () => {
  test('suspending is offered when the step was done but not proven', () => {
    given(...firstThreeProven, ...unproven(steps.passkeys))
      .when(asks(steps.passkeys, { kind: 'suspend' }))
      .happens('StepRequested', {
        type: 'WorkOrdered',
        mode: 'prepare',
        action: 'suspend-account',
        step: steps.passkeys,
        request: 'r5' as never,
      })
  })

  test('suspending is not offered before the step was tried', () => {
    given(...firstThreeProven)
      .when(asks(steps.passkeys, { kind: 'suspend' }))
      .isRefused('fallback_not_offered')
  })

  test('both are offered again when the look for one of them failed, and the step stays as it was', () => {
    const failedLook = [
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      asks(steps.passkeys, { kind: 'suspend' }),
      reports('prepare', { kind: 'failed', sentence: 'Autentico answered 503.', retry: true }),
    ]
    expect(play(...failedLook).incident.steps.get(steps.passkeys)?.status).toBe('unproven')
    given(...failedLook)
      .when(asks(steps.passkeys, { kind: 'suspend' }))
      .happens('StepRequested', 'WorkOrdered')
    given(...failedLook)
      .when(asks(steps.passkeys, { kind: 'attest', reason: 'Deleted in the admin UI.' }))
      .happens('StepRequested', 'RequestShown')
  })

  test.each(['suspend', 'attest'] as const)('%s is offered for a step that failed', (kind) => {
    const failed = reports('run', { kind: 'failed', sentence: 'The database is locked.', retry: false })
    given(...firstThreeProven, ...running(steps.passkeys), failed)
      .when(asks(steps.passkeys, { kind, reason: 'There is no other way.' }))
      .happens('StepRequested', kind === 'suspend' ? 'WorkOrdered' : 'RequestShown')
  })

  test('taking somebody’s word is not offered for a step that the bot can prove', () => {
    given(...underWay, ...unproven(steps.sessions))
      .when(asks(steps.sessions, { kind: 'attest', reason: 'Trust me.' }))
      .isRefused('fallback_not_offered')
  })

  test.each(['attest', 'skip', 'skip-rest'] as const)('%s needs a reason', (kind) => {
    given(...firstThreeProven, ...unproven(steps.passkeys))
      .when(asks(steps.passkeys, { kind, reason: '  ' }))
      .isRefused('reason_missing')
  })

  test('a reason of 3,001 characters is turned down', () => {
    given(...underWay)
      .when(asks(steps.sessions, { kind: 'skip', reason: tooLong }))
      .isRefused('text_too_long')
  })

  test('a reason of 3,000 characters is taken', () => {
    given(...underWay)
      .when(asks(steps.sessions, { kind: 'skip', reason: 'x'.repeat(longestText) }))
      .happens('StepRequested', 'RequestShown')
  })

  test('a suspended account still counts as not proven, and nothing is contained', () => {
    const suspended = play(
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      ...running(steps.passkeys, { kind: 'suspend' }),
      reports('run', {
        kind: 'done',
        did: ['Suspended alice.'],
        checks: [{ action: 'suspend-account', name: 'suspended', proven: true, detail: 'suspended' }],
        evidence: [],
        requestIds: [],
        notes: [],
      }),
    ).incident

    expect(suspended.suspendedAt).toBeDefined()
    expect(suspended.steps.get(steps.passkeys)?.status).toBe('unproven')
  })

  test('what two people vouch for is settled, but never contained', () => {
    const { incident } = play(
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      ...settledByWord(steps.passkeys, 'attest'),
      ...swept(),
    )

    expect(incident.sweep.status).toBe('clean')
    expect(incident.containedAt).toBeUndefined()
    expect(incident.steps.get(steps.passkeys)).toMatchObject({
      status: 'attested',
      by: [{ name: 'ana' }, { name: 'bao' }],
    })
  })
})

describe('restoring access', () => {
  test('waits until somebody recorded how the user was told', () => {
    given(...contained)
      .when(asks(steps.notify))
      .isRefused('notification_first', { who: 'alice' })
  })

  test('waits for the sweep', () => {
    given(...allProven, notifies)
      .when(asks(steps.notify))
      .isRefused('sweep_first', { what: `is due at ${utc(minute(10))}` })
  })

  test('is refused while the sweep’s finding stands', () => {
    given(...allProven, ...swept('revoke-sessions'), notifies)
      .when(asks(steps.notify))
      .isRefused('sweep_first')
  })

  test('is refused when the sweep could not be made', () => {
    given(
      ...allProven,
      passes(10),
      reports('sweep', { kind: 'failed', sentence: 'Redis is gone.', retry: true }),
      notifies,
    )
      .when(asks(steps.notify))
      .isRefused('sweep_first', { what: 'found: Redis is gone.' })
  })

  test('goes on after the notification and a clean sweep', () => {
    given(...contained, notifies)
      .when(asks(steps.notify))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('needs no sweep when every containment step was skipped with approval', () => {
    const skipped = [steps.sessions, steps.password, steps.mfa, steps.passkeys].flatMap((id) =>
      settledByWord(id, 'skip'),
    )
    given(...underWay, ...skipped, notifies)
      .when(asks(steps.notify))
      .happens('StepRequested', 'WorkOrdered')
  })

  test('is not approved when a sweep has found something since it was asked for', () => {
    given(
      ...contained,
      notifies,
      ...shownRequest(steps.notify),
      { type: 'ReadAgain', by: standing('chi'), what: 'sweep' },
      ...swept('revoke-sessions'),
    )
      .when(approves())
      .isRefused('sweep_first')
  })

  test('is not approved while an earlier step is being done again', () => {
    given(
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      ...swept(),
      notifies,
      ...shownRequest(steps.notify),
      asks(steps.passkeys),
    )
      .when((incident) => {
        const request = [...incident.requests.values()].find(({ step }) => step === steps.notify)
        if (request?.shown === undefined) throw new Error('the request for access was not shown')
        return { type: 'ApproveRequest', by: standing('bao'), request: request.id, digest: request.shown.digest }
      })
      .isRefused('step_not_next', { what: '“Revoke passkeys”' })
  })
})

describe('the temporary password', () => {
  const secretOf = (incident: OpenedIncident) => {
    if (incident.secret === undefined) throw new Error('there is no secret')
    return incident.secret.order
  }

  const shows =
    (who: 'ana' | 'bao'): Pressed =>
    (incident) => ({ type: 'ShowSecret', by: standing(who), order: secretOf(incident) })

  test('is shown to the one who asked for it', () => {
    given(...restored)
      .when(shows('ana'))
      .happens('SecretShown')
  })

  test('is not shown to the one who approved it', () => {
    given(...restored)
      .when(shows('bao'))
      .isRefused('secret_not_yours', { who: '@ana' })
  })

  test('is shown once', () => {
    given(...restored, shows('ana'))
      .when(shows('ana'))
      .isRefused('secret_gone', { what: 'it was shown once' })
  })

  test('is not shown after its time, even before it was destroyed', () => {
    given(...restored)
      .when(shows('ana'), minute(25))
      .isRefused('secret_gone')
  })

  test('is destroyed when its time is over', () => {
    given(...restored)
      .when({ type: 'ExpireRequests' }, minute(25))
      .happens('SecretDestroyed')
  })

  test('is kept until then', () => {
    given(...restored)
      .when({ type: 'ExpireRequests' }, minute(24))
      .happens()
  })

  test('is destroyed when the incident is closed', () => {
    given(...restored)
      .when(closes())
      .happens('SecretDestroyed', 'IncidentClosed')
  })

  test('a shown one has nothing left to destroy at close', () => {
    given(...restored, shows('ana'))
      .when(closes())
      .happens('IncidentClosed')
  })

  test('a new one destroys the one that nobody looked at', () => {
    const restoring = [...contained, notifies, ...running(steps.notify)]
    const handsOver = reports('run', {
      kind: 'done',
      did: [],
      checks: [{ action: 'restore-access', name: 'can sign in', proven: 'unknown', detail: 'not seen' }],
      evidence: [],
      requestIds: [],
      notes: [],
      sealed: { expiresAt: minute(25) },
    })
    given(...restoring, handsOver, ...running(steps.notify))
      .when(handsOver)
      .happens('SecretDestroyed', 'StepDone')
  })

  test.each([
    ['nobody looked at it in time', [passes(25), { type: 'ExpireRequests' }] as const],
    ['whoever saw it lost it', [shows('ana')] as const],
  ])('when %s, access may be given back once more by two people', (_why, acts) => {
    given(...restored, ...acts)
      .when(asks(steps.notify))
      .happens('StepRequested', 'WorkOrdered')
    expect(play(...restored, ...acts, ...running(steps.notify)).incident.status).toBe('open')
  })

  test('while it waits to be seen, no second one is made', () => {
    given(...restored)
      .when(asks(steps.notify))
      .isRefused('step_settled', { what: 'proven' })
  })

  test('a step that gave access back is not skipped afterwards', () => {
    given(...restored, shows('ana'))
      .when(asks(steps.notify, { kind: 'skip', reason: 'Over.' }))
      .isRefused('step_settled')
  })

  test('there is none for an order of another step', () => {
    given(...restored)
      .when({ type: 'ShowSecret', by: standing('ana'), order: 'INC-1-2' as ReturnType<typeof openOrder> })
      .isRefused('secret_gone')
  })
})

describe('reading again', () => {
  test('a snapshot only reads, so nobody approves it', () => {
    given(...underWay)
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'snapshot' })
      .happens({ type: 'WorkOrdered', mode: 'run', action: 'snapshot-account' })
  })

  test('a snapshot under way is not made twice', () => {
    given(opens())
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'snapshot' })
      .isRefused('reading_under_way')
  })

  test('there is nothing to sweep before containment', () => {
    given(...underWay)
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'sweep' })
      .isRefused('nothing_to_sweep')
  })

  test('a sweep that is due already is not moved', () => {
    given(...allProven)
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'sweep' })
      .isRefused('sweep_first')
  })

  test('a sweep made again starts at once', () => {
    given(...contained)
      .when({ type: 'ReadAgain', by: standing('ana'), what: 'sweep' })
      .happens({ type: 'WorkOrdered', mode: 'run', action: 'sweep', notBefore: minute(10) })
  })

  test('the target reads nothing', () => {
    given(...underWay)
      .when({ type: 'ReadAgain', by: standing('alice', { responder: true }), what: 'snapshot' })
      .isRefused('person_is_target')
  })
})

describe('taking part', () => {
  test('another responder takes command', () => {
    given(...underWay)
      .when({ type: 'TakeCommand', by: standing('chi') })
      .happens('CommanderNamed')
  })

  test('the commander does not take it twice', () => {
    given(...underWay)
      .when({ type: 'TakeCommand', by: standing('ana') })
      .isRefused('already_commander')
  })

  test('a note keeps its link', () => {
    given(...underWay)
      .when({
        type: 'AddNote',
        by: standing('chi'),
        text: ' Seen from two countries. ',
        link: 'https://acme.slack.test/p1',
      })
      .happens({ type: 'NoteAdded', text: 'Seen from two countries.', link: 'https://acme.slack.test/p1' })
  })

  test('an empty note is no note', () => {
    given(...underWay)
      .when({ type: 'AddNote', by: standing('chi'), text: ' ' })
      .isRefused('reason_missing')
  })

  test('a note of 3,001 characters is turned down', () => {
    given(...underWay)
      .when({ type: 'AddNote', by: standing('chi'), text: tooLong })
      .isRefused('text_too_long')
  })

  test('a notification says how identity was checked', () => {
    given(...underWay)
      .when({ ...notifies, identityCheck: ' ' })
      .isRefused('reason_missing')
  })

  test('the target does not record that they were told', () => {
    given(...underWay)
      .when({ ...notifies, by: standing('alice', { responder: true }) })
      .isRefused('person_is_target')
  })

  test('a notification with a note that is too long is turned down', () => {
    given(...underWay)
      .when({ ...notifies, note: tooLong })
      .isRefused('text_too_long')
  })
})

describe('closing', () => {
  test('is refused while a step is not done', () => {
    given(...contained)
      .when(closes())
      .isRefused('steps_unsettled', { what: '“Notify the user, then restore access” is' })
  })

  test('is refused while a request waits for a decision', () => {
    given(...underWay, ...shownRequest(steps.sessions))
      .when(closes())
      .isRefused('requests_open')
  })

  test('is refused while a step runs', () => {
    given(...underWay, ...running(steps.sessions))
      .when(closes())
      .isRefused('work_in_flight')
  })

  test('is refused while the sweep is due', () => {
    given(...allProven, ...settledByWord(steps.notify, 'skip'))
      .when(closes())
      .isRefused('work_in_flight')
  })

  test('is refused after a step failed', () => {
    given(...underWay, ...running(steps.sessions), reports('run', { kind: 'failed', sentence: 'No.', retry: false }))
      .when(closes())
      .isRefused('steps_unsettled')
  })

  test('goes on when what is left was skipped with approval', () => {
    given(...underWay, ...settledByWord(steps.sessions, 'skip-rest'))
      .when(closes())
      .happens('IncidentClosed')
  })

  test('a reason of 3,001 characters is turned down', () => {
    given(...restored)
      .when(closes(standing('ana'), tooLong))
      .isRefused('text_too_long')
  })

  test('is for responders', () => {
    given(...restored)
      .when(closes(standing('bao', { responder: false })))
      .isRefused('not_a_responder')
  })

  test('a closed incident takes no more steps', () => {
    given(...restored, closes())
      .when(asks(steps.sessions))
      .isRefused('incident_not_open')
  })

  test('a closed incident takes no approval of a button left in the thread', () => {
    given(...restored, closes())
      .when(approves())
      .isRefused('incident_not_open')
  })

  test('of a closed incident the evidence pack can still be had', () => {
    given(...restored, closes())
      .when({ type: 'AskForPack', by: standing('ana') })
      .happens('PackRequested')
  })

  test('nobody but a responder is given the evidence pack', () => {
    given(...restored, closes())
      .when({ type: 'AskForPack', by: standing('ana', { responder: false }) })
      .isRefused('not_a_responder')
  })

  test('a closed incident is not closed twice', () => {
    given(...restored, closes())
      .when(closes())
      .isRefused('incident_not_open')
  })
})

describe('what the program does by itself', () => {
  test('an order lost on the way is issued again', () => {
    given(opens())
      .when((incident) => ({ type: 'IssueAgain', order: openOrder(incident, 'snapshot'), why: 'Redis was empty' }))
      .happens('WorkIssuedAgain')
  })

  test('an order that ended is not issued again', () => {
    const order = openOrder(play(opens()).incident, 'snapshot')
    given(...underWay)
      .when({ type: 'IssueAgain', order, why: 'Redis was empty' })
      .isRefused('order_unknown')
  })

  test('an order that nobody ran in time fails, and the step says so', () => {
    given(...underWay, ...running(steps.sessions))
      .when((incident) => ({ type: 'ExpireOrder', order: openOrder(incident, 'run'), sentence: 'No worker took it.' }))
      .happens('StepFailed')
  })

  test('an order that ended does not expire', () => {
    const order = openOrder(play(opens()).incident, 'snapshot')
    given(...underWay)
      .when({ type: 'ExpireOrder', order, sentence: 'Late.' })
      .isRefused('order_unknown')
  })

  test('a forgery is recorded even where no incident is', () => {
    given()
      .when({ type: 'RecordForgery', what: 'outcome', why: 'signed by nobody known', digest: 'ab'.repeat(32) })
      .happens('ForgeryRefused')
  })

  test('a secret that is gone is not destroyed twice', () => {
    given(...restored, closes())
      .when((incident) => ({
        type: 'DestroySecret',
        order: incident.secret?.order ?? openOrder(incident, 'run'),
        why: 'lost',
      }))
      .isRefused('secret_gone')
  })

  test('a sealed secret that was lost is recorded as destroyed', () => {
    given(...restored)
      .when((incident) => ({
        type: 'DestroySecret',
        order: incident.secret?.order ?? openOrder(incident, 'run'),
        why: 'lost',
      }))
      .happens('SecretDestroyed')
  })

  test('the thread and a checkpoint are recorded after the close as well', () => {
    given(...restored, closes())
      .when({ type: 'RecordCheckpoint', size: 40, note: 'note' })
      .happens('CheckpointSigned')
  })
})

test('the same command on the same state gives the same answer', () => {
  const { recorded } = play(
    opens(),
    snapshots,
    asks(steps.sessions),
    reports('prepare', { kind: 'prepared', effect: effect() }),
  )
  const { recorded: again } = play(
    opens(),
    snapshots,
    asks(steps.sessions),
    reports('prepare', { kind: 'prepared', effect: effect() }),
  )
  expect(again).toEqual(recorded)
})
