import { describe, expect, test } from 'vitest'
import type { Account, Attacker, LedgerEntry } from '../../wire.ts'
import { accountHeadline, changeWords, dots, standing } from './account-words.ts'

const at = '2026-11-23T03:20:00Z'

function account(...live: readonly number[]): Account {
  const holdings = live.map((live, n) => ({ kind: `${n}`, label: `${n}`, live, ever: 5, lines: [] }))
  return { username: 'alice', email: 'alice@acme.test', state: 'active', holdings }
}

function mallory(got: 'in' | 'out'): Attacker {
  const now = { got, at, detail: got }
  return { name: 'mallory', busy: false, doors: [{ door: 'password', repeatable: true, before: null, now }] }
}

function entries(...types: readonly string[]): readonly LedgerEntry[] {
  const rest = { at, incident: 'INC-1', who: 'ana', words: '', hash: '', previous: '' }
  return types.map((type, index) => ({ seq: index + 1, type, ...rest }))
}

describe('what is live', () => {
  test('is an alarm while nothing has been contained', () => {
    expect(standing(account(5, 0), entries('IncidentOpened', 'StepDone'), mallory('out'))).toBe('open')
  })

  test('is the person’s own after the account was contained', () => {
    expect(standing(account(1, 0), entries('IncidentOpened', 'IncidentContained'), mallory('out'))).toBe('restored')
  })

  test('is the person’s own once access was given back, before anybody looked a second time', () => {
    const ledger = entries('IncidentOpened', 'NotificationRecorded', 'StepDone')

    expect(standing(account(1, 0), ledger, mallory('out'))).toBe('restored')
  })

  test('is an alarm whenever the attacker gets in, whatever the ledger says', () => {
    expect(standing(account(1, 0), entries('IncidentOpened', 'IncidentContained'), mallory('in'))).toBe('open')
  })

  test('is an alarm again when the next incident is opened', () => {
    const ledger = entries('IncidentOpened', 'IncidentContained', 'IncidentClosed', 'IncidentOpened')

    expect(standing(account(1, 0), ledger, mallory('out'))).toBe('open')
  })

  test('is empty when there is none', () => {
    expect(standing(account(0, 0), entries('IncidentOpened'), mallory('in'))).toBe('empty')
  })
})

describe('the headline of the account', () => {
  test('counts what is open of what there was', () => {
    expect(accountHeadline(account(5, 3, 0), 'open')).toEqual({ tone: 'bad', words: '8 of 15 ways in are open.' })
    expect(accountHeadline(account(1), 'open').words).toBe('1 of 5 ways in is open.')
    expect(accountHeadline({ ...account(5, 3), state: 'suspended' }, 'open')).toEqual({
      tone: 'warn',
      words: 'Suspended: 8 of 10 ways in wait for its end.',
    })
  })

  test('says in words that nothing is left', () => {
    expect(accountHeadline(account(0, 0), 'empty')).toEqual({ tone: 'good', words: 'Nothing left that opens a door.' })
  })

  test('is no alarm when access is restored', () => {
    expect(accountHeadline(account(1, 2), 'restored')).toEqual({
      tone: 'good',
      words: 'Access is restored. The 3 ways in that are open came with it.',
    })
  })
})

describe('dots', () => {
  test.each([
    [0, 0, 0, 0],
    [3, 5, 3, 2],
    [0, 4, 0, 4],
    [10, 10, 10, 0],
    [1, 400, 1, 9],
    [399, 400, 9, 1],
    [20, 40, 5, 5],
    [40, 40, 10, 0],
    [0, 40, 0, 10],
  ])('for %i of %i are %i full and %i hollow', (live, ever, full, hollow) => {
    expect(dots({ live, ever })).toEqual({ full, hollow })
  })
})

test('a change is told in words', () => {
  expect(changeWords({ by: -5, at: new Date(at) })).toBe('5 gone')
  expect(changeWords({ by: 2, at: new Date(at) })).toBe('2 new')
})
