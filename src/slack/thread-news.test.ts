import { expect, test } from 'vitest'
import { readThreadNews } from './thread-news.ts'

const us = { botUser: 'U0RESPONDER', bot: 'B0RESPONDER' }
const ts = '1763866800.000100'
const thread = '1763866700.000100'
const said = { type: 'message', user: 'U0GIL', ts, thread_ts: thread, text: 'is it 1 &lt; 2 &amp;&amp; so on?' }

function read(event: object): ReturnType<typeof readThreadNews> {
  return readThreadNews({ event: { channel: 'C0INCIDENTS', ...event } }, us)
}

test('what somebody writes in a thread is read as they typed it', () => {
  expect(read(said)).toEqual({
    kind: 'written',
    channel: 'C0INCIDENTS',
    message: {
      ts,
      thread,
      author: { kind: 'person', user: 'U0GIL' },
      isTombstone: false,
      text: 'is it 1 < 2 && so on?',
      files: [],
      entries: [],
    },
  })
})

test('an edit comes with the moment that tells it from others, and with what was there before', () => {
  const edited = { user: 'U0GIL', ts: '1763866900.000000' }
  const message = { ...said, text: 'no', edited }
  expect(read({ subtype: 'message_changed', message, previous_message: said })).toMatchObject({
    kind: 'changed',
    message: { ts, text: 'no', edited: { by: 'U0GIL', ts: edited.ts } },
    before: { text: 'is it 1 < 2 && so on?' },
  })
})

test('a deletion is read also where Slack does not say what was deleted, as in its own example', () => {
  expect(read({ subtype: 'message_deleted', deleted_ts: ts })).toEqual({
    kind: 'deleted',
    channel: 'C0INCIDENTS',
    ts,
  })
  expect(read({ subtype: 'message_deleted', deleted_ts: ts, previous_message: { nonsense: true } })).toMatchObject({
    kind: 'deleted',
  })
})

test.each([
  ['ourselves', { user: 'U0RESPONDER' }, 'ours'],
  ['ourselves by the id of the bot', { user: null, bot_id: 'B0RESPONDER' }, 'ours'],
  ['another app', { bot_id: 'B0OTHER' }, 'other'],
  ['an app in the name of a person', { app_id: 'A0OTHER' }, 'other'],
  ['Slack, when somebody joins', { subtype: 'channel_join' }, 'other'],
  ['nobody', { user: null }, 'other'],
  ['a user id that is none', { user: '<!channel>' }, 'other'],
  ['a person who sends a file', { subtype: 'file_share', files: [{ name: 'shot.png' }, { name: null }] }, 'person'],
] as const)('written by %s', (_who, fields, kind) => {
  expect(read({ ...said, ...fields })).toMatchObject({ message: { author: { kind } } })
})

test('our own post names the entries that it shows', () => {
  const metadata = { event_type: 'autentico_entry', event_payload: { seq: 9, also: [7, 8, 'x'] } }
  expect(read({ ...said, user: 'U0RESPONDER', metadata })).toMatchObject({ message: { entries: [9, 7, 8] } })
})

test.each([
  ['nothing', undefined],
  ['no event', {}],
  ['no name of the message', { event: { channel: 'C0INCIDENTS', text: 'hm' } }],
  ['a name that is no moment', { event: { channel: 'C0INCIDENTS', ...said, ts: '../../etc' } }],
  ['a change without a message', { event: { channel: 'C0INCIDENTS', subtype: 'message_changed' } }],
  ['a deletion of nothing', { event: { channel: 'C0INCIDENTS', subtype: 'message_deleted' } }],
  ['text that is none', { event: { channel: 'C0INCIDENTS', ...said, text: { toString: 'x' } } }],
] as const)('%s is not read', (_what, body) => {
  expect(readThreadNews(body, us)).toBeUndefined()
})
