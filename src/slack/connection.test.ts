import { createHmac } from 'node:crypto'
import { fetch } from 'undici'
import { afterEach, expect, test, vi } from 'vitest'
import type { IncidentId } from '#/incident/events.ts'
import { ourManifest } from '../../test/support/real-bolt.ts'
import { type RateLimited, type SlackRejected, SlackUnavailable } from './failures.ts'
import type { Stuck } from './sockets.ts'
import {
  askForFirstStep,
  MemoryDoor,
  openThroughForm,
  startWorld,
  type World,
  type WorldOptions,
} from './test-support.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup[Symbol.asyncDispose]()
})

async function world(options?: WorldOptions): Promise<World> {
  const started = await startWorld(options)
  cleanups.push(started)
  return started
}

test.each(['warning', 'refresh_requested'] as const)(
  'after Slack’s %s the connections come back, and clicks go on',
  async (reason) => {
    const w = await world({ local: { ackWithin: 1_000 } })
    const id = await openThroughForm(w)
    await askForFirstStep(w, id)
    w.local.control.disconnectSockets(reason)
    await vi.waitFor(() => expect(w.slack.connected()).toBe(true))
    await vi.waitFor(
      async () => expect(await w.local.as('bao').press(w.messageWith('approve'), 'approve')).toEqual({ ok: true }),
      { timeout: 15_000 },
    )
    expect(w.door.events('StepApproved')).toHaveLength(1)
  },
)

test('connections that are cut and turned away for a while come back by themselves', async () => {
  const w = await world()
  w.local.control.refuseConnections(true)
  w.local.control.dropConnections()
  await vi.waitFor(() => expect(w.log.lines.some(({ message }) => message.includes('could not be opened'))).toBe(true))
  w.local.control.failNext('apps.connections.open', { status: 500, body: 'oops', times: 2 })
  w.local.control.refuseConnections(false)
  await vi.waitFor(() => expect(w.slack.connected()).toBe(true), { timeout: 5000 })
  await openThroughForm(w)
})

test('a revoked app token is told at the start, by name', async () => {
  const stuck: Stuck[] = []
  await expect(
    startWorld({ slack: { inlet: { mode: 'socket', appToken: 'xapp-wrong' }, onStuck: (one) => stuck.push(one) } }),
  ).rejects.toThrow(/apps\.connections\.open: invalid_auth\. The token is wrong or was revoked/)
  expect(stuck).toMatchObject([{ final: true }])
})

test('stopping waits for the click that is under way, and does not hang', async () => {
  const w = await startWorld({ slack: { ackWithinMs: 50 } })
  const held = Promise.withResolvers<void>()
  w.door.accountsHeld = held.promise
  await w.local.as('ana').command('/autentico incident account-compromise alice')
  const view = await w.formOf('ana')
  await w.local.as('ana').submit(view, {})
  const stopped = w[Symbol.asyncDispose]()
  held.resolve()
  await stopped
  expect(w.door.openIncidents()).toHaveLength(1)
})

test('a scope that is missing, and a channel without the bot, are said in one sentence each', async () => {
  const w = await world()
  expect((await w.slack.check()).filter(({ fatal }) => fatal)).toEqual([])
  w.local.control.withholdScope('usergroups:read')
  await w.local.control.removeBot('C0INCIDENTS')
  const fresh = await world({ local: {}, slack: { channel: 'C0NOWHERE' } })
  const [finding] = (await fresh.slack.check()).filter(({ fatal }) => fatal)
  expect(finding?.sentence).toMatch(/INCIDENT_CHANNEL C0NOWHERE: channel_not_found.*\/invite/)
  expect((await w.slack.check()).map(({ sentence }) => sentence).join(' ')).toMatch(/\/invite @autentico/)
})

test('without the scope for files the bot runs, and says where the evidence is', async () => {
  const w = await world({ local: { manifest: ourManifest.replace(/^ +- files:write.*\n/m, '') } })
  expect(await w.slack.check()).toEqual([
    { fatal: false, sentence: expect.stringMatching(/lacks the scope files:write: .*export --files/) as string },
  ])
})

test('every failure of a post says what the caller may do', async () => {
  const w = await world()
  const { outbound } = w.slack
  const card = { text: 'A card', blocks: [] }
  const post = async () => outbound.postCard('C0INCIDENTS', card, 'INC-1' as IncidentId)
  w.local.control.failNext('chat.postMessage', { status: 429, headers: { 'retry-after': '7' }, body: {} })
  await expect(post()).rejects.toMatchObject({ name: 'RateLimited', retryAfterMs: 7000 } satisfies Partial<RateLimited>)
  w.local.control.failNext('chat.postMessage', { how: 'reset' })
  await expect(post()).rejects.toBeInstanceOf(SlackUnavailable)
  w.local.control.failNext('chat.postMessage', { status: 500, body: 'oops' })
  await expect(post()).rejects.toBeInstanceOf(SlackUnavailable)
  const place = await post()
  w.local.control.deleteMessage(place.channel, place.ts)
  await expect(outbound.updateCard(place, card)).rejects.toMatchObject({
    name: 'SlackRejected',
    code: 'message_not_found',
  } satisfies Partial<SlackRejected>)
})

test('a post whose answer was lost is found in the thread by its entry, and not posted twice', async () => {
  const w = await world()
  const { outbound } = w.slack
  const id = 'INC-1' as IncidentId
  const root = await outbound.postCard('C0INCIDENTS', { text: 'A card', blocks: [] }, id)
  const line = { text: 'Two lines', blocks: [] }
  w.local.control.failNext('chat.postMessage', { how: 'reset-after' })
  await expect(
    outbound.postInThread(root, line, {
      incident: id,
      entries: [
        { seq: 4, hash: 'aa' },
        { seq: 5, hash: 'bb' },
      ],
    }),
  ).rejects.toBeInstanceOf(SlackUnavailable)
  const found = await outbound.findInThread(root, id, [4, 5, 6])
  if (found.kind !== 'read') throw new Error(found.why)
  expect([...found.found.keys()].toSorted((one, other) => one - other)).toEqual([4, 5])
  expect(found.found.get(5)).toMatchObject({ hash: 'bb' })
  expect(await outbound.findCard('C0INCIDENTS', id, new Date().toISOString())).toEqual({ kind: 'read', found: root })
})

test('a card is looked for no further back than a day before its incident, however much the channel has seen', async () => {
  const { slack, local } = await world()
  const id = 'INC-1' as IncidentId
  const root = await slack.outbound.postCard('C0INCIDENTS', { text: 'A card', blocks: [] }, id)
  const after = (hours: number) => new Date(Number(root.ts) * 1000 + hours * 3_600_000).toISOString()
  expect(await slack.outbound.findCard('C0INCIDENTS', id, after(23))).toEqual({ kind: 'read', found: root })
  expect(await slack.outbound.findCard('C0INCIDENTS', id, after(25))).toEqual({ kind: 'read', found: undefined })
  expect(local.calls('conversations.history')).toHaveLength(2)
})

test('without the history scope the thread is not readable, and that is an answer', async () => {
  const w = await world()
  const root = await w.slack.outbound.postCard('C0INCIDENTS', { text: 'A card', blocks: [] }, 'INC-1' as IncidentId)
  w.local.control.withholdScope('groups:history')
  expect(await w.slack.outbound.findInThread(root, 'INC-1' as IncidentId, [1])).toMatchObject({
    kind: 'not readable',
    why: expect.stringContaining('groups:history') as string,
  })
})

test('over HTTP the same people do the same things, and a replay does nothing', async () => {
  const probe = await world()
  const door = new MemoryDoor()
  const secret = probe.local.signingSecret
  const w = await world({
    door,
    slack: {
      botToken: probe.local.botToken,
      apiUrl: probe.local.apiUrl,
      inlet: { mode: 'http', signingSecret: secret, port: 0, host: '127.0.0.1' },
    },
  })
  const url = `http://127.0.0.1:${w.slack.port()}/slack/events`
  const body = new URLSearchParams({
    command: '/autentico',
    text: 'help',
    user_id: 'U0ANA',
    channel_id: 'C0INCIDENTS',
    trigger_id: '1.2.3',
    team_id: 'T0ACME',
  }).toString()
  const at = String(Math.floor(Date.now() / 1000))
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': at,
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`,
  }
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
  await vi.waitFor(() => expect(probe.told('ana')).toHaveLength(1))
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401)
  expect(probe.told('ana')).toHaveLength(1)
})

test.each([
  ['{"type":"block_actions","user":null,"actions":null}', [400, 404, 200]],
  ['{"type":"view_submission","view":null}', [400, 404, 200]],
  ['{"type":"event_callback","event":null}', [400, 404, 200]],
  ['{}', [404]],
])('a signed %s breaks nothing', async (payload, statuses) => {
  const w = await world()
  const secret = 'another-signing-secret'
  const http = await world({
    slack: {
      botToken: w.local.botToken,
      apiUrl: w.local.apiUrl,
      inlet: { mode: 'http', signingSecret: secret, port: 0, host: '127.0.0.1' },
    },
  })
  const at = String(Math.floor(Date.now() / 1000))
  const answer = await fetch(`http://127.0.0.1:${http.slack.port()}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': at,
      'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${at}:${payload}`).digest('hex')}`,
    },
    body: payload,
  })
  expect(statuses).toContain(answer.status)
  expect(http.door.entries).toEqual([])
})
