import { expect, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { until, wordsOf } from '#/drill/crew.ts'
import { type Case, openFor, programForAll, reloadEverybody } from '../../support/incident-flow.ts'
import {
  askedFor,
  changes,
  dueInThread,
  expectCardToBeCurrent,
  expectThreadToAgree,
  idOf,
  namedInThread,
} from './machine.ts'

const here = programForAll()

async function asked(username: string): Promise<Case> {
  const incident = await askedFor(here.stage, username)
  await expectThreadToAgree(here.stage, incident)
  return incident
}

/** Waits until this many Socket Mode connections are open. */
async function connections(count: number): Promise<void> {
  await until(() => (here.stage.slack.state().connections === count ? true : undefined), `${count} connections`)
}

test.for(['reset-after', 'cut', 'timeout-after'] as const)(
  'a message that was posted although no answer came stands in the thread once: %s',
  async (how) => {
    const username = { 'reset-after': 'user-001', cut: 'user-002', 'timeout-after': 'user-003' }[how]
    const incident = await asked(username)
    here.stage.slack.control.failNext('chat.postMessage', { how })
    await incident.approve()
    await incident.untilProven(1)
    await expectThreadToAgree(here.stage, incident)
    expect(incident.thread().filter(({ text }) => text.includes('approved: Revoke all sessions'))).toHaveLength(1)
  },
)

test('the card that was posted although no answer came is found again, not posted twice', async () => {
  reloadEverybody(here.stage)
  here.stage.slack.control.failNext('chat.postMessage', { how: 'reset-after' })
  const incident = await openFor(here.stage, 'user-004')
  await expectThreadToAgree(here.stage, incident)
  const { channels } = here.stage.slack.state()
  const cards = channels
    .flatMap(({ messages }) => messages)
    .filter(({ metadata }) =>
      JSON.stringify(metadata ?? {}).includes(`"autentico_card","event_payload":{"incident":"${incident.id}"}`),
    )
  expect(cards).toHaveLength(1)
})

test('Slack limits the rate: the step goes on, and the thread catches up in order', async () => {
  const incident = await asked('user-005')
  here.stage.slack.control.failNext('chat.postMessage', { status: 429, headers: { 'retry-after': '1' }, times: 2 })
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(here.stage, incident)
})

test('Slack asks the connections to come again: they do, and clicks work', async () => {
  const incident = await asked('user-006')
  const opened = here.stage.slack.calls('apps.connections.open').length
  here.stage.slack.control.disconnectSockets('refresh_requested')
  await until(
    () => (here.stage.slack.calls('apps.connections.open').length >= opened + 2 ? true : undefined),
    'two new connections',
  )
  await connections(2)
  await incident.approve()
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
})

test('the connections are cut without a word and refused for a moment: they come back, and clicks work', async () => {
  const incident = await asked('user-007')
  here.stage.slack.control.refuseConnections(true)
  here.stage.slack.control.dropConnections()
  await connections(0)
  const pressed = await incident.at('bao').press(/^Approve/)
  expect(pressed).toMatchObject({ ok: false })
  expect(incident.entries('StepApproved')).toHaveLength(0)

  here.stage.slack.control.refuseConnections(false)
  await connections(2)
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(here.stage, incident)
})

test('somebody deletes the card: another one takes its place', async () => {
  const incident = await asked('user-008')
  const { ts } = incident.card()
  here.stage.slack.control.deleteMessage(incidentChannel.id, ts)
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(here.stage, incident)
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
  here.stage.slack.control.archive(incidentChannel.id)
  await incident.untilProven(1)
  const said = () =>
    here.program.lines.filter((line) => line.includes(incident.id) && line.includes('cannot be written'))
  await until(() => said().at(-1), 'a line for the operator')
  expect(namedInThread(here.stage, incident.id)).not.toEqual(dueInThread(here.stage, incident.id))

  here.stage.slack.control.archive(incidentChannel.id, false)
  await until(
    () =>
      namedInThread(here.stage, incident.id).length === dueInThread(here.stage, incident.id).length ? true : undefined,
    'the thread to be filled in',
    45_000,
  )
  await expectThreadToAgree(here.stage, incident)
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
    here.stage.slack
      .state()
      .channels.find(({ id }) => id === channel)
      ?.messages.find(({ byApp }) => byApp)?.user ?? ''
  await incident.at('bao').press(/^Approve/)
  await here.stage.slack.control.removeBot(channel)
  await incident.untilProven(1)
  await until(
    () => here.program.lines.find((line) => line.includes(incident.id) && line.includes('cannot be written')),
    'a line for the operator',
  )

  await here.stage.slack.control.addMember(channel, bot)
  // Threads are looked after every twenty seconds.
  await expectThreadToAgree(here.stage, incident, 45_000)
  await expectCardToBeCurrent(incident)
  await incident.ask(2)
  await expectThreadToAgree(here.stage, incident)
})

test('Slack is away while an approved step runs: the step ends, and the thread is filled in with the times at which it happened', async () => {
  const incident = await asked('user-011')
  const path = `/admin/api/users/${idOf(here.stage, 'user-011')}/revoke-sessions`
  here.stage.autentico.control.fail({ method: 'POST', path, how: { delayMs: 300 } })
  await incident.approve()
  here.stage.slack.control.refuseConnections(true)
  here.stage.slack.control.failNext('*', { how: 'reset', times: 10_000 })
  here.stage.slack.control.dropConnections()
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-011')).toEqual([204])
  const [done] = incident.entries('StepDone')
  expect(namedInThread(here.stage, incident.id)).not.toContain(done?.seq)

  here.stage.slack.control.clearFaults()
  here.stage.slack.control.refuseConnections(false)
  await expectThreadToAgree(here.stage, incident)
  const shown = incident.thread().find(({ text }) => text.includes(` #${done?.seq} · `))
  expect(shown?.text).toContain(String(Math.floor(Date.parse(done?.at ?? '') / 1000)))
  await connections(2)
})
