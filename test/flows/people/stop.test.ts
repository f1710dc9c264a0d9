import { expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { member, until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import type { IncidentId } from '#/incident/events.ts'
import { type Case, caseOf, expectTold, programForAll } from '../../support/incident-flow.ts'
import { askedFor, changes, expectThreadToAgree, idOf } from '../machine/machine.ts'

const here = programForAll()

/** The worker is kept reading the account for a while before it changes anything. */
function slowReading(username: string): void {
  here.stage.autentico.control.fail({
    method: 'GET',
    path: `/admin/api/users/${idOf(here.stage, username)}`,
    how: { delayMs: 700 },
  })
}

async function types(person: string, line: string): Promise<void> {
  const outcome = await here.stage.slack.as(person).command(line, { channel: incidentChannel.id })
  expect(outcome).toMatchObject({ ok: true })
}

/** One asks, another approves. */
async function resumes(incident: Case, by = 'ana', approver = 'bao'): Promise<void> {
  await incident.as(by).pressWhenThere('Ask to resume')
  await until(() => (incident.state().requests.size > 1 ? true : undefined), 'the request to resume')
  await incident.approve(approver)
  await incident.happens('WorkResumed')
}

test('chi stops the work in the middle of a step: the worker halts before it changes anything, and two people let it go on', async () => {
  const incident = await askedFor(here.stage, 'user-001')
  slowReading('user-001')
  await incident.approve()
  await incident.happens('WorkStarted')
  await incident.as('chi').pressWhenThere('Stop…')
  await incident.as('chi').fillIn('Stop the work', { Why: 'It is the wrong person.' })
  const halted = await incident.happens('WorkHalted')
  expect(halted.actor).toHaveProperty('worker')
  expect(changes(here.stage, 'user-001')).toEqual([])
  expect(incident.entries('WorkStopped')[0]).toMatchObject({
    actor: { name: 'chi' },
    event: { all: false, reason: 'It is the wrong person.' },
  })
  await incident.as('ana').reads('nothing more is done until two people resume it')

  await resumes(incident)
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-001')).toEqual([204])
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('whoever asked to resume cannot approve it, and is told so', async () => {
  const incident = await askedFor(here.stage, 'user-002')
  await types('ana', `/autentico stop ${incident.id}`)
  await expectTold(incident.as('ana'), `Stopped: ${incident.id}`)
  await incident.as('ana').pressWhenThere('Ask to resume')
  await until(() => (incident.state().requests.size > 1 ? true : undefined), 'the request to resume')
  await incident.request()
  await incident.at('ana').press(/^Approve/)
  await expectTold(incident.as('ana'), 'You asked for this, so somebody else has to approve it.')
  expect(incident.state().stops).toHaveLength(1)
})

test('an approval that is pressed while the work is stopped is refused, with who stopped it', async () => {
  const incident = await askedFor(here.stage, 'user-003')
  const request = await incident.request()
  await types('chi', `/autentico stop ${incident.id} the wrong account`)
  await incident.happens('WorkStopped')
  await incident.at('bao', request).press(/^Approve/)
  await expectTold(incident.as('bao'), /The work is stopped: it was stopped by @chi/)
  expect(incident.entries('StepApproved')).toEqual([])
})

test('a restart and a Redis that forgets revive nothing that was stopped', async () => {
  const incident = await askedFor(here.stage, 'user-004')
  await here.stage.autentico.stop()
  await incident.approve()
  await incident.happens('WorkWaits')
  await types('chi', `/autentico stop ${incident.id}`)
  await incident.happens('WorkStopped')
  await here.stage.redis.kill()
  await here.stage.redis.restart()
  await here.program.kill()
  here.program = await startProgram(here.stage.env)
  await here.stage.autentico.restart()
  // Others are looked after meanwhile, so the queue does work.
  const other = await askedFor(here.stage, 'user-005')
  await other.approve()
  await other.untilProven(1)
  expect(changes(here.stage, 'user-004')).toEqual([])

  await resumes(incident)
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-004')).toEqual([204])
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('chi stops everything from the Home tab: what is opened meanwhile is stopped too, and one request resumes all', async () => {
  const first = await askedFor(here.stage, 'user-006')
  const chi = here.stage.slack.as('chi')
  await chi.openHome()
  await until(() => chi.home(), 'the Home tab of chi')
  await chi.press({ home: true }, 'stop_all')
  await member(chi).fillIn('Stop everything', { Why: 'The bot may be in the wrong hands.' })
  await first.happens('WorkStopped', ({ event }) => event.all)

  const submitted = await member(here.stage.slack.as('ana')).openIncident({ target: 'user-007' })
  const title = submitted.ok && submitted.now === 'updated' ? submitted.form.title : ''
  await here.stage.slack.as('ana').close()
  const later = caseOf(here.stage, (/^INC-\d+/.exec(title)?.[0] ?? 'none') as IncidentId)
  expect(later.state()).toMatchObject({ stops: [{ all: true, by: { name: 'chi' } }] })
  expect(later.state().facts).toBeUndefined()

  await types('ana', '/autentico resume all')
  const told = await expectTold(
    member(here.stage.slack.as('ana')),
    'Somebody else has to approve it, in the thread of INC-',
  )
  const host = caseOf(here.stage, (/thread of (INC-\d+)/.exec(told)?.[1] ?? 'none') as IncidentId)
  await host.approve()
  await later.happens('WorkResumed', ({ event }) => event.all)
  await until(
    () => (later.state().facts === undefined ? undefined : true),
    'the reading of the incident opened meanwhile',
  )
  expect(first.state().stops).toEqual([])
  await first.approve()
  await first.untilProven(1)
})

test('a guest cannot stop anything, and `/autentico stop` alone only explains', async () => {
  const incident = await askedFor(here.stage, 'user-008')
  await types('ana', '/autentico stop')
  await expectTold(incident.as('ana'), 'Which incident? Type `/autentico stop INC-1`')
  await types('gil', `/autentico stop ${incident.id}`)
  await expectTold(incident.as('gil'), 'Guests cannot take part in an incident.')
  expect(incident.state().stops).toEqual([])
})
