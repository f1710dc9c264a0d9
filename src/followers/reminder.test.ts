import { expect, test } from 'vitest'
import { play } from '../../test/support/given.ts'
import {
  type Act,
  minute,
  restored,
  running,
  shownRequest,
  start,
  steps,
  underWay,
} from '../../test/support/stories.ts'
import { expire } from './reminder.ts'

function expiredAt(now: string, ...acts: readonly Act[]): readonly string[] {
  const { incident } = play(...acts)
  const expired: string[] = []
  expire([incident], { now, outlived: () => false }, (id) => void expired.push(id))
  return expired
}

test('a request that nobody decided ends at its time, and not before', () => {
  const acts = [...underWay, ...shownRequest(steps.sessions)]
  expect(expiredAt(minute(29), ...acts)).toEqual([])
  expect(expiredAt(minute(30), ...acts)).toEqual(['INC-1'])
})

test('a request ends by the clock that never goes back, although the other one was set back', () => {
  const { incident } = play(...underWay, ...shownRequest(steps.sessions))
  const expired: string[] = []
  expire([incident], { now: start, outlived: () => true }, (id) => void expired.push(id))
  expect(expired).toEqual(['INC-1'])
})

test('a request that was decided does not end once more', () => {
  expect(expiredAt(minute(600), ...underWay, ...running(steps.sessions))).toEqual([])
})

test('a temporary password that nobody looked at ends at its time', () => {
  expect(expiredAt(start, ...restored)).toEqual([])
  expect(expiredAt(minute(600), ...restored)).toEqual(['INC-1'])
})
