import { expect, test } from 'vitest'
import type { LedgerFile } from '../../wire.ts'
import { fileWords, problemsAt } from './ledger-file-words.ts'

const tampered = { seq: 14, words: 'the approval at 03:14:00 UTC is by @bap now, and was by @bao' }
const at = '2026-11-23T03:20:00.000Z'
const altered = { seq: 14, what: 'hash does not match the fields: the entry was altered' }
const broken: LedgerFile = { tampered, verified: { at, ok: false, entries: 52, problems: [altered] } }

test('what was changed in the file is said, with the ways to find it', () => {
  const { tone, words } = fileWords({ tampered, verified: null }, 'INC-2')
  expect(tone).toBe('warn')
  expect(words).toMatch(
    /^Entry #14 is another one in the file: the approval at .* by @bao\. .*\/autentico verify INC-2\.$/,
  )
})

test('what verifying found is said with the number of the entry, and it stands beside that entry', () => {
  expect(fileWords(broken, 'INC-1')).toEqual({
    tone: 'bad',
    words:
      'Verified at 03:20:00 UTC: entry #14: hash does not match the fields: the entry was altered. ' +
      'What was changed: the approval at 03:14:00 UTC is by @bap now, and was by @bao.',
  })
  expect(problemsAt(broken, 14)).toEqual([altered.what])
  expect(problemsAt(broken, 13)).toEqual([])
})

test('a problem of the whole file has no number, and that there are more is said', () => {
  const problems = [{ seq: null, what: 'the trigger entry_no_update is missing' }, altered]
  expect(fileWords({ tampered, verified: { at, ok: false, entries: 52, problems } }, 'INC-1').words).toBe(
    'Verified at 03:20:00 UTC: the trigger entry_no_update is missing, and 1 more. What was changed: the approval at 03:14:00 UTC is by @bap now, and was by @bao.',
  )
})

test('a file that holds says over how many entries; one that nobody looked at says what can be done', () => {
  expect(fileWords({ tampered: null, verified: { at, ok: true, entries: 52, problems: [] } }, 'INC-1')).toEqual({
    tone: 'good',
    words: 'Verified at 03:20:00 UTC: 52 entries, all of them hold.',
  })
  expect(fileWords({ tampered: null, verified: null }, 'INC-1')).toMatchObject({ tone: 'plain' })
})
