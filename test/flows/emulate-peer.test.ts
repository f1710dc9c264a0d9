import { LogLevel, WebClient } from '@slack/web-api'
import { createEmulator } from 'emulate'
import { WebSocket } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { readManifest } from '#/drill/slack/manifest.ts'
import { localSlack, ourManifest } from '../support/real-bolt.ts'

const settings = { retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR }

/** One Slack to call: ours, or the emulator of other people that keeps ours honest. */
type Peer = {
  readonly name: string
  readonly client: WebClient
  readonly channel: string
  readonly person: string
  /** A trigger id, as a person's click would carry it. */
  readonly trigger: () => Promise<string>
}

async function ours(): Promise<Peer> {
  const slack = await localSlack()
  const client = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl, ...settings })
  const triggers: string[] = []
  const app = new WebClient(slack.appToken, { slackApiUrl: slack.apiUrl, ...settings })
  const { url } = await app.apps.connections.open({})
  const socket = new WebSocket(url ?? '')
  socket.addEventListener('message', (event) => {
    const envelope = JSON.parse(String(event.data)) as {
      readonly envelope_id?: string
      readonly payload?: { readonly trigger_id?: string }
    }
    if (envelope.envelope_id === undefined) return
    triggers.push(envelope.payload?.trigger_id ?? '')
    socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload: {} }))
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  const trigger = async () => {
    await slack.as('ana').command('/autentico help')
    return triggers.pop() ?? ''
  }
  return { name: 'ours', client, channel: incidentChannel.id, person: cast.ana.user, trigger }
}

async function emulated(): Promise<Peer> {
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        strict_scopes: true,
        team: { name: 'Acme', domain: 'acme' },
        users: [{ name: cast.ana.handle, real_name: cast.ana.name, email: cast.ana.email }],
        channels: [{ name: incidentChannel.name }],
        oauth_apps: [
          {
            client_id: '1.2',
            client_secret: 'secret',
            app_id: 'A0RESPONDER',
            name: 'Autentico Responder',
            redirect_uris: [],
            bot_id: 'B0RESPONDER',
            bot_user_id: 'U0RESPONDER',
            bot_name: 'autentico',
          },
        ],
        tokens: [
          {
            token: 'xoxb-emulated',
            type: 'bot',
            app_id: 'A0RESPONDER',
            bot_id: 'B0RESPONDER',
            bot_user_id: 'U0RESPONDER',
            scopes: [...readManifest(ourManifest).scopes],
          },
        ],
      },
    },
  })
  onTestFinished(() => emulator.close())
  const client = new WebClient('xoxb-emulated', {
    slackApiUrl: `${emulator.url}/api/`,
    ...settings,
  })
  const { channels } = await client.conversations.list({})
  const channel = channels?.find(({ name }) => name === incidentChannel.name)?.id ?? ''
  const { user } = await client.users.lookupByEmail({ email: cast.ana.email })
  const trigger = async () => {
    const answer = await client.apiCall('views.generateTriggerId', { user_id: user?.id ?? '' })
    return 'trigger_id' in answer && typeof answer.trigger_id === 'string' ? answer.trigger_id : ''
  }
  return { name: 'emulate', client, channel, person: user?.id ?? '', trigger }
}

const card = [
  { type: 'section', text: { type: 'mrkdwn', text: '*INC-1*' } },
  {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Approve' }, value: 'INC-1' }],
  },
]
const form = {
  type: 'modal' as const,
  callback_id: 'open_incident',
  title: { type: 'plain_text' as const, text: 'Open an incident' },
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'One moment' } }],
}

/** The error code of a refusal, for comparing. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'accepted'
  } catch (error) {
    const { data } = error as { readonly data?: { readonly error?: string } }
    return data?.error ?? String(error)
  }
}

/** What our bot does with Slack in the course of an incident, and what came of it, without ids and times. */
async function incident({ client, channel, person, trigger }: Peer): Promise<object> {
  const auth = await client.auth.test()
  const metadata = { event_type: 'incident', event_payload: { seq: 1, incident: 'INC-1' } }
  const root = await client.chat.postMessage({ channel, text: 'INC-1 opened', blocks: card, metadata })
  const parent = root.ts ?? ''
  const line = { event_type: 'line', event_payload: { seq: 2 } }
  const reply = await client.chat.postMessage({ channel, text: 'Step 1', thread_ts: parent, metadata: line })
  const updated = await client.chat.update({ channel, ts: parent, text: 'INC-1 contained', blocks: card })
  const ephemeral = await client.chat.postEphemeral({ channel, user: person, text: 'You may not approve this' })
  const replies = await client.conversations.replies({ channel, ts: parent, include_all_metadata: true, limit: 100 })
  const info = await client.users.info({ user: person })
  const used = await trigger()
  const opened = await client.views.open({ trigger_id: used, view: form })
  const hash = opened.view?.hash ?? ''
  const id = opened.view?.id ?? ''
  const changed = await client.views.update({ view_id: id, hash, view: { ...form, private_metadata: 'INC-1' } })
  return {
    // Whose token it is, the emulator tells by its own people; only that it tells is compared.
    auth: { ok: auth.ok, team: auth.team, bot: auth.bot_id, user: typeof auth.user_id },
    root: [root.ok, root.channel === channel, root.message?.text, root.message?.blocks?.length],
    reply: [reply.ok, reply.message?.thread_ts === parent],
    updated: [updated.ok, updated.text, updated.ts === parent],
    ephemeral: [ephemeral.ok, typeof ephemeral.message_ts],
    replies: replies.messages?.map(({ text, metadata: kept }) => ({ text, metadata: kept })),
    parent: [replies.messages?.[0]?.reply_count, replies.has_more],
    person: {
      name: info.user?.name,
      real: info.user?.real_name,
      email: info.user?.profile?.email,
      bot: info.user?.is_bot,
    },
    view: [opened.ok, opened.view?.callback_id, opened.view?.type, opened.view?.root_view_id === id],
    changed: [changed.ok, changed.view?.private_metadata, changed.view?.hash !== hash],
    refused: {
      usedTrigger: await refusal(client.views.open({ trigger_id: used, view: form })),
      oldHash: await refusal(client.views.update({ view_id: id, hash, view: form })),
      noSuchMessage: await refusal(client.chat.update({ channel, ts: '1.000001', text: 'x' })),
      noSuchChannel: await refusal(client.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' })),
      noSuchPerson: await refusal(client.users.info({ user: 'U0NOBODY' })),
      noText: await refusal(client.chat.postMessage({ channel, text: '' })),
      pins: await refusal(client.pins.add({ channel, timestamp: parent })),
      reactions: await refusal(client.reactions.add({ channel, timestamp: parent, name: 'eyes' })),
    },
  }
}

test('an incident goes the same way on our local Slack and on one we did not write', async () => {
  const [mine, theirs] = await Promise.all([ours().then(incident), emulated().then(incident)])

  expect(mine).toEqual(theirs)
  expect(mine).toMatchObject({
    replies: [{ text: 'INC-1 contained', metadata: { event_type: 'incident' } }, { text: 'Step 1' }],
    refused: { usedTrigger: 'exchanged_trigger_id', oldHash: 'hash_conflict', pins: 'missing_scope' },
  })
})
