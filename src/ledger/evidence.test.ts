import { createHash } from 'node:crypto'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EvidenceAltered, EvidenceMissing, readEvidence, storeEvidence } from './evidence.ts'
import { temporaryDirectory } from './test-support.ts'

const bytes = Buffer.from('{"sessions":3}')
const digest = createHash('sha256').update(bytes).digest('hex')

test('evidence is kept under its own digest, readable by the owner only', async () => {
  using directory = temporaryDirectory()
  const kept = join(directory.path, 'evidence')

  expect(await storeEvidence(kept, bytes)).toBe(digest)
  expect(await readEvidence(kept, digest)).toEqual(bytes)
  expect(statSync(kept).mode & 0o777).toBe(0o700)
  expect(statSync(join(kept, digest)).mode & 0o777).toBe(0o600)
})

test('the same evidence again, even at the same time, is one file', async () => {
  using directory = temporaryDirectory()
  await Promise.all(Array.from({ length: 8 }, async () => storeEvidence(directory.path, bytes)))
  expect(readdirSync(directory.path)).toEqual([digest])
})

test('altered evidence is never returned, and storing it again puts it right', async () => {
  using directory = temporaryDirectory()
  await storeEvidence(directory.path, bytes)
  writeFileSync(join(directory.path, digest), '{"sessions":0}')

  await expect(readEvidence(directory.path, digest)).rejects.toThrow(EvidenceAltered)
  await storeEvidence(directory.path, bytes)
  expect(await readEvidence(directory.path, digest)).toEqual(bytes)
})

test('missing evidence is told apart from altered evidence', async () => {
  using directory = temporaryDirectory()
  await expect(readEvidence(directory.path, digest)).rejects.toThrow(EvidenceMissing)
})

test.for(['../ledger.sqlite', digest.toUpperCase(), `${digest}/..`, ''])('"%s" is not a digest', async (name) => {
  using directory = temporaryDirectory()
  await expect(readEvidence(directory.path, name)).rejects.toThrow(RangeError)
})
