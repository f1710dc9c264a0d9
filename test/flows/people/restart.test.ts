import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { type Case, openFor, quickStage } from '../../support/incident-flow.ts'

let stage: Stage
/** Requests for the second step live for four seconds. */
let env: Stage['env']
let program: Program
let incident: Case

beforeAll(async () => {
  stage = await quickStage()
  const file = join(stage.dir, 'policy.yml')
  writeFileSync(file, 'schema: 1\nrules:\n  reset-password: { ttl: 4s }\n')
  env = { ...stage.env, POLICY_FILE: file }
  program = await startProgram(env)
  incident = await openFor(stage, 'alice')
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

test('a button from before a restart works after it', async () => {
  const asked = await incident.ask(1)
  expect(await program.stop()).toBe(0)
  program = await startProgram(env)
  expect(incident.at('bao', asked).button(/^Approve/)).toBeDefined()
  await incident.approve('bao')
  await incident.untilProven(1)
  expect(incident.entries('StepRequested')).toHaveLength(1)
  await incident.as('ana').reads(/1 of 5 proven/)
})

test('pressed while the program is away, a button says that it did not work, and works afterwards', async () => {
  const other = await openFor(stage, 'user-001')
  await program.stop()
  expect(await other.as('ana').press('Ask for step 1')).toMatchObject({ ok: false })
  program = await startProgram(env)
  expect(other.entries('StepRequested')).toEqual([])
  await other.ask(1)
})

test('a request that nobody decides ends visibly, its buttons go, and it can be asked for again', async () => {
  const asked = await incident.ask(2)
  const copy = incident.at('bao', asked).button(/^Approve/)
  expect(wordsOf(await incident.at('bao', asked).reads(/Asked by/))).toMatch(
    /Waits for approval\* by somebody other than <@U0ANA> until .*\d\d:\d\d UTC/,
  )
  await incident.happens('RequestExpired', ({ event }) => event.request === asked.id)
  await incident.at('bao', asked).reads(/\*Ended\* .*\d\d:\d\d UTC without a decision/)
  expect(incident.at('bao', asked).button(/./)).toBeUndefined()
  await incident.as('bao').reads(/let the request end without a decision: Reset the password of alice/)

  if (copy === undefined) throw new Error('bao saw no button')
  await incident.as('bao').actor.pressStale(copy, 'approve')
  await incident.as('bao').toldAlone(/That request ended at .* without a decision/)
  expect(incident.entries('StepApproved')).toHaveLength(1)

  expect((await incident.ask(2)).id).not.toBe(asked.id)
})

test('after all these restarts every line stands in the thread once', () => {
  const numbers = incident.thread().flatMap(({ text }) => [...text.matchAll(/ #(\d+) · /g)].map(([, n]) => Number(n)))
  expect(numbers.length).toBeGreaterThan(5)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
})
