import { describe, expect, test } from 'vitest'
import type { AttackedDoor, Attacker, Attempt } from '../../wire.ts'
import { attackerHeadline, detailWords, latestTry } from './attacker-words.ts'

function attempt(got: 'in' | 'out', at = '2026-11-23T03:20:00Z', detail: string = got): Attempt {
  return { got, at, detail }
}

function door(before: Attempt | null, now: Attempt | null, n = 0): AttackedDoor {
  return { door: `door ${n}`, repeatable: true, before, now }
}

function mallory(doors: readonly AttackedDoor[], busy = false): Attacker {
  return { name: 'mallory', busy, doors }
}

describe('the headline of the attacker', () => {
  test('says by how many of the doors tried the attacker gets in', () => {
    const doors = [1, 2, 3].map((n) => door(attempt('in'), null, n))

    expect(attackerHeadline(mallory([...doors, door(null, null)]))).toEqual({
      tone: 'bad',
      words: 'mallory gets in by 3 of 3 doors tried',
    })
  })

  test('says that every door is shut', () => {
    const doors = Array.from({ length: 15 }, (_, n) => door(attempt('in'), attempt('out'), n))

    expect(attackerHeadline(mallory(doors))).toEqual({ tone: 'good', words: 'mallory is kept out at all 15 doors' })
  })

  test('does not claim more than was tried', () => {
    const doors = [door(attempt('in'), attempt('out')), door(null, null, 1)]

    expect(attackerHeadline(mallory(doors)).words).toBe('mallory is kept out at 1 door tried')
  })

  test('counts a door that still opens, however many are shut', () => {
    const doors = [door(attempt('in'), attempt('out')), door(null, attempt('in'), 1)]

    expect(attackerHeadline(mallory(doors))).toEqual({ tone: 'bad', words: 'mallory gets in by 1 of 2 doors' })
  })

  test('looks at the second round once there is one: what was open before is not counted as open now', () => {
    const doors = [door(attempt('in'), attempt('out')), door(attempt('in'), null, 1)]

    expect(attackerHeadline(mallory(doors)).tone).toBe('good')
  })

  test('says nothing of doors while the attacker tries', () => {
    expect(attackerHeadline(mallory([door(attempt('in'), null)], true)).words).toBe('mallory is trying…')
  })

  test('says that nothing was tried', () => {
    expect(attackerHeadline(mallory([door(null, null)])).words).toBe('mallory has not tried a door yet')
  })
})

test('the latest try is the last of its round', () => {
  const doors = [
    door(attempt('in'), attempt('out', '2026-11-23T03:30:02Z')),
    door(null, attempt('out', '2026-11-23T03:30:01Z'), 1),
  ]

  expect(latestTry(mallory(doors))).toBe('2026-11-23T03:30:02Z')
  expect(latestTry(mallory([]))).toBeUndefined()
})

describe('the detail of a try', () => {
  const told = (detail: string, got: 'in' | 'out' = 'out') => detailWords(attempt(got, undefined, detail))

  test('has OAuth’s error without its braces', () => {
    expect(told('401 {"error":"invalid_token","error_description":"the session is over"}')).toBe(
      '401 invalid_token: the session is over',
    )
    expect(told('400 {"error":"invalid_grant"} · used up')).toBe('400 invalid_grant · used up')
  })

  test('stays as it came when it is something else', () => {
    for (const detail of ['a second factor was asked for', '403 <b>no</b>', '500 {"oops"', '200 {"a":1}', '400 {null}'])
      expect(told(detail)).toBe(detail)
  })

  test('is nothing when the attacker simply got in', () => {
    expect(told('in', 'in')).toBe('')
    expect(told('in · used up: it works only once', 'in')).toBe('used up: it works only once')
  })
})
