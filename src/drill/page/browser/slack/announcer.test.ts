import { expect, test } from 'vitest'
import { message } from '../../test-screen.ts'
import { Announcer, newsOf } from './announcer.ts'

const handleOf = (user: string) => user.replace('U0', '').toLowerCase()
const options = { since: '10.0', me: 'U0ANA', handleOf }

test('one new message is read out with its author', () => {
  expect(newsOf([message({ ts: '10.0' }), message({ ts: '11.0', text: 'hello' })], options)).toBe('bao: hello')
})

test('more than one are counted, and one’s own are not news', () => {
  const said = ['11.0', '12.0', '13.0'].map((ts) => message({ ts }))

  expect(newsOf(said, options)).toBe('3 new messages')
  expect(newsOf([message({ ts: '11.0', user: 'U0ANA' })], options)).toBe('')
})

test('markup is not read out', () => {
  const text =
    '*Next:* <@U0BAO> approves at <!date^1795479413^{time}|03:14 UTC>, see <http://x.test|the thread> &amp; 2 &lt; 3'

  expect(newsOf([message({ ts: '11.0', text })], options)).toBe(
    'bao: Next: @bao approves at 03:14 UTC, see the thread & 2 < 3',
  )
})

test('what only this person sees is said to be so', () => {
  expect(newsOf([message({ ts: '11.0', ephemeral: true, text: 'No.' })], options)).toBe('bao, only visible to you: No.')
})

test('a long message is cut', () => {
  expect(newsOf([message({ ts: '11.0', text: 'x'.repeat(1000) })], options)).toHaveLength('bao: '.length + 241)
})

test('what stood there at first is not read out, and what came since is, once', () => {
  const announcer = new Announcer({ me: 'U0ANA', handleOf })
  const first = [message({ ts: '10.0' })]
  const then = [...first, message({ ts: '11.0', text: 'hello' })]

  expect(announcer.look([{ key: 'C0INCIDENTS', messages: first }])).toBe(false)
  expect(announcer.look([{ key: 'C0INCIDENTS', messages: then }])).toBe(true)
  expect(announcer.words).toBe('bao: hello')
  expect(announcer.look([{ key: 'C0INCIDENTS', messages: then }])).toBe(false)
})
