import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { member, until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Form, Submitted } from '#/drill/slack/acts/seen.ts'
import { object, objects, text } from '#/drill/slack/json.ts'
import type { Stage } from '#/drill/stage.ts'
import {
  type Case,
  complaintsOf,
  expectFault,
  openedId,
  openFor,
  openUnder,
  quickStage,
  reloadEverybody,
  responder,
  startedCase,
} from '../../support/incident-flow.ts'

let stage: Stage
let program: Program
let first: Case

beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
  first = await openUnder(stage, 'admin-token-exposed')
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

/** "Start a follow-up…" on the card, up to the form. */
async function followUp(from: Case, person = 'ana'): Promise<Form> {
  await from.as(person).pressWhenThere('Start a follow-up…')
  return until(() => stage.slack.as(person).views().at(-1), 'the form of the follow-up')
}

/** Another playbook is chosen in the form, which is drawn anew, and sent. */
async function starts(form: Form, playbook: string, person = 'ana'): Promise<Submitted> {
  const { actor, fillIn } = member(stage.slack.as(person))
  await actor.press({ view: form.id }, 'playbook', { selected: playbook })
  await until(
    () =>
      actor.views().find(({ id, blocks }) => id === form.id && blocks.every((block) => block['block_id'] !== 'target')),
    'the form without an account',
  )
  return fillIn('Open an incident', { 'What happened': 'The intruder may have read the key' })
}

function offered(form: Form): readonly string[] {
  const field = form.blocks.find((block) => block['block_id'] === 'playbook')
  return objects(object(field?.['element'])['options']).map(({ value }) => text(value))
}

test('one playbook is started from another: each names the other, on the card and in the thread', async () => {
  const form = await followUp(first)
  expect(wordsOfForm(form)).toContain(`It follows from ${first.id}`)
  // Those that may have to follow come first.
  expect(offered(form).slice(0, 3)).toEqual(['admin-account-compromise', 'private-key-exposed', 'database-breach'])
  const submitted = await starts(form, 'private-key-exposed')
  const second = await startedCase(stage, openedId(submitted))
  await stage.slack.as('ana').close()

  expect(second.state()).toMatchObject({ from: first.id, playbook: { id: 'private-key-exposed' } })
  const linked = await first.happens('IncidentLinked')
  expect(linked.event).toMatchObject({ to: second.id })
  await first.as('bao').reads(new RegExp(`Followed by ${second.id} · Exposed private key`))
  await first.as('bao').reads(new RegExp(`links ${second.id}, which @ana opened from here: Exposed private key`))
  await second.as('bao').reads(new RegExp(`Follows from ${first.id}`))
  expect(second.words()).toContain(`It follows from ${first.id}.`)
})

test('each goes on by itself: what is done in the one is not done in the other', async () => {
  const [linked] = first.entries('IncidentLinked')
  const second = await startedCase(stage, linked?.event.to ?? first.id)
  await second.skipRest('It was a false alarm')
  await second.close()
  expect(second.state().status).toBe('closed')
  expect(first.state().status).toBe('open')
  expect(first.step(1).status).toBe('waiting')
})

test('a playbook that is under way already is refused in the form, with the way to it', async () => {
  const form = await followUp(first)
  const submitted = await starts(form, 'admin-token-exposed')
  expectFault(submitted, 'playbook', `${first.id} is open since`)
  await stage.slack.as('ana').close()
})

test('an incident that is closed can still be followed, with an account that is chosen then', async () => {
  await first.skipRest('It was a false alarm')
  await first.close()
  const form = await followUp(first, 'bao')
  const bao = member(stage.slack.as('bao'))
  const { id } = form
  const asked = await bao.actor.type(id, 'target', 'target', 'user-003')
  const option = asked.ok ? asked.options[0]?.value : undefined
  const submitted = await bao.fillIn('Open an incident', { Target: option ?? '' })
  const third = await startedCase(stage, openedId(submitted))
  await bao.actor.close()
  expect(third.state()).toMatchObject({
    from: first.id,
    target: { username: 'user-003' },
    playbook: { id: 'admin-account-compromise' },
    openedBy: { name: 'bao' },
  })
  await first.as('ana').reads(new RegExp(`Followed by .*${third.id}`))
})

test('whom an incident is about cannot start another one from it', async () => {
  await stage.slack.control.addMember(incidentChannel.id, cast.alice.user)
  const about = await openFor(stage, 'alice')
  await followUp(about, 'alice')
  const refused = await until(
    () =>
      stage.slack
        .as('alice')
        .views()
        .find((view) => view.title === 'Not opened'),
    'what alice is told',
  )
  expect(wordsOfForm(refused)).toContain('This account is the target of the incident.')
  expect(about.state().followedBy).toEqual([])
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(wordsOf(first.card())).toContain('Followed by')
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})
