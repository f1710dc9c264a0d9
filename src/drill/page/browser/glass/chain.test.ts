import { describe, expect, test } from 'vitest'
import type { LedgerEntry } from '../../wire.ts'
import { chainOf, shortHash } from './chain.ts'
import { ledgerHeadline } from './ledger-words.ts'

const hashOf = (seq: number) => `${seq}`.padStart(64, 'a')
const genesis = '0'.repeat(64)
const unverified = { tampered: null, verified: null }

function ledger(
  seqs: readonly number[],
  over: Readonly<Record<number, Partial<LedgerEntry>>> = {},
): Readonly<Record<string, LedgerEntry>> {
  const entries = seqs.map((seq) => {
    const previous = seq === 1 ? genesis : hashOf(seq - 1)
    const said = { at: '2026-11-23T03:20:00Z', incident: 'INC-1', type: 'NoteAdded', who: 'ana', words: 'noted' }
    return [`${seq}`, { seq, ...said, hash: hashOf(seq), previous, ...over[seq] }] as const
  })
  return Object.fromEntries(entries)
}

const links = (entries: Readonly<Record<string, LedgerEntry>>) =>
  chainOf(entries).map(({ entry, link }) => `${entry.seq} ${link}`)

describe('the chain', () => {
  test('begins with the first entry, and every other one follows', () => {
    expect(links(ledger([1, 2, 3]))).toEqual(['1 first', '2 follows', '3 follows'])
  })

  test('is in the order of the numbers, not of their names', () => {
    expect(links(ledger([10, 9, 11]))).toEqual(['9 unseen', '10 follows', '11 follows'])
  })

  test('breaks where an entry was altered: the one after it names another hash', () => {
    expect(links(ledger([1, 2, 3, 4], { 2: { hash: 'f'.repeat(64) } }))).toEqual([
      '1 first',
      '2 follows',
      '3 breaks',
      '4 follows',
    ])
  })

  test('breaks at its beginning when something is said to have come before', () => {
    expect(links(ledger([1], { 1: { previous: hashOf(9) } }))).toEqual(['1 breaks'])
  })

  test('claims nothing where the entry before is not here', () => {
    expect(links(ledger([1, 3]))).toEqual(['1 first', '3 unseen'])
  })
})

describe('the headline of the ledger', () => {
  test('counts the entries and names the head', () => {
    const words = `3 entries · head ${shortHash(hashOf(3))}`

    expect(ledgerHeadline(chainOf(ledger([1, 2, 3])), unverified)).toEqual({ tone: 'plain', words })
    expect(ledgerHeadline(chainOf(ledger([1])), unverified).words).toBe('1 entry · head aaaaaaaa')
  })

  test('says when one does not follow', () => {
    const broken = chainOf(ledger([1, 2, 3], { 2: { hash: 'f'.repeat(64) } }))

    const { tone, words } = ledgerHeadline(broken, unverified)
    expect(tone).toBe('bad')
    expect(words).toContain('1 does not follow')
  })

  test('says what verifying the file has found, whatever the entries say of each other', () => {
    const problems = [{ seq: 2, what: 'the entry was altered' }]
    const verified = { at: '2026-11-23T03:20:00Z', ok: false, entries: 3, problems }
    expect(ledgerHeadline(chainOf(ledger([1, 2, 3])), { tampered: null, verified })).toEqual({
      tone: 'bad',
      words: 'The file does not hold: entry #2: the entry was altered',
    })
  })

  test('says when there is none', () => {
    expect(ledgerHeadline([], unverified).words).toBe('No entry yet.')
  })
})
