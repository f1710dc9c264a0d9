import { afterAll, beforeAll, expect, test } from 'vitest'
import { wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { signIn } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, openFor, quickStage, quickTempo, responder } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program
let incident: Case

beforeAll(async () => {
  // Long enough that it has not passed when step 3 begins.
  stage = await quickStage({ database: false, tempo: { ...quickTempo, pendingLoginTtl: '4s' } })
  program = await startProgram(stage.env)
  incident = await openFor(stage, 'alice')
  await incident.run(1)
  await incident.run(2)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

test('half-finished logins that cannot be ended are waited out before MFA is reset', async () => {
  const request = await incident.ask(3)
  expect(request.shown?.effect.sentence).toContain('once every half-finished login has run out')
  await incident.approve()
  const waited = await incident.happens('WorkWaits')
  expect(waited.event.why).toMatch(
    /^Half-finished logins cannot be removed without the database, so they are waited out until/,
  )
  const done = await incident.happens('StepDone', ({ event }) => event.step === request.step)
  expect(done.event.checks.find(({ name }) => name === 'no-pending-mfa')).toMatchObject({ proven: true })
  // The authenticator is off; its secret and the trusted devices are behind the database.
  expect(done.event.proven).toBe(false)
})

test('what cannot be read back is "done, not proven", never green, and the ways out are offered', async () => {
  const request = await incident.ask(4)
  expect(request.shown?.effect.warnings.join(' ')).toContain('no `AUTENTICO_DB_PATH`')
  await incident.approve()
  const done = await incident.happens('StepDone', ({ event }) => event.step === request.step)
  expect(done.event.proven).toBe(false)
  await incident.as('ana').reads(/4 Revoke passkeys · done, not proven/)
  expect(incident.as('ana').button('Suspend alice instead')).toBeDefined()
  expect(incident.as('ana').button(/^I did step 4 by hand/)).toBeDefined()
})

test('suspending instead takes two people, is proven to hold, and still does not make the step green', async () => {
  await incident.as('ana').pressWhenThere('Suspend alice instead')
  await incident.approve('chi')
  const done = await incident.happens('StepDone', ({ event }) => event.action === 'suspend-account')
  expect(done.event.proven).toBe(true)
  expect(incident.state().suspendedAt).toBeDefined()
  expect(incident.step(4).status).toBe('unproven')
  expect((await signIn(stage, 'alice')).token).toBeUndefined()
})

test('what was done by hand is recorded on the word of two people, and stays not proven', async () => {
  await incident.as('ana').pressWhenThere(/^I did step 4 by hand/)
  await incident.as('ana').fillIn('Done by hand', {
    'What was done, and how you know': 'Deleted both passkeys in the admin UI; the list is empty',
  })
  await incident.approve('bao')
  await incident.happens('StepAttested')
  const step = incident.step(4)
  expect(step).toMatchObject({ status: 'attested', note: 'Deleted both passkeys in the admin UI; the list is empty' })
  expect(step.status === 'attested' ? step.by.map(({ name }) => name) : []).toEqual(['ana', 'bao'])
})

test('the incident is never "contained": it can be closed, and the summary says what stayed unproven', async () => {
  await incident.untilSwept()
  await incident.skipRest('The account stays suspended')
  await incident.untilSwept()
  await incident.close('alice gets a new account')
  const summary = wordsOf(await incident.as('ana').reads(/closed · .*not contained/))
  expect(summary).toMatch(/Not proven: Reset MFA \(done, not proven\), Revoke passkeys \(done by hand\)/)
  expect(summary).toMatch(/Still open: .*alice is suspended since/)
  expect(incident.entries('IncidentContained')).toEqual([])
  await incident.as('ana').reads(/closed, not contained/)
})

test('giving access back lifts the suspension, and whoever approves is warned of what was never seen', async () => {
  const other = await openFor(stage, 'user-001')
  for (const n of [1, 2]) await other.run(n)
  await other.as('ana').pressWhenThere('Skip step 3…')
  await other.as('ana').fillIn('Skip', { Why: 'There is no authenticator' })
  await other.approve()
  await other.ask(4)
  await other.approve()
  await other.as('ana').pressWhenThere('Suspend user-001 instead')
  await other.approve()
  await other.happens('StepDone', ({ event }) => event.action === 'suspend-account')
  await other.untilSwept()
  await other.as('ana').pressWhenThere(/^Record how user-001 was told/)
  await other.as('ana').fillIn('The user was told', { How: 'in person', 'How identity was checked': 'badge' })
  const request = await other.ask(5)
  expect(request.shown?.effect.sentence).toMatch(/^lift the suspension of user-001/)
  expect(request.shown?.effect.warnings.join(' ')).toContain('cannot be read on this worker')
  await other.approve()
  await other.untilProven(5)
  expect(other.state().suspendedAt).toBeUndefined()
  expect(other.state().containedAt).toBeUndefined()
})

test('`responder doctor` says before anything happens what cannot be done without the database', async () => {
  const { out } = await responder(stage, 'doctor')
  expect(out).toContain('AUTENTICO_DB_PATH is not set')
})

test('none of it made the program complain', () => {
  expect(complaintsOf(program)).toEqual([])
})
