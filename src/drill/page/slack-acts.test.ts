import type { App } from '@slack/bolt'
import { expect, test, vi } from 'vitest'
import { act, localPage, openWindow, saysIn } from '../../../test/support/local-page.ts'
import { boltOnSockets, localSlack } from '../../../test/support/real-bolt.ts'
import { incidentChannel } from '../cast.ts'

const channel = incidentChannel.id
const button = { type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Approve' }, value: 'INC-1' }
const card = [{ type: 'actions', elements: [button] }]

/** An app with a form, a type-ahead field and a button that takes itself away. */
function small(app: App): void {
  app.command('/autentico', async ({ ack, client, command }) => {
    await ack(`You said ${command.text}`)
    await client.views.open({
      trigger_id: command.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'form',
        title: { type: 'plain_text', text: 'Open an incident' },
        submit: { type: 'plain_text', text: 'Open' },
        blocks: [
          {
            type: 'input',
            block_id: 'target',
            label: { type: 'plain_text', text: 'Target' },
            element: { type: 'external_select', action_id: 'target', min_query_length: 1 },
          },
        ],
      },
    })
  })
  app.options('target', async ({ ack, payload }) => {
    await ack({ options: [{ text: { type: 'plain_text', text: `${payload.value}lice` }, value: 'alice' }] })
  })
  app.view('form', async ({ ack }) => {
    await ack({ response_action: 'errors', errors: { target: 'No user is called alice.' } })
  })
  app.shortcut('open_incident', async ({ ack }) => ack())
}

test('a command, a type-ahead field and a form answer as they do in Slack', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, small)
  const page = await localPage(slack)
  const ana = await openWindow(page, 'ana')

  expect(await act(page, 'as/ana/command', { text: '/autentico incident', channel })).toMatchObject({
    status: 200,
    said: { ok: true, answer: { text: 'You said incident', ephemeral: true, user: 'U0RESPONDER' } },
  })
  await vi.waitFor(() => expect(ana.screen().views).toMatchObject([{ title: 'Open an incident' }]))
  const view = ana.screen().views[0]?.id ?? ''
  expect(await act(page, 'as/ana/type', { view, block: 'target', action: 'target', text: 'a' })).toEqual({
    status: 200,
    said: { ok: true, options: [{ text: 'alice', value: 'alice' }] },
  })
  expect(await act(page, 'as/ana/submit', { view, values: { target: 'alice' } })).toEqual({
    status: 200,
    said: { ok: true, now: 'errors', errors: { target: 'No user is called alice.' } },
  })
  expect((await act(page, 'as/bao/submit', { view, values: {} })).said).toEqual({
    error: `bao has no open form ${view}`,
  })

  expect(await act(page, 'as/ana/close', {})).toEqual({ status: 200, said: { ok: true } })
  await vi.waitFor(() => expect(ana.screen().views).toEqual([]))
  expect(await act(page, 'as/ana/shortcut', { callback: 'open_incident' })).toEqual({ status: 200, said: { ok: true } })
})

test('what went wrong in the app is an answer with the words Slack gives', async () => {
  const page = await localPage(await localSlack())
  const nobodyListens = {
    ok: false,
    error: 'dispatch_failed',
    text: '/autentico failed with the error "dispatch_failed"',
  }
  expect(await act(page, 'as/ana/command', { text: '/autentico list', channel })).toEqual({
    status: 200,
    said: nobodyListens,
  })

  expect(await act(page, 'as/ana/command', { text: '/autentico list', channel, thread: '1.1' })).toMatchObject({
    said: { error: 'not_in_thread' },
  })
})

test('a private message can be dismissed by the person who sees it, and by nobody else', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, small)
  const page = await localPage(slack)
  const ana = await openWindow(page, 'ana')
  await act(page, 'as/ana/command', { text: '/autentico incident', channel })
  await vi.waitFor(() => expect(saysIn(ana)).toEqual(['You said incident']))
  const [shown] = Object.values(ana.screen().messages)
  const ts = shown?.ts ?? ''

  expect(await act(page, 'as/gil/dismiss', { ts })).toEqual({
    status: 400,
    said: { error: `gil sees no message ${ts} that they alone see` },
  })
  expect(await act(page, 'as/ana/dismiss', { ts })).toEqual({ status: 200, said: { ok: true } })
  await vi.waitFor(() => expect(saysIn(ana)).toEqual([]))
  const said = await slack.as('ana').say(channel, 'mine')
  expect((await act(page, 'as/ana/dismiss', { ts: said.ts })).status).toBe(400)
})

test('a button that was taken away a moment ago still reaches the app, and the app decides', async () => {
  const slack = await localSlack()
  const pressed: string[] = []
  const bot = await boltOnSockets(slack, (app) => {
    app.action('approve', async ({ ack, body }) => {
      await ack()
      pressed.push(body.user.id)
    })
  })
  const page = await localPage(slack)
  const bao = await openWindow(page, 'bao')
  const { ts = '' } = await bot.client.chat.postMessage({ channel, text: 'Asked', blocks: card })
  await vi.waitFor(() => expect(saysIn(bao)).toEqual(['Asked']))
  await bot.client.chat.update({ channel, ts, text: 'Approved', blocks: [] })
  await vi.waitFor(() => expect(saysIn(bao)).toEqual(['Approved']))

  const press = { channel, ts, action: 'approve', value: 'INC-1' }
  expect(await act(page, 'as/bao/press', press)).toEqual({ status: 200, said: { ok: true } })
  expect(await act(page, 'as/bao/press', { ...press, value: 'INC-2' })).toMatchObject({ status: 400 })
  expect(await act(page, 'as/chi/press', press)).toMatchObject({ status: 400 })
  expect(await act(page, 'as/olu/press', press)).toMatchObject({
    status: 400,
    said: { error: `olu sees no message ${ts}` },
  })
  expect(pressed).toEqual(['U0BAO'])
})

test('what no person could do is turned down with the reason', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const said = await slack.as('ana').say(channel, 'hello')
  const turnedDown = async (path: string, body: object) => (await act(page, path, body)).said

  expect(await turnedDown('as/olu/say', { channel, text: 'let me in' })).toEqual({
    error: 'olu does not see #sec-incidents: add them to it first',
  })
  expect(await turnedDown('as/alice/press', { channel, ts: said.ts, action: 'approve' })).toEqual({
    error: `alice sees no message ${said.ts}`,
  })
  expect(await turnedDown('as/olu/openHome', {})).toEqual({ error: 'olu has no Home tab of this app' })
  expect(await turnedDown('as/olu/shortcut', { callback: 'open_incident' })).toEqual({
    error: 'olu has no shortcuts of this app',
  })
  expect(await turnedDown('as/ana/say', { channel, text: ' ' })).toEqual({ error: 'a message needs words' })
  expect(await turnedDown('as/ana/say', { channel, text: 'a', thread: '9.9' })).toEqual({
    error: '#sec-incidents has no message 9.9 that replies could stand under',
  })
  expect(slack.as('ana').sees()).toEqual([said])
})

test('a copy of a message that the sender made up is pressed by nobody', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const copy = { channel, ts: '1.1', blocks: card }

  expect((await act(page, 'as/ana/pressStale', { copy, action: 'approve' })).status).toBe(404)
  expect((await act(page, 'as/ana/press', { channel, ts: '1.1', action: 'approve', copy })).status).toBe(400)
})
