import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { expectTold, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program

beforeAll(async () => {
  stage = await quickStage({ env: { APPROVERS: 'U0BAO' } })
  program = await startProgram(stage.env)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

test('1. any visible user could approve: nobody outside the list can, and the refusal is on record', async () => {
  await stage.slack.control.addMember(incidentChannel.id, 'U0ALICE')
  const incident = await openFor(stage, 'user-001')
  await incident.ask(1)
  await incident.at('chi').press(/^Approve/)
  await expectTold(incident.as('chi'), /You may not approve: you are not on the list of approvers/)
  expect(incident.entries('ClickRefused').map(({ event }) => event.refusal)).toEqual(['not_an_approver'])
  expect(incident.entries('StepApproved')).toEqual([])
})
