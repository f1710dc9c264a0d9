import { expect, test } from 'vitest'
import { blankScreen, message } from '../test-screen.ts'
import type { Screen } from '../wire.ts'
import { applyChange } from './apply-change.ts'

const screen: Screen = {
  ...blankScreen,
  messages: {
    'C0INCIDENTS/1.0': message({ ts: '1.0', text: 'one' }),
    'C0INCIDENTS/2.0': message({ ts: '2.0', text: 'two' }),
  },
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
      set: {
        'C0INCIDENTS/2.0': message({ ts: '2.0', text: 'two, edited' }),
        'C0INCIDENTS/3.0': message({ ts: '3.0', text: 'three' }),
      },
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
