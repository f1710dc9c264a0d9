import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { ageCompany } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, openUnder, quickStage, responder } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program
let unencrypted: Case
let encrypted: Case
let digest: string

const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
/** The example of the README, as somebody would copy it. */
const [, example = ''] = /```yaml\n(# yaml-language-server[^`]*)```/.exec(readme) ?? []

/** The example is put into the folder, and two incidents are opened with it: in one the question leaves a step out. */
beforeAll(async () => {
  stage = await quickStage()
  const folder = join(stage.dir, 'playbooks')
  mkdirSync(folder)
  writeFileSync(join(folder, 'lost-laptop.yml'), example)
  stage = { ...stage, env: { ...stage.env, PLAYBOOKS_DIR: folder } }
  program = await startProgram(stage.env)
  ageCompany(stage)
  digest = await digestOf('lost-laptop')

  unencrypted = await openUnder(stage, 'lost-laptop', { target: 'user-001', summary: 'Left on the train' })
  // Whoever changes the file changes no incident that is under way.
  writeFileSync(file(), example.replaceAll('Lost laptop', 'Found laptop'))
  await contain(unencrypted)
  await unencrypted.decide(4, { Answer: 'clear', Why: 'Nobody remembers' })
  await unencrypted.at('ana').press(/^Approve/)
  await unencrypted.as('ana').toldAlone(/You asked for this/)
  await unencrypted.approve()
  await unencrypted.attest(5, 'Form 17 was sent at noon, the confirmation is in the ticket')
  await unencrypted.approve('chi')
  await unencrypted.happens('StepAttested')
  await unencrypted.untilContained()
  await unencrypted.skipRest('A new laptop was handed out, with a new account')
  await unencrypted.close()

  encrypted = await openUnder(stage, 'lost-laptop', { target: 'user-002', summary: 'Stolen from the office' })
  await contain(encrypted)
  await encrypted.decide(4, { Answer: 'encrypted', Why: 'The policy was in force since May' })
  await encrypted.approve()
  await encrypted.untilContained()
  await encrypted.skipRest('A new laptop was handed out, with a new account')
  await encrypted.close()
  await encrypted.as('ana').reads(/closed, contained/)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

async function contain(incident: Case): Promise<void> {
  await incident.run(1)
  await incident.run(2)
  await incident.begin(3, { 'Last seen': new Date().toISOString().slice(0, 16).replace('T', ' ') })
}

function file(): string {
  return join(stage.env['PLAYBOOKS_DIR'] ?? '', 'lost-laptop.yml')
}

/** As the command line lists it. */
async function digestOf(id: string): Promise<string> {
  const { out } = await responder(stage, 'playbook', 'list', '--json')
  const { playbooks } = JSON.parse(out) as {
    readonly playbooks: readonly { readonly id: string; readonly digest: string }[]
  }
  return playbooks.find((one) => one.id === id)?.digest ?? ''
}

test('an own playbook is worked through like a built-in one: an action, a form, a question and what people do by hand', () => {
  const { playbook, steps, containedAt, status } = unencrypted.state()
  expect(status).toBe('closed')
  expect(containedAt).toBeDefined()
  const ends = playbook.steps.map(({ id }) => steps.get(id)?.status)
  expect(ends).toEqual(['proven', 'proven', 'proven', 'answered', 'attested', 'skipped'])
})

test('the answer to its question leaves a step out, and that stands on the card', () => {
  const { playbook, steps } = encrypted.state()
  const ends = playbook.steps.map(({ id }) => steps.get(id)?.status)
  expect(ends).toEqual(['proven', 'proven', 'proven', 'answered', 'left-out', 'skipped'])
  expect(wordsOf(encrypted.card())).toContain('5 Tell the data protection authority · left out')
})

test('what was done by hand is recorded with a note on the word of two people, after the instructions were shown', () => {
  const [attested] = unencrypted.entries('StepAttested')
  expect(attested?.event.note).toBe('Form 17 was sent at noon, the confirmation is in the ticket')
  expect(unencrypted.step(5)).toMatchObject({ by: [{ name: 'ana' }, { name: 'chi' }] })
})

test('each incident records the playbook with its digest, so that a file that is changed changes nothing under way', async () => {
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  for (const { state } of [unencrypted, encrypted]) expect(state().playbookDigest).toBe(digest)
  expect(wordsOf(encrypted.card())).toContain('Lost laptop')
  expect(await digestOf('lost-laptop')).not.toBe(digest)
})

test('with a faulty file in the folder the program does not start, and says file, line, column and what is wrong', async () => {
  const folder = join(stage.dir, 'faulty')
  mkdirSync(folder)
  writeFileSync(join(folder, 'broken.yml'), example.replace('action: close-doors', 'action: close-all-doors'))
  writeFileSync(join(folder, 'twice.yml'), `${example}title: Lost twice\n`)
  const env = { ...stage.env, PLAYBOOKS_DIR: folder, DATA_DIR: join(stage.dir, 'never') }
  const said = await startProgram(env).then(
    () => 'it started',
    (error: unknown) => String(error),
  )
  expect(said).toMatch(/PLAYBOOKS_DIR: broken\.yml:\d+:\d+: “action” of step 2 .* Did you mean “close-doors”\?/)
  expect(said).toMatch(/PLAYBOOKS_DIR: twice\.yml:\d+:\d+: This key stands here a second time/)
  rmSync(folder, { recursive: true })
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})
