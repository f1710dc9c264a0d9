import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { changes, expectThreadToAgree, signIn } from '../../flows/machine/machine.ts'
import { type Case, dataDirOf, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  stage = await quickStage()
  const file = join(dataDirOf(stage), '..', 'policy.yaml')
  const hold = 'hold: { allowed: true, by: [responders], length: 4s }'
  writeFileSync(file, `schema: 1\n${hold}\nbreakGlass: { allowed: true, by: [responders], delay: 3s }\n`)
  env = { ...stage.env, POLICY_FILE: file }
  program = await startProgram(env)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

async function asked(username: string): Promise<Case> {
  await signIn(stage, username)
  const incident = await openFor(stage, username)
  await incident.ask(1)
  return incident
}

async function breaks(incident: Case, by = 'ana'): Promise<void> {
  await incident.at(by).press('Break glass…')
  await incident.as(by).fillIn('Break glass', {
    'Why it cannot wait for a second person': 'Nobody answers, and the attacker is in.',
  })
}

/** What the bot wrote to somebody directly about this incident. */
function directly(person: string, { id }: Case): readonly string[] {
  return stage.slack
    .as(person)
    .sees()
    .filter(({ channel, text }) => channel !== incidentChannel.id && text.includes('BREAK-GLASS') && text.includes(id))
    .map(({ text }) => text)
}

test('a hold lifts by itself, although the program was killed before its time and Autentico is away when it starts again', async () => {
  await signIn(stage, 'user-001')
  const incident = await openFor(stage, 'user-001')
  await incident.as('ana').pressWhenThere('Hold user-001 for 4 seconds')
  const { event } = await incident.happens('HoldPlaced')
  await incident.happens('HoldApplied')
  await program.kill()
  await expect(signIn(stage, 'user-001')).rejects.toThrow('refused')
  await until(() => (Date.now() > Date.parse(event.endsAt) ? true : undefined), 'the time of the hold to be over')
  await stage.autentico.stop()
  program = await startProgram(env)
  await incident.happens('RequestExpired')
  await program.kill()
  program = await startProgram(env)
  await stage.autentico.restart()
  await incident.happens('HoldLifted', ({ event: { proven } }) => proven, 60_000)
  await signIn(stage, 'user-001')
  expect(incident.entries('HoldLifted')).toHaveLength(1)
  expect(changes(stage, 'user-001', '/reactivate').filter((status) => status === 204)).toEqual([204])
  await incident.as('bao').reads(/the hold on user-001 is lifted/)
  await expectThreadToAgree(stage, incident)
})

test('ana breaks the glass: everybody is told, it is done after the delay, and somebody else reviews it before the end', async () => {
  const incident = await asked('user-002')
  await breaks(incident)
  await incident.happens('GlassAnnounced')
  const told = await incident.as('chi').reads(/BREAKS THE GLASS/)
  expect(told.text).toMatch(/<@U0BAO>/)
  expect(told.text).toMatch(/<@U0CHI>/)
  expect(changes(stage, 'user-002')).toEqual([])
  // Whoever only looks at the channel sees it as well.
  expect(
    stage.slack
      .as('chi')
      .sees()
      .filter(({ text, broadcast }) => broadcast === true && text.includes('BREAKS THE GLASS')),
  ).toHaveLength(1)
  // Nor does anybody have to look into the channel: each of the others is told directly, once.
  for (const other of ['bao', 'chi', 'gil']) {
    await until(() => directly(other, incident)[0], `a direct message to ${other}`)
  }
  expect(directly('ana', incident)).toEqual([])

  await incident.happens('GlassBroken')
  expect(directly('bao', incident)).toHaveLength(1)
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toEqual([])
  await incident.as('bao').reads(/DONE ALONE, NOT REVIEWED/)

  await incident.skipRest()
  await incident.untilSwept()
  await incident.as('chi').pressWhenThere(/^Close…$/)
  const refused = await incident.as('chi').fillIn(`Close ${incident.id}`, { 'Closing words': 'Over' })
  expect(JSON.stringify(refused)).toContain('nobody else has reviewed it')
  await incident.as('ana').pressWhenThere('Review what was done alone…')
  const own = await incident.as('ana').fillIn('Review', {
    'Did it have to be done alone?': 'justified',
    'What you looked at, and why you say so': 'It was I.',
  })
  expect(JSON.stringify(own)).toContain('somebody else has to review it')
  await incident.as('bao').pressWhenThere('Review what was done alone…')
  await incident.as('bao').fillIn('Review', {
    'Did it have to be done alone?': 'not-justified',
    'What you looked at, and why you say so': 'I was awake.',
  })
  await incident.happens('GlassReviewed')
  reloadEverybody(stage)
  await incident.close()
  await incident.as('ana').reads(/DONE ALONE\* by .*reviewed by .*NOT JUSTIFIED/)
  await expectThreadToAgree(stage, incident)
})

test('during the delay an approver stops it, and nothing is done', async () => {
  const incident = await asked('user-003')
  await breaks(incident)
  await incident.happens('GlassAnnounced')
  await incident.at('bao').press('Deny…')
  await incident.as('bao').fillIn('Deny', { 'Why not': 'I am here.' })
  const { event } = await incident.happens('GlassAnnounced')
  await incident.happens('StepDenied')
  await until(() => (Date.now() > Date.parse(event.dueAt) + 1_500 ? true : undefined), 'the delay to be over')
  expect(incident.entries('GlassBroken')).toEqual([])
  expect(changes(stage, 'user-003')).toEqual([])
})

test('what is announced is for the one who asked', async () => {
  const incident = await asked('user-004')
  await incident.at('bao').press('Break glass…')
  const refused = await incident.as('bao').fillIn('Break glass', { 'Why it cannot wait for a second person': 'I can.' })
  expect(JSON.stringify(refused)).toContain('Only @ana can do alone what was asked for')
  expect(incident.entries('GlassAnnounced')).toEqual([])
})
