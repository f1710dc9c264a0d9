import { expect, test } from 'vitest'
import type { Seen } from '../../slack/acts/seen.ts'
import type { Screen } from '../wire.ts'
import { applyChange } from './apply-change.ts'

const said = (ts: string, text: string): Seen => ({
  channel: 'C0INCIDENTS',
  ts,
  thread: undefined,
  user: 'U0ANA',
  text,
  blocks: [],
  ephemeral: false,
  edited: false,
  files: [],
})
const screen: Screen = {
  me: { handle: 'ana', user: 'U0ANA', name: 'Ana Ruiz', part: 'responder', outside: false },
  workspace: 'Acme',
  cast: [],
  mentioned: [],
  app: { user: 'U0RESPONDER', name: 'Autentico Responder', commands: [], shortcuts: [], available: true },
  channels: [],
  messages: { 'C0INCIDENTS/1.0': said('1.0', 'one'), 'C0INCIDENTS/2.0': said('2.0', 'two') },
  views: [],
  home: null,
  hint: { words: 'Type /autentico incident', switchTo: null, progress: 0 },
  account: null,
  instance: null,
  attacker: { name: 'mallory', busy: false, doors: [] },
  queue: { up: true, orders: [], outcomes: 0 },
  machine: { bot: 'running', redis: 'running', autentico: 'well', slack: 'connected', log: [] },
  ledgerFile: { tampered: null, verified: null },
  entries: {},
}

test('a field that came is replaced whole, and the others stay the same', () => {
  const hint = { words: 'bao approves', switchTo: 'bao', progress: 0.2 }
  const after = applyChange(screen, { hint })

  expect(after).toEqual({ ...screen, hint })
  expect(after.messages).toBe(screen.messages)
})

test('messages are set and taken away key by key', () => {
  const { messages } = applyChange(screen, {
    messages: {
      set: { 'C0INCIDENTS/2.0': said('2.0', 'two, edited'), 'C0INCIDENTS/3.0': said('3.0', 'three') },
      gone: ['C0INCIDENTS/1.0'],
    },
  })

  expect(Object.values(messages).map(({ text }) => text)).toEqual(['two, edited', 'three'])
})

test('a field that became null is null, and not as it was', () => {
  const before = applyChange(screen, { account: { username: 'alice', email: '', state: 'active', holdings: [] } })

  expect(applyChange(before, { account: null }).account).toBeNull()
})

test('the screen before is left as it was', () => {
  applyChange(screen, { messages: { set: {}, gone: ['C0INCIDENTS/1.0'] } })

  expect(Object.keys(screen.messages)).toHaveLength(2)
})
