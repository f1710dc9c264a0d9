import { expect, test } from 'vitest'
import { Clock } from './clock.ts'
import { Triggers } from './triggers.ts'

test('a trigger id works once, within three seconds, and only if it was issued', () => {
  let now = 1_700_000_000_000
  const triggers = new Triggers(new Clock(() => now))
  const [used, late] = [triggers.issue('U0ANA', 'V1'), triggers.issue('U0ANA')]

  now += 3000
  expect(triggers.exchange(used)).toMatchObject({ user: 'U0ANA', view: 'V1' })
  expect(() => triggers.exchange(used)).toThrow('exchanged_trigger_id')
  now += 1
  expect(() => triggers.exchange(late)).toThrow('expired_trigger_id')
  expect(() => triggers.exchange('1.2.mallory')).toThrow('invalid_trigger_id')
})

test('message stamps never repeat and never go back, also when the clock does', () => {
  let now = 1_700_000_000_000
  const clock = new Clock(() => now)
  const stamps = [clock.stamp(), clock.stamp()]
  now -= 10_000
  stamps.push(clock.stamp())

  expect(stamps).toEqual(['1700000000.000100', '1700000000.000200', '1700000000.000300'])
})
