import { afterAll, beforeAll, expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { until, wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { type Case, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'
import {
  changes,
  dueInThread,
  expectCardToBeCurrent,
  expectThreadToAgree,
  idOf,
  namedInThread,
  signIn,
} from './machine.ts'

let stage: Stage
let program: Program

beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
})

afterAll(async () => {
  await program.stop()
  await stage[Symbol.asyncDispose]()
})

async function asked(username: string): Promise<Case> {
  reloadEverybody(stage)
  await signIn(stage, username)
  const incident = await openFor(stage, username)
  await incident.ask(1)
  await expectThreadToAgree(stage, incident)
  return incident
}

/** Waits until this many Socket Mode connections are open. */
async function connections(count: number): Promise<void> {
  await until(() => (stage.slack.state().connections === count ? true : undefined), `${count} connections`)
}

test.for(['reset-after', 'cut', 'timeout-after'] as const)(
  'a message that was posted although no answer came stands in the thread once: %s',
  async (how) => {
    const username = { 'reset-after': 'user-001', cut: 'user-002', 'timeout-after': 'user-003' }[how]
    const incident = await asked(username)
    stage.slack.control.failNext('chat.postMessage', { how })
    await incident.approve()
    await incident.untilProven(1)
    await expectThreadToAgree(stage, incident)
    expect(incident.thread().filter(({ text }) => text.includes('approved: Revoke all sessions'))).toHaveLength(1)
  },
)

test('the card that was posted although no answer came is found again, not posted twice', async () => {
  reloadEverybody(stage)
  stage.slack.control.failNext('chat.postMessage', { how: 'reset-after' })
  const incident = await openFor(stage, 'user-004')
  await expectThreadToAgree(stage, incident)
  const { channels } = stage.slack.state()
  const cards = channels
    .flatMap(({ messages }) => messages)
    .filter(({ metadata }) =>
      JSON.stringify(metadata ?? {}).includes(`"autentico_card","event_payload":{"incident":"${incident.id}"}`),
    )
  expect(cards).toHaveLength(1)
})

test('Slack limits the rate: the step goes on, and the thread catches up in order', async () => {
  const incident = await asked('user-005')
  stage.slack.control.failNext('chat.postMessage', { status: 429, headers: { 'retry-after': '1' }, times: 2 })
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(stage, incident)
})

test('Slack asks the connections to come again: they do, and clicks work', async () => {
  const incident = await asked('user-006')
  const opened = stage.slack.calls('apps.connections.open').length
  stage.slack.control.disconnectSockets('refresh_requested')
  await until(
    () => (stage.slack.calls('apps.connections.open').length >= opened + 2 ? true : undefined),
    'two new connections',
  )
  await connections(2)
  await incident.approve()
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
})

test('the connections are cut without a word and refused for a moment: they come back, and clicks work', async () => {
  const incident = await asked('user-007')
  stage.slack.control.refuseConnections(true)
  stage.slack.control.dropConnections()
  await connections(0)
  const pressed = await incident.at('bao').press(/^Approve/)
  expect(pressed).toMatchObject({ ok: false })
  expect(incident.entries('StepApproved')).toHaveLength(0)

  stage.slack.control.refuseConnections(false)
  await connections(2)
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(stage, incident)
})

test('somebody deletes the card: another one takes its place', async () => {
  const incident = await asked('user-008')
  const { ts } = incident.card()
  stage.slack.control.deleteMessage(incidentChannel.id, ts)
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(stage, incident)
  const { lastSeq } = incident.state()
  const card = await until(
    () => incident.thread().find((message) => message.text.includes(`entry ${lastSeq} ·`)),
    'a new card',
  )
  expect(wordsOf(card)).toContain('1 of 5 proven')
  await incident.as('ana').pressWhenThere(/^Ask for step 2/)
  await incident.request()
})

test('the channel is archived in mid-incident: the work goes on, the log says so once, and the thread is filled in by itself', {
  timeout: 60_000,
}, async () => {
  const incident = await asked('user-009')
  await incident.at('bao').press(/^Approve/)
  stage.slack.control.archive(incidentChannel.id)
  await incident.untilProven(1)
  const said = () => program.lines.filter((line) => line.includes(incident.id) && line.includes('cannot be written'))
  await until(() => said().at(-1), 'a line for the operator')
  expect(namedInThread(stage, incident.id)).not.toEqual(dueInThread(stage, incident.id))

  stage.slack.control.archive(incidentChannel.id, false)
  await until(
    () => (namedInThread(stage, incident.id).length === dueInThread(stage, incident.id).length ? true : undefined),
    'the thread to be filled in',
    45_000,
  )
  await expectThreadToAgree(stage, incident)
  await expectCardToBeCurrent(incident)
  expect(said()).toHaveLength(1)
  expect(said()[0]).toMatch(/is_archived.*restore it/)
})

test('the bot is removed from the channel: the work goes on, and the thread is complete after it was invited again', {
  timeout: 60_000,
}, async () => {
  const incident = await asked('user-010')
  const { id: channel } = incidentChannel
  const bot =
    stage.slack
      .state()
      .channels.find(({ id }) => id === channel)
      ?.messages.find(({ byApp }) => byApp)?.user ?? ''
  await incident.at('bao').press(/^Approve/)
  await stage.slack.control.removeBot(channel)
  await incident.untilProven(1)
  await until(
    () => program.lines.find((line) => line.includes(incident.id) && line.includes('cannot be written')),
    'a line for the operator',
  )

  await stage.slack.control.addMember(channel, bot)
  // Threads are looked after every twenty seconds.
  await expectThreadToAgree(stage, incident, 45_000)
  await expectCardToBeCurrent(incident)
  await incident.ask(2)
  await expectThreadToAgree(stage, incident)
})

test('Slack is away while an approved step runs: the step ends, and the thread is filled in with the times at which it happened', async () => {
  const incident = await asked('user-011')
  const path = `/admin/api/users/${idOf(stage, 'user-011')}/revoke-sessions`
  stage.autentico.control.fail({ method: 'POST', path, how: { delayMs: 300 } })
  await incident.approve()
  stage.slack.control.refuseConnections(true)
  stage.slack.control.failNext('*', { how: 'reset', times: 10_000 })
  stage.slack.control.dropConnections()
  await incident.untilProven(1)
  expect(changes(stage, 'user-011')).toEqual([204])
  const [done] = incident.entries('StepDone')
  expect(namedInThread(stage, incident.id)).not.toContain(done?.seq)

  stage.slack.control.clearFaults()
  stage.slack.control.refuseConnections(false)
  await expectThreadToAgree(stage, incident)
  const shown = incident.thread().find(({ text }) => text.includes(` #${done?.seq} · `))
  expect(shown?.text).toContain(String(Math.floor(Date.parse(done?.at ?? '') / 1000)))
  await connections(2)
})
