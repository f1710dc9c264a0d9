import { readFileSync } from 'node:fs'
import type { App as BoltApp } from '@slack/bolt'
import bolt from '@slack/bolt'
import { afterEach, expect, test, vi } from 'vitest'
import type { LocalSlack, LocalSlackOptions } from './local-slack.ts'
import { startLocalSlack } from './local-slack.ts'

const manifest = readFileSync(new URL('../../../manifest.yml', import.meta.url), 'utf8')
const incidents = 'C0INCIDENTS'

const cleanups: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function local(options: Partial<LocalSlackOptions> = {}): Promise<LocalSlack> {
  const slack = await startLocalSlack({ manifest, rateLimit: false, ...options })
  cleanups.push(() => slack[Symbol.asyncDispose]())
  return slack
}

/** A real Bolt app on Socket Mode; only the API address differs from production. */
async function connect(slack: LocalSlack, listen: (app: BoltApp) => void): Promise<BoltApp> {
  const clientOptions = { slackApiUrl: slack.apiUrl }
  const receiver = new bolt.SocketModeReceiver({
    appToken: slack.appToken,
    logLevel: bolt.LogLevel.ERROR,
    installerOptions: {
      clientOptions: {
        ...clientOptions,
        retryConfig: { retries: 2 },
      },
    },
  })
  const app = new bolt.App({
    token: slack.botToken,
    receiver,
    logLevel: bolt.LogLevel.ERROR,
    clientOptions: {
      ...clientOptions,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    },
  })
  listen(app)
  await app.start()
  cleanups.push(() => app.stop())
  return app
}

const card = [
  { type: 'section', text: { type: 'mrkdwn', text: 'An incident' } },
  {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Approve' }, value: 'INC-1' }],
  },
]

test('a command opens a card, and a button on it edits the card in place', async () => {
  const slack = await local()
  await connect(slack, (app) => {
    app.command('/autentico', async ({ ack, client, command }) => {
      await ack(`You said ${command.text}`)
      await client.chat.postMessage({ channel: command.channel_id, text: 'An incident', blocks: card })
    })
    app.action('approve', async ({ ack, body, client }) => {
      await ack()
      const ts = body.type === 'block_actions' ? (body.message?.ts ?? '') : ''
      await client.chat.update({ channel: incidents, ts, text: `Approved by ${body.user.id}` })
    })
  })

  const outcome = await slack.as('ana').command('/autentico incident')
  expect(outcome).toMatchObject({ ok: true, answer: { text: 'You said incident', ephemeral: true } })
  const posted = await vi.waitFor(() => {
    const found = slack
      .as('bao')
      .sees()
      .find((message) => message.blocks.length > 0)
    if (found === undefined) throw new Error('the card is not there yet')
    return found
  })

  expect(await slack.as('bao').press(posted.ts, 'approve')).toEqual({ ok: true })
  await vi.waitFor(() => {
    expect(slack.as('chi').sees()).toMatchObject([{ ts: posted.ts, text: 'Approved by U0BAO', edited: true }])
  })
})
