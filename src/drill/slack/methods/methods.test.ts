import { expect, test } from 'vitest'
import { localSlack } from '../../../../test/support/real-bolt.ts'
import { incidentChannel } from '../../cast.ts'
import { text as textOf } from '../json.ts'
import type { LocalSlack } from '../local-slack.ts'
import { app, generalChannel, partnerChannel } from '../workspace.ts'

const channel = incidentChannel.id
type Answer = {
  readonly status: number
  readonly body: { readonly [name: string]: unknown }
  readonly headers: Headers
}

/** Calls a method with raw HTTP, so that nothing is tidied up by a client. */
async function call(slack: LocalSlack, method: string, args: object, token = slack.botToken): Promise<Answer> {
  const response = await fetch(`${slack.apiUrl}${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(args),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] }
}

async function said(slack: LocalSlack, method: string, args: object, token?: string): Promise<unknown> {
  const { body } = await call(slack, method, args, token)
  return body['ok'] === true ? 'ok' : body['error']
}

test('tokens: none, unknown, the wrong kind, revoked; in the header or in the form', async () => {
  const slack = await localSlack()

  expect(await said(slack, 'auth.test', {}, '')).toBe('not_authed')
  expect(await said(slack, 'auth.test', {}, 'xoxb-mallory')).toBe('invalid_auth')
  expect(await said(slack, 'auth.test', {}, slack.appToken)).toBe('not_allowed_token_type')
  expect(await said(slack, 'apps.connections.open', {})).toBe('not_allowed_token_type')
  const body = new URLSearchParams({ token: slack.botToken })
  const form = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST', body })
  expect(await form.json()).toMatchObject({ ok: true, team_id: 'T0ACME', user_id: app.user, bot_id: app.bot })
  slack.control.revokeTokens(true)
  expect(await said(slack, 'auth.test', {})).toBe('token_revoked')
})

test('an unknown method is a 200 with unknown_method', async () => {
  const slack = await localSlack()

  expect(await call(slack, 'chat.shout', {})).toMatchObject({
    status: 200,
    body: { ok: false, error: 'unknown_method' },
  })
})

test('a scope that the manifest does not grant, or an administrator withheld, is missing_scope', async () => {
  const slack = await localSlack()
  const args = { channel, timestamp: '1.000100' }

  expect((await call(slack, 'pins.add', args)).body).toMatchObject({
    error: 'missing_scope',
    needed: 'pins:write',
    provided: expect.stringContaining('chat:write') as string,
  })
  const before = await call(slack, 'users.info', { user: 'U0ANA' })
  expect(before.headers.get('x-oauth-scopes')?.split(',')).toContain('users:read.email')
  slack.control.withholdScope('users:read.email')
  const after = await call(slack, 'users.info', { user: 'U0ANA' })
  expect(before.body['user']).toMatchObject({ profile: { email: 'ana@acme.test' } })
  expect(after.body['user']).not.toHaveProperty('profile.email')
  expect(after.headers.get('x-oauth-scopes')?.split(',')).not.toContain('users:read.email')
})

test('channels: unknown, private and not a member, public and not a member, archived', async () => {
  const slack = await localSlack()
  const post = (where: string) => said(slack, 'chat.postMessage', { channel: where, text: 'x' })

  expect(await post('C0NOWHERE')).toBe('channel_not_found')
  expect(await post(generalChannel.id)).toBe('not_in_channel')
  slack.control.archive(channel)
  expect(await post(channel)).toBe('is_archived')
  slack.control.archive(channel, false)
  expect(await post(channel)).toBe('ok')
  await slack.control.removeBot(channel)
  expect(await post(channel)).toBe('channel_not_found')
  expect(await post('U0ANA')).toBe('ok')
  expect(
    slack
      .as('ana')
      .sees()
      .map((message) => message.channel),
  ).toEqual([channel, 'D0ANA'])
})

test('one message a second in each channel; too early is a 429 with Retry-After', async () => {
  let now = 1_700_000_000_000
  const slack = await localSlack({ rateLimit: true, now: () => now })
  const post = (where: string) => call(slack, 'chat.postMessage', { channel: where, text: 'x' })

  expect((await post(channel)).status).toBe(200)
  const early = await post(channel)
  expect([early.status, early.headers.get('retry-after'), early.body['error']]).toEqual([429, '1', 'ratelimited'])
  expect((await post(partnerChannel.id)).status).toBe(200)
  now += 1000
  expect((await post(channel)).status).toBe(200)
  slack.control.limitRate(false)
  expect((await post(channel)).status).toBe(200)
})

test('updating: only own messages, at most 4,000 characters, and text alone drops the blocks', async () => {
  const slack = await localSlack()
  const blocks = [{ type: 'divider' }]
  const posted = await call(slack, 'chat.postMessage', { channel, text: 'card', blocks })
  const ts = posted.body['ts']
  const theirs = await slack.as('ana').say(channel, 'hello')

  expect(await said(slack, 'chat.update', { channel, ts: theirs.ts, text: 'x' })).toBe('cant_update_message')
  expect(await said(slack, 'chat.update', { channel, ts, text: 'x'.repeat(4001) })).toBe('msg_too_long')
  expect(await said(slack, 'chat.update', { channel, ts, text: 'x'.repeat(4000), blocks })).toBe('ok')
  expect(slack.as('ana').sees()[0]).toMatchObject({ edited: false, blocks: [{ type: 'divider' }] })
  expect(await said(slack, 'chat.update', { channel, ts, text: 'plain' })).toBe('ok')
  expect(slack.as('ana').sees()[0]).toMatchObject({ edited: true, blocks: [], text: 'plain' })
  slack.control.deleteMessage(channel, String(ts))
  expect(await said(slack, 'chat.update', { channel, ts, text: 'x' })).toBe('message_not_found')
})

test('a deleted message that had replies leaves a tombstone: the thread goes on, and nobody changes it', async () => {
  const slack = await localSlack()
  const ts = (await call(slack, 'chat.postMessage', { channel, text: 'parent' })).body['ts']
  await call(slack, 'chat.postMessage', { channel, text: 'one', thread_ts: ts })
  slack.control.deleteMessage(channel, String(ts))

  expect(await said(slack, 'chat.update', { channel, ts, text: 'x' })).toBe('message_not_found')
  expect(await said(slack, 'chat.postMessage', { channel, text: 'two', thread_ts: ts })).toBe('ok')
  const { body } = await call(slack, 'conversations.replies', { channel, ts })
  expect(body['messages']).toMatchObject([{ subtype: 'tombstone' }, { text: 'one' }, { text: 'two' }])
})

test('a thread is read in pages, from a time stamp on, and the parent carries its counts', async () => {
  const slack = await localSlack()
  const parent = (await call(slack, 'chat.postMessage', { channel, text: 'parent' })).body['ts']
  for (const text of ['one', 'two', 'three'])
    await call(slack, 'chat.postMessage', { channel, text, thread_ts: parent })
  const read = (args: object) => call(slack, 'conversations.replies', { channel, ts: parent, ...args })
  const texts = (answer: Answer) => (answer.body['messages'] as { readonly text: string }[]).map(({ text }) => text)

  const first = await read({ limit: 2 })
  expect(texts(first)).toEqual(['parent', 'one'])
  expect(first.body).toMatchObject({ has_more: true, messages: [{ reply_count: 3 }, { thread_ts: parent }] })
  const { next_cursor: cursor } = first.body['response_metadata'] as { readonly next_cursor: string }
  expect(texts(await read({ limit: 2, cursor }))).toEqual(['two', 'three'])
  const oldest = slack.as('ana').sees()[2]?.ts
  expect(texts(await read({ oldest }))).toEqual(['parent', 'three'])
  expect(texts(await read({ oldest, inclusive: true }))).toEqual(['parent', 'two', 'three'])
  expect(await said(slack, 'conversations.replies', { channel, ts: '1.000100' })).toBe('thread_not_found')
  expect(await said(slack, 'chat.postMessage', { channel, text: 'x', thread_ts: '1.000100' })).toBe('thread_not_found')
  expect(await said(slack, 'conversations.replies', { channel, ts: parent, cursor: 'nonsense' })).toBe('invalid_cursor')
})

test('an ephemeral message is seen by one person, in the channel, until the client is reloaded', async () => {
  const slack = await localSlack()

  expect(await said(slack, 'chat.postEphemeral', { channel, user: 'U0ALICE', text: 'x' })).toBe('user_not_in_channel')
  expect(await said(slack, 'chat.postEphemeral', { channel, user: 'U0ANA', text: 'for Ana' })).toBe('ok')
  expect(slack.as('ana').sees()).toMatchObject([{ text: 'for Ana', ephemeral: true }])
  expect(slack.as('bao').sees()).toEqual([])
  slack.control.reload('U0ANA')
  expect(slack.as('ana').sees()).toEqual([])
})

test('people: guests, the deactivated, those of another company, bots; and who is in a group', async () => {
  const slack = await localSlack()
  const user = async (id: string) => (await call(slack, 'users.info', { user: id })).body['user']

  expect(await user('U0GIL')).toMatchObject({ is_restricted: true, is_ultra_restricted: true, team_id: 'T0ACME' })
  expect(await user('U0OLU')).toMatchObject({ team_id: 'T0OTHER', is_stranger: false })
  expect(await user(app.user)).toMatchObject({ is_bot: true })
  slack.control.deactivate('U0BAO')
  expect(await user('U0BAO')).toMatchObject({ deleted: true })
  const group = await call(slack, 'usergroups.users.list', { usergroup: 'S0SECURITY' })
  expect(group.body['users']).toEqual(['U0ANA', 'U0CHI'])
  expect((await call(slack, 'conversations.info', { channel })).body['channel']).toMatchObject({ is_ext_shared: false })
  slack.control.share(channel)
  expect((await call(slack, 'conversations.info', { channel })).body['channel']).toMatchObject({ is_ext_shared: true })
})

/** Asks where to send bytes, and sends them. */
async function upload(
  slack: LocalSlack,
  bytes: string,
  length = bytes.length,
): Promise<{ id: string; status: number }> {
  const { body } = await call(slack, 'files.getUploadURLExternal', { filename: 'timeline.md', length })
  const { upload_url: address, file_id: id } = body as { readonly upload_url: string; readonly file_id: string }
  return { id, status: (await fetch(address, { method: 'POST', body: bytes })).status }
}

test('a file goes up in three calls and appears in the thread', async () => {
  const slack = await localSlack()
  const parent = (await call(slack, 'chat.postMessage', { channel, text: 'parent' })).body['ts']
  const { upload_url: address, file_id: id } = (
    await call(slack, 'files.getUploadURLExternal', { filename: 'timeline.md', length: 5 })
  ).body as { readonly upload_url: string; readonly file_id: string }

  expect(await said(slack, 'files.completeUploadExternal', { files: [{ id }], channel_id: channel })).toBe(
    'file_not_found',
  )
  expect((await fetch(address, { method: 'POST', body: 'hello' })).status).toBe(200)
  const done = { files: [{ id, title: 'Timeline' }], channel_id: channel, thread_ts: parent }
  expect(await said(slack, 'files.completeUploadExternal', done)).toBe('ok')
  expect(slack.as('bao').sees().at(-1)).toMatchObject({
    thread: parent,
    files: [{ name: 'timeline.md', title: 'Timeline' }],
  })
  const { body } = await call(slack, 'conversations.replies', { channel, ts: parent })
  const shown = { id, name: 'timeline.md', title: 'Timeline', size: 5, mimetype: 'text/plain', user: app.user }
  expect(body['messages']).toMatchObject([{ ts: parent }, { thread_ts: parent, files: [shown] }])
  expect(slack.state().files).toEqual([{ id, name: 'timeline.md', text: 'hello' }])
})

test('files: the wrong size, an unknown id, twice, elsewhere than the app is, archived, and without the scope', async () => {
  const slack = await localSlack()
  const complete = (id: string, where: string) =>
    said(slack, 'files.completeUploadExternal', { files: [{ id }], channel_id: where })

  const short = await upload(slack, 'hell', 5)
  expect([short.status, await complete(short.id, channel)]).toEqual([400, 'file_not_found'])
  expect((await fetch(`${slack.url}/upload/F0NOWHERE`, { method: 'POST', body: 'x' })).status).toBe(404)
  expect(await complete('F0NOWHERE', channel)).toBe('file_not_found')

  const { id } = await upload(slack, 'hello')
  expect(await complete(id, generalChannel.id)).toBe('not_in_channel')
  expect(await complete(id, 'C0NOWHERE')).toBe('channel_not_found')
  slack.control.archive(channel)
  expect(await complete(id, channel)).toBe('is_archived')
  slack.control.archive(channel, false)
  expect(await complete(id, channel)).toBe('ok')
  expect(await complete(id, channel)).toBe('file_not_found')
  expect(slack.as('ana').sees()).toHaveLength(1)

  slack.control.withholdScope('files:write')
  expect(await complete(id, channel)).toBe('missing_scope')
  expect(await said(slack, 'files.getUploadURLExternal', { filename: 'a', length: 1 })).toBe('missing_scope')
})

test('a file that is held up is accepted, and shown when it is let go', async () => {
  const slack = await localSlack()
  slack.control.holdFiles(true)
  const { id } = await upload(slack, 'hello')
  expect(await said(slack, 'files.completeUploadExternal', { files: [{ id }], channel_id: channel })).toBe('ok')
  expect(slack.as('ana').sees()).toEqual([])
  slack.control.holdFiles(false)
  expect(slack.as('ana').sees()).toMatchObject([{ files: [{ id }] }])
})

test('a file is fetched by those who are in its channel, and by the app not at all', async () => {
  const slack = await localSlack()
  const { id } = await upload(slack, 'hello')
  expect(() => slack.as('ana').download(id)).toThrow('ana sees no file')
  await call(slack, 'files.completeUploadExternal', { files: [{ id }], channel_id: channel })

  expect(slack.as('ana').download(id)).toEqual({ name: 'timeline.md', bytes: Buffer.from('hello') })
  for (const outside of ['alice', 'olu']) expect(() => slack.as(outside).download(id)).toThrow('sees no file')
  const address = textOf(slack.as('ana').sees()[0]?.files[0]?.['url_private'])
  const headers = { authorization: `Bearer ${slack.botToken}` }
  expect((await fetch(address, { headers, redirect: 'manual' })).status).toBe(302)
})

test('sending bytes is made to fail in each way', async () => {
  const slack = await localSlack()
  slack.control.failNext('upload', { status: 503, body: 'busy' })
  expect((await upload(slack, 'hello')).status).toBe(503)
  for (const how of ['reset', 'reset-after'] as const) {
    slack.control.failNext('upload', { how })
    await expect(upload(slack, 'hello')).rejects.toThrow('fetch failed')
  }
  expect(slack.state().files.map(({ text }) => text)).toEqual(['', '', 'hello'])
  expect(slack.calls('upload').map(({ ok }) => ok)).toEqual([false, false, true])
})

test('calls are made to fail in each way: answered, reset before and after, cut in the body', async () => {
  const slack = await localSlack()
  const post = (text: string) => call(slack, 'chat.postMessage', { channel, text })

  slack.control.failNext('chat.postMessage', { status: 503, body: 'busy', headers: { 'x-why': 'test' } })
  await expect(post('answered')).rejects.toThrow('not valid JSON')
  for (const how of ['reset', 'reset-after', 'cut'] as const) {
    slack.control.failNext('chat.postMessage', { how })
    await expect(post(how)).rejects.toThrow(/fetch failed|terminated/)
  }
  slack.control.failNext('*', { times: 2, status: 200, body: { ok: false, error: 'internal_error' } })
  expect(await said(slack, 'auth.test', {})).toBe('internal_error')
  expect((await post('twice')).body['error']).toBe('internal_error')
  expect((await post('fine')).status).toBe(200)
  expect(
    slack
      .as('ana')
      .sees()
      .map(({ text }) => text),
  ).toEqual(['reset-after', 'cut', 'fine'])
})
