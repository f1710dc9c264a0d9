import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { member } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { publicLine } from '#/terminal/public-key.ts'
import { expectTold, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

/** bao and alice approve; chi is called upon as well. */
const policy = `
schema: 1
groups: { leads: [U0BAO, U0ALICE], oncall: [U0CHI] }
default: { from: [leads], deny: [leads] }
reminders: { first: 2s, next: { group: oncall, after: 6s }, stale: 6s }
`
let stage: Stage
let program: Program

async function restart(how: 'kill' | 'stop'): Promise<void> {
  await program[how]()
  program = await startProgram({ ...stage.env, POLICY_FILE: join(stage.dir, 'policy.yml') })
}

beforeAll(async () => {
  stage = await quickStage()
  writeFileSync(join(stage.dir, 'policy.yml'), policy)
  program = await startProgram({ ...stage.env, POLICY_FILE: join(stage.dir, 'policy.yml') })
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

test('23. those who may approve are called upon once, then whoever commands, then the next group, across a restart', async () => {
  const incident = await openFor(stage, 'user-001')
  await incident.ask(1)
  await incident.happens('RequestReminded')
  await incident.as('bao').reads(/waits for approval until .* UTC.*Able to now: <@U0BAO>, <@U0ALICE>/s)
  await restart('kill')
  const second = await incident.happens('RequestReminded', ({ event }) => event.reminder === 2)
  expect(second.event.called?.map(({ name }) => name)).toEqual(['ana'])
  await incident.as('ana').reads(/waits for approval until .* UTC.*For <@U0ANA>/s)

  const { event } = await incident.happens('RequestEscalated')
  expect(event).toMatchObject({
    group: 'oncall',
    able: [{ name: 'bao' }, { name: 'alice' }],
    called: [{ name: 'chi' }],
  })
  await incident.as('chi').reads(/calls upon oncall as well: .*For <@U0CHI>/s)
  // Being called upon is no right to approve.
  await incident.at('chi').press(/^Approve/)
  await expectTold(incident.as('chi'), /the policy leaves it to/)
  expect(incident.entries('StepApproved')).toEqual([])

  expect(
    incident.entries('RequestReminded').filter((one) => one.event.called?.some(({ name }) => name === 'bao')),
  ).toHaveLength(1)
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('an incident in which nothing happens is spoken of to whoever commands, and not again after a restart', async () => {
  const incident = await openFor(stage, 'user-002', { by: 'chi' })
  const { event } = await incident.happens('IncidentStale', undefined, 20_000)
  expect(event.next).toBe('Next is “Revoke all sessions”.')
  await incident.as('chi').reads(/nothing has happened here since .* UTC.*For <@U0CHI>/s)
  await restart('stop')
  await incident.ask(1, 'chi')
  expect(incident.entries('IncidentStale')).toHaveLength(1)
})

test('a change of the rules is spoken of below its message in the same way', async () => {
  const who = (name: string) => member(stage.slack.as(name))
  await who('ana').actor.command('/autentico key', { channel: incidentChannel.id })
  await who('ana').pressWhenThere('Register a key…')
  const { publicKey } = generateKeyPairSync('ed25519')
  await who('ana').fillIn('Register a key', { 'The public key': publicLine(publicKey) })
  await who('bao').reads(/reminds: CHG-1 waits for approval until .* UTC.*Able to now: <@U0BAO>, <@U0ALICE>/s)
  await restart('kill')
  await who('ana').reads(/reminds: CHG-1 waits for approval until .* UTC.*For <@U0ANA>/s)
  await who('chi').reads(/calls upon oncall as well: CHG-1 .*For <@U0CHI>/s)
  reloadEverybody(stage)
  await who('bao').pressWhenThere(/^Approve$/)
  const counts = await who('ana').reads(/CHG-1[\s\S]*It counts since .* UTC, approved by @bao/)
  expect(counts.channel).toBe(incidentChannel.id)
})
