import { describe, expect, test } from 'vitest'
import type { Account } from '../../wire.ts'
import { recency, watchAccount } from './account-watch.ts'

const first = new Date('2026-11-23T03:20:00Z')
const later = (seconds: number) => new Date(first.getTime() + seconds * 1000)

function account(live: Readonly<Record<string, number>>, over: Partial<Account> = {}): Account {
  const holdings = Object.entries(live).map(([kind, live]) => ({ kind, label: kind, live, ever: 5, lines: [] }))
  return { username: 'alice', email: 'alice@acme.test', state: 'active', holdings, ...over }
}

describe('watching an account', () => {
  test('the first look changes nothing', () => {
    const watch = watchAccount(undefined, account({ sessions: 5 }), first)

    expect(watch.changes.size).toBe(0)
    expect(watch.changedAt).toBeUndefined()
  })

  test('what is gone and what is new is told by kind, and the rest is not', () => {
    const before = watchAccount(undefined, account({ sessions: 5, passkeys: 2, links: 0 }), first)
    const watch = watchAccount(before, account({ sessions: 0, passkeys: 2, links: 1 }), later(2))

    expect(Object.fromEntries(watch.changes)).toEqual({
      sessions: { by: -5, at: later(2) },
      links: { by: 1, at: later(2) },
    })
    expect(watch.changedAt).toEqual(later(2))
  })

  test('a second look at the same is the same watch', () => {
    const watch = watchAccount(undefined, account({ sessions: 5 }), first)

    expect(watchAccount(watch, account({ sessions: 5 }), later(2))).toBe(watch)
  })

  test('what goes one by one is told as one change', () => {
    const looks = [4, 3, 0].map((sessions) => account({ sessions }))
    const start = watchAccount(undefined, account({ sessions: 5 }), first)
    const watch = looks.reduce((watch, look, index) => watchAccount(watch, look, later(index)), start)

    expect(watch.changes.get('sessions')).toEqual({ by: -5, at: later(2) })
  })

  test('what comes after one went is told, though the sum is none', () => {
    const start = watchAccount(undefined, account({ sessions: 1 }), first)
    const gone = watchAccount(start, account({ sessions: 0 }), later(1))

    expect(watchAccount(gone, account({ sessions: 1 }), later(2)).changes.get('sessions')?.by).toBe(1)
  })

  test('a change long after another stands for itself', () => {
    const start = watchAccount(undefined, account({ sessions: 5 }), first)
    const gone = watchAccount(start, account({ sessions: 0 }), later(1))

    expect(watchAccount(gone, account({ sessions: 2 }), later(300)).changes.get('sessions')?.by).toBe(2)
  })

  test('a suspension is a change of the account, though nothing is gone', () => {
    const start = watchAccount(undefined, account({ sessions: 5 }), first)

    expect(watchAccount(start, account({ sessions: 5 }, { state: 'suspended' }), later(1)).changedAt).toEqual(later(1))
  })

  test('another account begins anew', () => {
    const start = watchAccount(undefined, account({ sessions: 5 }), first)

    expect(watchAccount(start, account({ sessions: 1 }, { username: 'ana' }), later(1)).changes.size).toBe(0)
  })
})

test('a change draws the eye at first, then is worth a word, then is old', () => {
  expect([0, 14, 15, 59, 60].map((seconds) => recency(first, later(seconds)))).toEqual([
    'fresh',
    'fresh',
    'recent',
    'recent',
    'old',
  ])
})
