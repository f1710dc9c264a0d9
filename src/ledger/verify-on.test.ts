import { expect, test } from 'vitest'
import { LedgerUnusable } from './schema.ts'
import { fill, tamper, temporaryDirectory, temporaryLedger } from './test-support.ts'
import { verifyOn } from './verify-on.ts'

/** A ledger of which `verified` entries were verified before, and `more` came since. */
function ledgerWith({ verified, more }: { readonly verified: number; readonly more: number }) {
  const given = temporaryLedger()
  const from = fill(given.ledger, verified).at(-1)
  if (from === undefined) throw new Error('nothing was verified before')
  fill(given.ledger, more)
  return { ...given, from: { seq: from.seq, hash: from.hash } }
}

test('what came since is verified, beside the running writer', () => {
  using given = ledgerWith({ verified: 3, more: 4 })
  const { file, from, ledger } = given
  expect(verifyOn({ file, from })).toEqual({
    ok: true,
    entries: 4,
    head: { seq: 7, hash: ledger.head()?.hash },
    problems: [],
    checkpoints: 0,
  })
})

test('nothing new is no problem', () => {
  using given = ledgerWith({ verified: 3, more: 0 })
  expect(verifyOn({ file: given.file, from: given.from })).toMatchObject({ ok: true, entries: 0, head: given.from })
})

test.each([
  ['a new entry was altered', 'UPDATE entry SET at = replace(at, 2026, 2025) WHERE seq = 5', /hash does not match/],
  ['a new entry was taken out', 'DELETE FROM entry WHERE seq = 5', /entries are missing/],
  ['the end was cut off before what was verified', 'DELETE FROM entry WHERE seq > 2', /the entry is gone/],
  [
    'it was rebuilt from before what was verified',
    `UPDATE entry SET hash = '${'0'.repeat(64)}' WHERE seq = 3`,
    /another one than was verified/,
  ],
])('it is found that %s', (_what, harm, problem) => {
  using given = ledgerWith({ verified: 3, more: 4 })
  given.close()
  tamper(given.file, harm)
  const { ok, problems } = verifyOn({ file: given.file, from: given.from })
  expect(ok).toBe(false)
  expect(problems.map(({ what }) => what).join('\n')).toMatch(problem)
})

test('where there is no ledger it says so', () => {
  using directory = temporaryDirectory()
  const from = { seq: 1, hash: '' }
  expect(() => verifyOn({ file: `${directory.path}/none.sqlite`, from })).toThrow(LedgerUnusable)
})
