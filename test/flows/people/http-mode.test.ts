import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import { sign } from '#/drill/slack/delivery.ts'
import type { Stage } from '#/drill/stage.ts'
import type { RequestId } from '#/incident/work.ts'
import { freePort } from '../../support/free-port.ts'
import { type Case, entriesOf, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program
let start: () => Promise<Program>
let endpoint: string

beforeAll(async () => {
  const port = await freePort()
  endpoint = `http://127.0.0.1:${port}/slack/events`
  stage = await quickStage({ slack: { deliverTo: endpoint } })
  const { SLACK_APP_TOKEN: _socketsOnly, ...env } = stage.env
  start = async () => startProgram({ ...env, SLACK_SIGNING_SECRET: stage.slack.signingSecret, PORT: String(port) })
  program = await start()
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

/** A press of a button as Slack would deliver it, to be signed and sent by hand. */
function pressOf(
  user: string,
  { action, value, trigger }: { readonly action: string; readonly value: string; readonly trigger: string },
): string {
  const payload = {
    type: 'block_actions',
    user: { id: user, username: user, name: user, team_id: workspace.team },
    api_app_id: 'A0RESPONDER',
    team: { id: workspace.team, domain: workspace.domain },
    channel: incidentChannel,
    trigger_id: trigger,
    actions: [{ type: 'button', action_id: action, block_id: 'b', value, action_ts: '1' }],
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

/** Sends bytes with a signature of now, or `skew` seconds later. */
async function send(
  body: string,
  { skew = 0, headers }: { readonly skew?: number; readonly headers?: object } = {},
): Promise<number> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...(headers ?? signed(body, skew)) },
    body,
  })
  await response.text()
  return response.status
}

function signed(body: string, skew = 0) {
  const seconds = () => Math.floor(Date.now() / 1000) + skew
  return sign({ signingSecret: stage.slack.signingSecret, seconds }, body)
}

function askFor(incident: Case, trigger: string): string {
  return pressOf(cast.ana.user, { action: 'ask', value: `${incident.id}|s|revoke-sessions`, trigger })
}

test('two steps of an incident run as well when Slack delivers over HTTP', async () => {
  const incident = await openFor(stage, 'alice')
  await incident.run(1)
  await incident.run(2)
  await incident.as('ana').reads(/2 of 5 proven/)
  expect(program.lines.some((line) => /"port":\d+/.test(line))).toBe(true)
})

test('a signed request that is sent again, byte for byte, has no second effect', async () => {
  const incident = await openFor(stage, 'user-001')
  const body = askFor(incident, 'trigger-1')
  const headers = signed(body)
  expect(await send(body, { headers })).toBe(200)
  await incident.request()
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')

  expect(await send(body, { headers })).toBe(401)
  // Signed anew it is let in, known by what it is about, and still done only once.
  expect(await send(body, { skew: 1 })).toBe(200)
  expect(incident.entries('StepRequested')).toHaveLength(1)
  expect(program.lines.some((line) => line.includes('this very request was accepted before'))).toBe(true)
})

test('a request that was accepted is refused after the program was killed and started again', async () => {
  const incident = await openFor(stage, 'user-007')
  const body = askFor(incident, 'trigger-7')
  const headers = signed(body)
  expect(await send(body, { headers })).toBe(200)
  await incident.request()
  await program.kill()
  program = await start()

  expect(await send(body, { headers })).toBe(401)
  expect(program.lines.some((line) => line.includes('this very request was accepted before'))).toBe(true)
  expect(incident.entries('StepRequested')).toHaveLength(1)
  // It is not that nothing is let in any more.
  await incident.approve()
  await incident.untilProven(1)
})

test('what Slack delivers a second time is acknowledged alike, and done once', async () => {
  const incident = await openFor(stage, 'user-002')
  await incident.ask(1)
  await incident.as('ana').press('Add note…')
  await incident.as('ana').fillIn('Add to the timeline', { Note: 'Said once' })
  // In the same second the signature is the same as well, and that is turned away at the gate.
  await vi.waitFor(async () => expect(await stage.slack.control.redeliver()).toMatchObject({ ok: true }), 5000)
  expect(incident.entries('NoteAdded')).toHaveLength(1)
})

test('a request from the future, from the past, unsigned, or changed on the way is refused and changes nothing', async () => {
  const incident = await openFor(stage, 'user-003')
  const body = askFor(incident, 'trigger-2')
  expect(await send(body, { skew: 120 })).toBe(401)
  expect(await send(body, { skew: -360 })).toBe(401)
  expect(await send(body, { headers: {} })).toBe(401)
  expect(await send(body.replace('revoke-sessions', 'reset-password'), { headers: signed(body) })).toBe(401)
  expect(incident.entries('StepRequested')).toEqual([])
})

test('a press that was on its way when its sender was deactivated does not count', async () => {
  const incident = await openFor(stage, 'user-004')
  const { id, shown } = await incident.ask(1)
  stage.slack.control.deactivate(cast.chi.user)
  expect(await send(approvalBy(cast.chi.user, incident, id, shown?.digest))).toBe(200)
  const refused = await incident.happens('ClickRefused')
  expect(refused).toMatchObject({
    actor: { slack: { user: cast.chi.user } },
    event: { refusal: 'person_is_deactivated' },
  })
  expect(incident.step(1).status).toBe('requested')
})

test('somebody whom Slack does not know is nobody', async () => {
  const incident = await openFor(stage, 'user-005')
  const { id, shown } = await incident.ask(1)
  expect(await send(approvalBy('U0NOBODY', incident, id, shown?.digest))).toBe(200)
  expect((await incident.happens('ClickRefused')).event.refusal).toBe('standing_unknown')
  expect(incident.step(1).status).toBe('requested')
})

test('a made-up button of another incident, request or kind is refused, and nothing breaks', async () => {
  const incident = await openFor(stage, 'user-006')
  const { id, shown } = await incident.ask(1)
  const values = [
    '',
    'INC-1',
    `${incident.id}|${id}`,
    `${incident.id}|${id}|${'0'.repeat(64)}`,
    `${incident.id}|r99|${shown?.digest ?? ''}`,
    `INC-999|${id}|${shown?.digest ?? ''}`,
    `${incident.id}|s|__proto__`,
    'x'.repeat(2000),
    `${incident.id}|${id}|${shown?.digest ?? ''}|more`,
  ]
  for (const [n, value] of values.entries()) {
    expect(await send(pressOf(cast.bao.user, { action: 'approve', value, trigger: `made-up-${n}` }))).toBe(200)
  }
  expect(await send(pressOf(cast.bao.user, { action: 'constructor', value: '', trigger: 'made-up' }))).toBe(200)
  expect(incident.step(1).status).toBe('requested')
  expect(entriesOf(stage, incident.id, 'StepApproved')).toEqual([])
  expect(program.lines.filter((line) => line.includes('something broke'))).toEqual([])
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('what people write and edit is recorded as well, unless somebody else than Slack says so', async () => {
  const incident = await openFor(stage, 'user-009')
  const { ts: thread } = incident.card()
  const said = await stage.slack.as('gil').say(incidentChannel.id, 'I saw it.', thread)
  await incident.happens('MessageWritten')
  const message = {
    user: cast.gil.user,
    ts: said.ts,
    thread_ts: thread,
    text: 'It was bao.',
    edited: { ts: '1.000001' },
  }
  const event = { type: 'message', subtype: 'message_changed', channel: incidentChannel.id, message }
  const forged = JSON.stringify({ type: 'event_callback', team_id: workspace.team, event_id: 'Ev0FORGED', event })
  const headers = { ...signed('something else'), 'content-type': 'application/json' }
  expect(await send(forged, { headers })).toBe(401)
  await stage.slack.as('gil').edit(said, 'I did not.')
  await incident.happens('MessageEdited')
  expect(incident.entries('MessageEdited').map((one) => one.event.after)).toEqual(['I did not.'])
})

function approvalBy(user: string, { id }: Case, request: RequestId, digest = ''): string {
  return pressOf(user, { action: 'approve', value: `${id}|${request}|${digest}`, trigger: `${id}-${user}` })
}
