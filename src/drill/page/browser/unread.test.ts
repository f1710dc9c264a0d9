import { expect, test } from 'vitest'
import { message } from '../test-screen.ts'
import { talksOf } from './test-messages.ts'
import { mergeMarks, unreadIn, unreadOf } from './unread.ts'

const channel = 'C0INCIDENTS'
const talks = talksOf(
  message({ ts: '10.0' }),
  message({ ts: '20.0' }),
  message({ ts: '30.0', user: 'U0ANA' }),
  message({ ts: '11.0', thread: '10.0' }),
  message({ ts: '12.0', thread: '10.0' }),
  message({ ts: '21.0', thread: '20.0', user: 'U0ANA' }),
)

test('what others said after the mark is unread, and never what oneself said', () => {
  const unread = unreadIn(talks, { channel }, { me: 'U0ANA', marks: { [channel]: '10.0' } })

  expect(unread.map(({ ts }) => ts)).toEqual(['20.0'])
})

test('without a mark everything is unread', () => {
  expect(unreadIn(talks, { channel }, { me: 'U0CHI', marks: {} })).toHaveLength(3)
})

test('a channel counts its own messages one by one, and each thread with news once', () => {
  expect(unreadOf(talks, channel, { me: 'U0ANA', marks: {} })).toBe(2 + 1)
  expect(unreadOf(talks, channel, { me: 'U0ANA', marks: { [channel]: '30.0' } })).toBe(1)
  expect(unreadOf(talks, channel, { me: 'U0ANA', marks: { [channel]: '30.0', [`${channel}/10.0`]: '12.0' } })).toBe(0)
})

test('a channel whose name begins alike is another channel', () => {
  const others = talksOf(message({ ts: '11.0', thread: '10.0', channel: 'C0INCIDENTS2' }))

  expect(unreadOf(others, channel, { me: 'U0ANA', marks: {} })).toBe(0)
})

test('of two marks the later one counts', () => {
  expect(mergeMarks({ a: '9.0', b: '5.0' }, { a: '10.0', b: '4.0', c: '1.0' })).toEqual({
    a: '10.0',
    b: '5.0',
    c: '1.0',
  })
})
