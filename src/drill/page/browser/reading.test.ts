import { expect, test } from 'vitest'
import { message } from '../test-screen.ts'
import { Reading } from './reading.ts'
import { openStore, type Store } from './store.ts'
import { talksOf } from './test-messages.ts'

const talk = { channel: 'C0INCIDENTS' }
const two = talksOf(message({ ts: '10.0' }), message({ ts: '20.0' }))
const three = talksOf(message({ ts: '10.0' }), message({ ts: '20.0' }), message({ ts: '30.0' }))

function browserStorage(): Store {
  const kept = new Map<string, string>()
  return openStore(
    () => ({ getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value) }),
    '',
  )
}

test('what is looked at is read, and the line stays where the unread ones began', () => {
  const reading = new Reading({ me: 'U0ANA', store: browserStorage() })
  expect(reading.newFrom(two, talk)).toBe('10.0')

  expect(reading.look(two, talk)).toBe(true)
  expect(reading.unread(two, talk)).toEqual([])
  expect(reading.newFrom(two, talk)).toBe('10.0')

  expect(reading.look(three, talk)).toBe(true)
  expect(reading.newFrom(three, talk)).toBe('10.0')
  expect(reading.look(three, talk)).toBe(false)
})

test('whoever looked away finds the line before what came meanwhile', () => {
  const reading = new Reading({ me: 'U0ANA', store: browserStorage() })
  reading.look(two, talk)
  reading.lookAwayBut([])

  expect(reading.newFrom(two, talk)).toBeUndefined()
  expect(reading.newFrom(three, talk)).toBe('30.0')
  expect(reading.unreadOf(three, talk.channel)).toBe(1)
})

test('no line is drawn before what came while the person looked', () => {
  const reading = new Reading({ me: 'U0ANA', store: browserStorage() })
  reading.look(two, talk)
  reading.lookAwayBut([])
  reading.look(two, talk)
  reading.look(three, talk)

  expect(reading.newFrom(three, talk)).toBeUndefined()
})

test('a later window of the same person knows what was read', () => {
  const store = browserStorage()
  new Reading({ me: 'U0ANA', store }).look(two, talk)

  const later = new Reading({ me: 'U0ANA', store })
  expect(later.unread(three, talk).map(({ ts }) => ts)).toEqual(['30.0'])
})

test('two windows of one person do not take back what the other has read', () => {
  const store = browserStorage()
  const one = new Reading({ me: 'U0ANA', store })
  const other = new Reading({ me: 'U0ANA', store })
  const general = talksOf(message({ ts: '40.0', channel: 'C0GENERAL' }))
  one.look(two, talk)
  other.look(general, { channel: 'C0GENERAL' })

  const later = new Reading({ me: 'U0ANA', store })
  expect(later.unreadOf(two, talk.channel) + later.unreadOf(general, 'C0GENERAL')).toBe(0)
})
