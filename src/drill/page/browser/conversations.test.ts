import { expect, test } from 'vitest'
import { message } from '../test-screen.ts'
import { compareTs, footerOf, keyOf, talkOf } from './conversations.ts'
import { talksOf } from './test-messages.ts'

test('a parent stands in its channel, its replies in the thread alone, the oldest first', () => {
  const talks = talksOf(
    message({ ts: '30.000001', thread: '10.000001' }),
    message({ ts: '10.000001' }),
    message({ ts: '20.000001', thread: '10.000001' }),
    message({ ts: '15.000001', channel: 'C0GENERAL' }),
  )

  expect([...talks].map(([key, said]) => [key, said.map(({ ts }) => ts)])).toEqual([
    ['C0INCIDENTS/10.000001', ['20.000001', '30.000001']],
    ['C0INCIDENTS', ['10.000001']],
    ['C0GENERAL', ['15.000001']],
  ])
})

test('a reply that was sent to the channel as well stands in both', () => {
  const talks = talksOf(
    message({ ts: '10.000001' }),
    message({ ts: '20.000001', thread: '10.000001', broadcast: true }),
  )

  expect([...talks].map(([key, said]) => [key, said.map(({ ts }) => ts)])).toEqual([
    ['C0INCIDENTS', ['10.000001', '20.000001']],
    ['C0INCIDENTS/10.000001', ['20.000001']],
  ])
})

test.each([
  ['1795479413.000100', '1795479413.000200', -1],
  ['999.000001', '1000.000001', -1],
  ['1795479413.000100', '1795479413.000100', 0],
  ['1795479414.000000', '1795479413.999999', 1],
])('%s is compared with %s digit by digit', (a, b, order) => {
  expect(Math.sign(compareTs(a, b))).toBe(order)
})

test('a key says which conversation it is of', () => {
  for (const talk of [{ channel: 'C0GENERAL' }, { channel: 'C0GENERAL', thread: '10.000001' }]) {
    expect(talkOf(keyOf(talk))).toMatchObject(talk)
  }
})

test('a footer counts what everybody sees, and names each person once', () => {
  const replies = [
    message({ ts: '2.0', user: 'U0ANA' }),
    message({ ts: '3.0', user: 'U0BAO' }),
    message({ ts: '4.0', user: 'U0ANA' }),
    message({ ts: '5.0', user: '', ephemeral: true }),
  ]

  expect(footerOf(replies)).toEqual({ replies: 3, people: ['U0ANA', 'U0BAO'], last: '4.0' })
  expect(footerOf(replies.slice(3))).toBeUndefined()
})
