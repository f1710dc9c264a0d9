import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { boltOnHttp, boltOnSockets, localSlack } from '../../../test/support/real-bolt.ts'
import { cast, incidentChannel } from '../cast.ts'
import type { Seen } from './acts/seen.ts'
import type { LocalSlack } from './local-slack.ts'

const channel = incidentChannel.id
const card = [
  { type: 'section', text: { type: 'mrkdwn', text: 'An incident' } },
  {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Approve' }, value: 'INC-1' }],
  },
]

/** Waits for a message that a person sees. */
async function seenBy(slack: LocalSlack, person: string, fits: (message: Seen) => boolean): Promise<Seen> {
  return vi.waitFor(() => {
    const found = slack.as(person).sees().find(fits)
    if (found === undefined) throw new Error(`${person} does not see it yet`)
    return found
  })
}

const post = async (slack: LocalSlack, arguments_: object): Promise<unknown> => {
  const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel, ...arguments_ }),
  })
  return response.json()
}

test('a command opens a card, and a button on it edits the card in place', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, (app) => {
    app.command('/autentico', async ({ ack, client, command }) => {
      await ack(`You said ${command.text}`)
      await client.chat.postMessage({ channel: command.channel_id, text: 'An incident', blocks: card })
    })
    app.action('approve', async ({ ack, body, client }) => {
      await ack()
      const ts = body.type === 'block_actions' ? (body.message?.ts ?? '') : ''
      await client.chat.update({ channel, ts, text: `Approved by ${body.user.id}` })
    })
  })

  const outcome = await slack.as('ana').command('/autentico incident')
  expect(outcome).toMatchObject({ ok: true, answer: { text: 'You said incident', ephemeral: true } })
  const posted = await seenBy(slack, 'bao', ({ blocks }) => blocks.length > 0)

  expect(await slack.as('bao').press(posted.ts, 'approve')).toEqual({ ok: true })
  await vi.waitFor(() => {
    expect(slack.as('chi').sees()).toMatchObject([{ ts: posted.ts, text: 'Approved by U0BAO', edited: true }])
  })
  await expect(slack.as('bao').press(posted.ts, 'approve')).rejects.toThrow('nothing to press is called approve')
  expect(await slack.as('chi').pressStale(posted, 'approve')).toEqual({ ok: true })
})

test('the same app works over signed HTTP, and a wrong signing secret reaches nobody', async () => {
  const listening = await localSlack()
  const heard: string[] = []
  const request = await boltOnHttp(listening, (app) => {
    app.command('/autentico', async ({ ack, command }) => {
      heard.push(command.text)
      await ack('heard')
    })
  })
  const slack = await localSlack({ deliverTo: request })
  const forged = await localSlack({ deliverTo: request, signingSecret: 'mallory' })

  expect(await slack.as('ana').command('/autentico list')).toMatchObject({ ok: true, answer: { text: 'heard' } })
  expect(await forged.as('ana').command('/autentico list')).toMatchObject({ ok: false, error: 'dispatch_failed' })
  expect(heard).toEqual(['list'])
})

test('a command is refused in a thread, to people of another company, and where nobody listens', async () => {
  const slack = await localSlack()
  slack.control.share(channel)

  expect(await slack.as('ana').command('/autentico list', { channel, thread: '1.000100' })).toMatchObject({
    text: '/autentico is not supported in threads. Sorry!',
  })
  expect(await slack.as('olu').command('/autentico list')).toMatchObject({ ok: false, error: 'unknown_command' })
  expect(await slack.as('ana').command('/autentico list')).toMatchObject({ ok: false, error: 'dispatch_failed' })
})

test('an app that does not acknowledge in time is a time-out to the person', async () => {
  const slack = await localSlack({ ackWithin: 50 })
  await boltOnSockets(slack, (app) => app.command('/autentico', async () => undefined))

  expect(await slack.as('ana').command('/autentico list')).toMatchObject({
    error: 'operation_timeout',
    text: '/autentico failed with the error "operation_timeout"',
  })
})

test('typed people, addresses and markup reach the app escaped', async () => {
  const slack = await localSlack()
  const texts: string[] = []
  await boltOnSockets(slack, (app) => {
    app.command('/autentico', async ({ ack, command }) => {
      texts.push(command.text, command.channel_name)
      await ack()
    })
  })

  await slack.as('ana').command('/autentico incident @alice alice@acme.test <b> #general <@U0BAO>')
  expect(texts).toEqual([
    'incident <@U0ALICE|alice> <mailto:alice@acme.test|alice@acme.test> &lt;b&gt; <#C0GENERAL|general> <@U0BAO>',
    'privategroup',
  ])
})

test('an outsider in a shared channel can press buttons, and the payload says whose they are', async () => {
  const slack = await localSlack()
  const teams: unknown[] = []
  await boltOnSockets(slack, (app) => {
    app.action('approve', async ({ ack, body }) => {
      const team = 'team_id' in body.user ? body.user.team_id : undefined
      teams.push([body.user.id, team, body.team?.id])
      await ack()
    })
  })
  await post(slack, { text: 'An incident', blocks: card })
  const ts = slack.as('ana').sees()[0]?.ts ?? ''

  await expect(slack.as('olu').press(ts, 'approve')).rejects.toThrow('olu sees no message')
  slack.control.share(channel)
  expect(await slack.as('olu').press(ts, 'approve')).toEqual({ ok: true })
  expect(await slack.as('gil').press(ts, 'approve')).toEqual({ ok: true })
  expect(teams).toEqual([
    [cast.olu.user, 'T0OTHER', 'T0ACME'],
    [cast.gil.user, 'T0ACME', 'T0ACME'],
  ])
})

test('the workspace outlives the app: it stops, starts again and finds its thread with the metadata', async () => {
  const slack = await localSlack()
  const first = await boltOnSockets(slack, () => undefined)
  const metadata = { event_type: 'line', event_payload: { seq: 7 } }
  const root = await first.client.chat.postMessage({ channel, text: 'INC-1', metadata })
  await first.stop()

  const second = await boltOnSockets(slack, () => undefined)
  const thread = { channel, ts: root.ts ?? '' }
  const bare = await second.client.conversations.replies(thread)
  const full = await second.client.conversations.replies({ ...thread, include_all_metadata: true })
  expect(bare.messages?.[0]?.metadata).toBeUndefined()
  expect(full.messages?.[0]?.metadata).toEqual(metadata)
})

test('payloads take turns between two connections, and one that is dropped gets none', async () => {
  const slack = await localSlack()
  const heard: string[] = []
  const listener = (name: string) => (app: Parameters<Parameters<typeof boltOnSockets>[1]>[0]) => {
    app.command('/autentico', async ({ ack }) => {
      heard.push(name)
      await ack()
    })
  }
  await boltOnSockets(slack, listener('one'))
  await boltOnSockets(slack, listener('two'))
  for (const word of ['a', 'b', 'c', 'd']) await slack.as('ana').command(`/autentico ${word}`)
  expect(heard).toEqual(['one', 'two', 'one', 'two'])

  slack.control.dropConnections()
  await vi.waitFor(() => expect(slack.state().connections).toBe(0))
  expect(await slack.as('ana').command('/autentico list')).toMatchObject({ error: 'dispatch_failed' })
})

test('the same payload can reach the app twice', async () => {
  const slack = await localSlack()
  const triggers: string[] = []
  await boltOnSockets(slack, (app) => {
    app.command('/autentico', async ({ ack, command }) => {
      triggers.push(command.trigger_id)
      await ack()
    })
  })

  await slack.as('ana').command('/autentico incident')
  await slack.control.redeliver()
  expect(triggers).toHaveLength(2)
  expect(new Set(triggers).size).toBe(1)
})

test('an answer by response URL may be used five times and may replace what was pressed', async () => {
  const slack = await localSlack()
  const uses: string[] = []
  await boltOnSockets(slack, (app) => {
    app.command('/autentico', async ({ ack, command }) => {
      await ack({ text: 'Sure?', blocks: card })
      for (const number of [1, 2, 3, 4, 5, 6]) {
        const body = JSON.stringify({ text: `answer ${number}` })
        const response = await fetch(command.response_url, { method: 'POST', body })
        uses.push(`${response.status} ${await response.text()}`)
      }
    })
    app.action('approve', async ({ ack, respond }) => {
      await ack()
      await respond({ replace_original: true, text: 'Done' })
    })
  })

  const outcome = await slack.as('ana').command('/autentico incident')
  await vi.waitFor(() => expect(uses).toEqual([...Array.from({ length: 5 }, () => '200 ok'), '404 used_url']))
  expect(slack.as('ana').sees()).toHaveLength(6)

  const asked = outcome.ok ? (outcome.answer?.ts ?? '') : ''
  await slack.as('ana').press(asked, 'approve')
  await seenBy(slack, 'ana', ({ ts, text }) => ts === asked && text === 'Done')
  expect(slack.as('bao').sees()).toEqual([])
})

test('the Home tab shows what the app publishes when it is opened', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, (app) => {
    app.event('app_home_opened', async ({ event, client }) => {
      await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: card } })
    })
  })

  expect(await slack.as('ana').openHome()).toMatchObject({ ok: true })
  await vi.waitFor(() => expect(slack.as('ana').home()).toMatchObject({ kind: 'home', blocks: [{}, {}] }))
  expect(slack.as('bao').home()).toBeUndefined()
  await expect(slack.as('olu').openHome()).rejects.toThrow('olu has no Home tab')
})

test('what people write, edit and delete comes as Slack’s events, with what was there before', async () => {
  const slack = await localSlack()
  const events: Readonly<Record<string, unknown>>[] = []
  await boltOnSockets(slack, (app) => {
    app.event('message', async ({ event }) => void events.push({ ...event }))
  })
  const came = async (count: number) => vi.waitFor(() => expect(events).toHaveLength(count))
  const root = await slack.as('ana').say(channel, 'Look at this')
  const said = await slack.as('gil').say(channel, 'It was <me>', root.ts)
  await came(2)
  await slack.as('gil').edit(said, 'It was not me')
  await came(3)
  await slack.as('ana').remove(root)
  await came(4)
  await slack.as('gil').remove(said)
  await came(5)
  const before = { user: 'U0GIL', ts: said.ts, thread_ts: root.ts, text: 'It was &lt;me&gt;' }
  const edited = { user: 'U0GIL', ts: expect.stringMatching(/^\d+\.\d{6}$/) as string }
  expect(events).toMatchObject([
    { type: 'message', channel, channel_type: 'group', user: 'U0ANA', ts: root.ts },
    before,
    { subtype: 'message_changed', hidden: true, message: { text: 'It was not me', edited }, previous_message: before },
    // It has replies, so a tombstone stays in its place.
    { subtype: 'message_changed', message: { subtype: 'tombstone', ts: root.ts }, previous_message: { ts: root.ts } },
    { subtype: 'message_deleted', deleted_ts: said.ts, previous_message: { text: 'It was not me', edited } },
  ])
  await expect(slack.as('ana').edit(said, 'hm')).rejects.toThrow('ana wrote no message')
})

test('without the scope to read the history an app hears of no message', async () => {
  const slack = await localSlack()
  slack.control.withholdScope('groups:history')
  await slack.as('ana').say(channel, 'Does anybody listen?')
  expect(slack.deliveries()).toEqual([])
})

test('an event that is not acknowledged is tried again, and says so', async () => {
  const tries: unknown[] = []
  const app = createServer((request, response) => {
    tries.push(request.headers['x-slack-retry-num'])
    response.writeHead(tries.length < 3 ? 500 : 200).end()
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    app.close()
  })
  const { port } = app.address() as AddressInfo
  const slack = await localSlack({ deliverTo: `http://127.0.0.1:${port}/`, retryEventsAfter: [0, 0, 0] })

  expect(await slack.as('ana').openHome()).toMatchObject({ ok: false, error: 'dispatch_failed' })
  await vi.waitFor(() => expect(tries).toEqual([undefined, '1', '2']))
})

test('another process can act and look through the control API, but no page of another site', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, (app) => app.command('/autentico', async ({ ack }) => ack('heard')))
  const control = async (path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${slack.url}/_control/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  const feed = await control('feed')
  const outcome = await control('as/ana/command', { text: '/autentico list' })
  expect(await outcome.json()).toMatchObject({ ok: true, answer: { text: 'heard' } })
  expect(await (await control('sees/ana')).json()).toMatchObject([{ text: 'heard', ephemeral: true }])
  const refused = await control('as/ana/press', { ts: '1.1', action: 'approve' })
  expect([refused.status, await refused.json()]).toEqual([400, { error: 'ana sees no message 1.1' }])
  expect((await control('as/ana/command', {}, { origin: 'http://mallory.test' })).status).toBe(403)
  expect((await control('switch/nonsense', {})).status).toBe(404)

  const decoder = new TextDecoder()
  let events = ''
  for await (const part of feed.body ?? []) {
    events += decoder.decode(part as Uint8Array)
    if (events.includes('event: ephemeral')) break
  }
  expect(events).toContain('event: delivery')
})

test('out of reach, neither side hears of the other, while people go on', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, (app) => {
    app.command('/autentico', async ({ ack }) => ack('Here I am'))
  })
  await vi.waitFor(() => expect(slack.connections()).toBe(1))

  slack.control.cutOff(true)
  expect(await slack.as('ana').command('/autentico incident')).toMatchObject({ ok: false })
  await expect(post(slack, { text: 'Are you there?' })).rejects.toThrow('fetch failed')
  await slack.as('ana').say(channel, 'The app is gone')
  expect(slack.as('bao').sees()).toMatchObject([{ text: 'The app is gone' }])

  slack.control.cutOff(false)
  expect(await post(slack, { text: 'I am back' })).toMatchObject({ ok: true })
})
