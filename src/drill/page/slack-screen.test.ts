import type { App } from '@slack/bolt'
import { expect, test, vi } from 'vitest'
import { localPage, openWindow, saysIn } from '../../../test/support/local-page.ts'
import { boltOnSockets, localSlack } from '../../../test/support/real-bolt.ts'
import { cast, incidentChannel } from '../cast.ts'
import { generalChannel, partnerChannel } from '../slack/workspace.ts'
import { slackScreen } from './slack-screen.ts'

const channel = incidentChannel.id
const names = (screen: { readonly channels: readonly { readonly name: string }[] }) =>
  screen.channels.map(({ name }) => name)

/** An app that answers each person privately, opens a form for them and fills their Home tab. */
function attentive(app: App): void {
  app.command('/autentico', async ({ ack, client, command }) => {
    await ack(`Only for ${command.user_name}`)
    await client.views.open({
      trigger_id: command.trigger_id,
      view: { type: 'modal', title: { type: 'plain_text', text: 'A form' }, blocks: [{ type: 'divider' }] },
    })
  })
  app.event('app_home_opened', async ({ event, client }) => {
    const text = { type: 'mrkdwn' as const, text: `Home of ${event.user}` }
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [{ type: 'section', text }] } })
  })
}

test('everybody has the channels they are in, and full members the public ones', async () => {
  const slack = await localSlack()
  const of = (handle: string) => names(slackScreen(slack, handle))

  expect(of('ana')).toEqual(['sec-incidents', 'general', 'partners'])
  expect(of('gil')).toEqual(['sec-incidents'])
  expect(of('olu')).toEqual(['partners'])
  expect(of('alice')).toEqual(['general'])
  await slack.control.removeMember(generalChannel.id, cast.alice.user)
  expect(slackScreen(slack, 'alice').channels).toMatchObject([{ name: 'general', writable: false }])
  slack.control.deactivate(cast.alice.user)
  expect(slackScreen(slack, 'alice')).toMatchObject({ channels: [], app: { available: false } })
  expect(() => slackScreen(slack, 'mallory')).toThrow('nobody in the drill is called mallory')
})

test('the incident is hidden from the outsider and the victim, and says so of them', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const [olu, alice, gil] = await Promise.all(['olu', 'alice', 'gil'].map(async (who) => openWindow(page, who)))
  if (olu === undefined || alice === undefined || gil === undefined) throw new Error('three windows were opened')
  slack
    .as('ana')
    .say(channel, 'user alice is compromised')
    .catch(() => undefined)
  slack
    .as('ana')
    .say(partnerChannel.id, 'hello partners')
    .catch(() => undefined)
  slack
    .as('ana')
    .say(generalChannel.id, 'hello everybody')
    .catch(() => undefined)

  await vi.waitFor(() => {
    expect(saysIn(olu)).toEqual(['hello partners'])
    expect(saysIn(alice)).toEqual(['hello everybody'])
    expect(saysIn(gil)).toEqual(['user alice is compromised'])
  })
  for (const window of [olu, alice]) {
    expect(window.received()).not.toContain('is compromised')
    expect(window.received()).not.toContain(channel)
    expect(window.received()).not.toContain(incidentChannel.name)
    expect(window.screen().me.outside).toBe(true)
  }
  expect(gil.screen().me.outside).toBe(false)
  expect(olu.screen().app).toMatchObject({ available: false, commands: [], shortcuts: [] })

  slack.control.share(channel)
  await vi.waitFor(() => expect(saysIn(olu)).toContain('user alice is compromised'))
  expect(olu.screen().me.outside).toBe(false)
})

test('private answers, forms and the Home tab reach their person and nobody else', async () => {
  const slack = await localSlack()
  await boltOnSockets(slack, attentive)
  const page = await localPage(slack)
  const ana = await openWindow(page, 'ana')
  const gil = await openWindow(page, 'gil')
  await slack.as('ana').command('/autentico incident')
  await slack.as('ana').openHome()

  await vi.waitFor(() => {
    expect(Object.values(ana.screen().messages)).toMatchObject([{ text: 'Only for ana', ephemeral: true }])
    expect(ana.screen().views).toMatchObject([{ title: 'A form' }])
    expect(ana.screen().home).toMatchObject({ kind: 'home', blocks: [{ text: { text: 'Home of U0ANA' } }] })
  })
  await slack.as('gil').command('/autentico incident')
  await vi.waitFor(() => expect(saysIn(gil)).toEqual(['Only for gil']))
  expect(gil.received()).not.toContain('Only for ana')
  expect(gil.received()).not.toContain('Home of U0ANA')
  expect(ana.received()).not.toContain('Only for gil')
  expect(gil.screen().views.map(({ id }) => id)).not.toEqual(ana.screen().views.map(({ id }) => id))

  slack.control.reload(cast.ana.user)
  await vi.waitFor(() => expect([saysIn(ana), ana.screen().views]).toEqual([[], []]))
  expect(saysIn(gil)).toEqual(['Only for gil'])
})

test('a message edited in place, a deleted one and a thread are followed', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const ana = await openWindow(page, 'ana')
  const bot = await boltOnSockets(slack, () => undefined)
  const { ts = '' } = await bot.client.chat.postMessage({ channel, text: 'INC-1' })
  await bot.client.chat.update({ channel, ts, text: 'INC-1, 1 of 5' })
  const reply = await slack.as('bao').say(channel, 'on it', ts)
  await vi.waitFor(() => {
    expect(ana.screen().messages).toMatchObject({
      [`${channel}/${ts}`]: { text: 'INC-1, 1 of 5', edited: true },
      [`${channel}/${reply.ts}`]: { text: 'on it', thread: ts, user: 'U0BAO' },
    })
  })

  slack.control.deleteMessage(channel, ts)
  await vi.waitFor(() => expect(saysIn(ana)).toEqual(['This message was deleted.', 'on it']))
  expect(ana.screen().mentioned).toContainEqual({ id: 'USLACKBOT', handle: 'slackbot', name: 'Slackbot', bot: true })
  slack.control.deleteMessage(channel, reply.ts)
  await vi.waitFor(() => expect(saysIn(ana)).toEqual(['This message was deleted.']))
})

test('a mention tells the name and nothing more; addresses stay where they are', async () => {
  const slack = await localSlack()
  const { mentioned, cast: shown, app } = slackScreen(slack, 'olu')

  expect(mentioned).toContainEqual({ id: 'S0SECURITY', handle: 'security', name: 'Security', bot: false })
  expect(mentioned).toContainEqual({ id: 'U0BAO', handle: 'bao', name: 'Bao Tran', bot: false })
  expect(JSON.stringify([mentioned, shown])).not.toContain('@')
  expect(shown.map(({ handle, part }) => `${handle}, ${part}`)).toEqual([
    'ana, responder',
    'bao, responder',
    'chi, on-call commander',
    'gil, guest',
    'olu, outsider',
    'alice, the compromised account',
  ])
  expect(app).toMatchObject({ user: 'U0RESPONDER', name: 'Autentico Responder' })
  expect(slackScreen(slack, 'ana').app).toMatchObject({
    available: true,
    commands: [{ command: '/autentico', description: 'Open a security incident, or look at one' }],
    shortcuts: [
      { callback: 'open_incident', kind: 'global', name: 'Open security incident' },
      { callback: 'add_to_timeline', kind: 'message', name: 'Add to timeline' },
    ],
  })
})

test('the app writes directly to one person, who can only read there', async () => {
  const slack = await localSlack()
  const bot = await boltOnSockets(slack, () => undefined)
  await bot.client.chat.postMessage({ channel: cast.bao.user, text: 'Waiting for you' })

  const direct = slackScreen(slack, 'bao').channels.find(({ kind }) => kind === 'im')
  expect(direct).toMatchObject({ name: 'Autentico Responder', writable: false, members: 1 })
  expect(names(slackScreen(slack, 'ana'))).not.toContain('Autentico Responder')
  await expect(slack.as('bao').say(direct?.id ?? '', 'hello')).rejects.toThrow('bao may only read here')
})
