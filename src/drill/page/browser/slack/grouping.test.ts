import { expect, test } from 'vitest'
import { message } from '../../test-screen.ts'
import { type Line, linesOf } from './grouping.ts'

const day = 86_400
const dayOf = (ts: string) => String(Math.floor(Number(ts) / day))
const drawn = (lines: readonly Line[]) =>
  lines.map((line) => {
    if (line.kind === 'message') return line.continued ? 'continued' : 'named'
    return line.kind === 'day' && line.isNew ? 'day, new' : line.kind
  })
const options = { newFrom: undefined, since: undefined, dayOf }

test('messages that follow soon upon each other need one name', () => {
  const lines = linesOf([message({ ts: '10.0' }), message({ ts: '300.0' }), message({ ts: '900.0' })], options)

  expect(drawn(lines)).toEqual(['day', 'named', 'continued', 'named'])
})

test('another person, another day and a private message each begin anew', () => {
  const lines = linesOf(
    [
      message({ ts: '10.0' }),
      message({ ts: '11.0', user: 'U0ANA' }),
      message({ ts: '12.0', user: '', ephemeral: true }),
      message({ ts: '13.0', user: '', ephemeral: true }),
      message({ ts: String(day + 1) }),
    ],
    options,
  )

  expect(drawn(lines)).toEqual(['day', 'named', 'named', 'named', 'named', 'day', 'named'])
})

test('one line stands where the unread ones begin, and a name after it', () => {
  const said = [message({ ts: '10.0' }), message({ ts: '11.0' }), message({ ts: '12.0' })]

  expect(drawn(linesOf(said, { ...options, newFrom: '11.0' }))).toEqual(['day', 'named', 'new', 'named', 'continued'])
  expect(drawn(linesOf(said, { ...options, newFrom: '10.0' }))).toEqual(['day, new', 'named', 'continued', 'continued'])
})

test('a thread says the day only where it is another than that of its parent', () => {
  const replies = [message({ ts: '20.0', thread: '10.0' }), message({ ts: String(day + 5), thread: '10.0' })]

  expect(drawn(linesOf(replies, { ...options, since: '10.0' }))).toEqual(['named', 'day', 'named'])
})

test('every line has a key of its own', () => {
  const lines = linesOf(
    [message({ ts: '10.0' }), message({ ts: '10.0', ephemeral: true }), message({ ts: String(day) })],
    { ...options, newFrom: '10.0' },
  )
  const keys = lines.map(({ key }) => key)

  expect(new Set(keys).size).toBe(keys.length)
})
