import { expect, test } from 'vitest'
import { Composing } from './composing.ts'
import type { Store } from './store.ts'

const nowhere: Store = { read: () => undefined, write: () => undefined }
const channel = { channel: 'C0INCIDENTS' }
const thread = { channel: 'C0INCIDENTS', thread: '10.0' }

test('every conversation has a draft of its own', () => {
  const composing = new Composing(nowhere)
  composing.setDraft(channel, 'for all')
  composing.setDraft(thread, 'for the thread')

  expect([composing.draft(channel), composing.draft(thread)]).toEqual(['for all', 'for the thread'])
})

test('what is sent leaves the field and is shown until it is taken', () => {
  const composing = new Composing(nowhere)
  composing.setDraft(channel, '/autentico list')
  composing.send(channel, '/autentico list')

  expect(composing.draft(channel)).toBe('')
  expect(composing.sent(channel)).toEqual({ text: '/autentico list', failure: undefined })
  composing.settle(channel)
  expect(composing.sent(channel)).toBeUndefined()
})

test('what was not taken is back in the field, before what was typed since', () => {
  const composing = new Composing(nowhere)
  composing.send(channel, 'first')
  composing.setDraft(channel, 'second')
  composing.fail(channel, 'Nobody answers.')

  expect(composing.draft(channel)).toBe('first\nsecond')
  expect(composing.sent(channel)?.failure).toBe('Nobody answers.')
})

test('drafts outlive a reload', () => {
  let kept: unknown
  const store: Store = {
    read: (_name, is) => (is(kept) ? kept : undefined),
    write: (_name, value) => void (kept = value),
  }
  new Composing(store).setDraft(thread, 'half a thou')

  expect(new Composing(store).draft(thread)).toBe('half a thou')
})
