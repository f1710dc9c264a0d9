import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Json, link, type Row } from './chain.ts'
import { checkpoint } from './checkpoint.ts'
import { encodeVkey } from './note.ts'
import { openLedgerReader } from './reader.ts'
import { LedgerUnusable } from './schema.ts'
import { fill, tamper, temporaryDirectory, temporaryLedger } from './test-support.ts'
import { verifyLedger } from './verify.ts'

const origin = 'acme.test/responder'
const { privateKey: key, publicKey } = generateKeyPairSync('ed25519')
const vkeys = [encodeVkey(origin, publicKey)]

test('an intact ledger verifies, beside its running writer, with every checkpoint it ever gave', async () => {
  using given = temporaryLedger()
  const checkpoints = [checkpoint(given.ledger, { origin, key })]
  for (let round = 0; round < 7; round += 1) {
    fill(given.ledger, 3)
    checkpoints.push(checkpoint(given.ledger, { origin, key }))
  }
  expect(await verifyLedger({ file: given.file, checkpoints, vkeys })).toEqual({
    ok: true,
    entries: 21,
    head: given.ledger.head(),
    problems: [],
    checkpoints: 8,
  })
})

test('more entries than one read takes verify too', async () => {
  using given = temporaryLedger()
  const drafts = Array.from({ length: 2_500 }, (_, body) => ({ type: 'NoteTaken', actor: null, body }))
  given.ledger.append({ incident: 'INC-1', expected: 0, at: '2026-11-23T09:00:00.000Z', drafts })
  const found = await verifyLedger({ file: given.file })
  expect([found.ok, found.entries]).toEqual([true, 2_500])
})

test('the empty ledger verifies and has no head', async () => {
  using given = temporaryLedger()
  expect(await verifyLedger({ file: given.file })).toMatchObject({ ok: true, entries: 0, head: undefined })
})

describe('tampering that the chain alone shows', () => {
  test.for([
    ['seq', 'UPDATE entry SET seq = 99 WHERE seq = 5'],
    ['incident', "UPDATE entry SET incident = 'INC-2' WHERE seq = 3"],
    ['at', "UPDATE entry SET at = '2026-11-23T09:00:00.001Z' WHERE seq = 3"],
    ['type', "UPDATE entry SET type = 'StepApproved' WHERE seq = 3"],
    ['actor', `UPDATE entry SET actor = replace(actor, 'U0ANA', 'U0BAO') WHERE seq = 3`],
    ['body', `UPDATE entry SET body = '{"index":9}' WHERE seq = 3`],
    ['body, by its spelling only', `UPDATE entry SET body = '{"index": 2}' WHERE seq = 3`],
    ['previous', 'UPDATE entry SET previous = (SELECT hash FROM entry WHERE seq = 1) WHERE seq = 3'],
    ['hash', 'UPDATE entry SET hash = upper(hash) WHERE seq = 3'],
    ['hash of the last', "UPDATE entry SET hash = 'x' WHERE seq = 5"],
    ['an entry in the middle, removed', 'DELETE FROM entry WHERE seq = 3'],
    ['the first entry, removed', 'DELETE FROM entry WHERE seq = 1'],
    ['one incident, removed', "DELETE FROM entry WHERE incident = 'INC-7'"],
    [
      'an entry before the first',
      "INSERT INTO entry SELECT 0, incident, at, type, actor, body, previous, 'y' FROM entry WHERE seq = 1",
    ],
    [
      'two entries, swapped',
      'UPDATE entry SET seq = -seq WHERE seq IN (2, 3); UPDATE entry SET seq = 5 + seq WHERE seq < 0',
    ],
  ])('%s', async ([, statements = '']) => {
    using given = temporaryLedger()
    fill(given.ledger, 3)
    fill(given.ledger, 1, 'INC-7')
    fill(given.ledger, 1)
    given.close()
    tamper(given.file, statements)
    const found = await verifyLedger({ file: given.file })
    expect(found.ok).toBe(false)
    expect(found.problems).not.toEqual([])
  })
})

describe('tampering that only a checkpoint shows', () => {
  /** What a careful forger does: changes an entry and computes everything after it anew. */
  function forge(file: string, seq: number) {
    const db = new Database(file)
    const rows = db.prepare<[], Row>('SELECT * FROM entry ORDER BY seq').all()
    db.close()
    const forged: Row[] = []
    for (const { incident, at, type, actor, body, seq: number } of rows) {
      const changed = number === seq ? '{"index":"nothing happened"}' : body
      const values = { actor: JSON.parse(actor) as Json, body: JSON.parse(changed) as Json }
      forged.push(link(forged.at(-1), { incident, at, type, ...values }))
    }
    const values = forged.map(
      (row) =>
        `UPDATE entry SET body = '${row.body}', previous = '${row.previous}', hash = '${row.hash}' WHERE seq = ${row.seq}`,
    )
    tamper(file, `${values.join(';')}; DELETE FROM frontier`)
  }

  test('a cut end', async () => {
    using given = temporaryLedger()
    fill(given.ledger, 10)
    const note = checkpoint(given.ledger, { origin, key })
    given.close()
    tamper(given.file, 'DELETE FROM entry WHERE seq > 7; DELETE FROM frontier')

    expect((await verifyLedger({ file: given.file })).ok).toBe(true)
    const found = await verifyLedger({ file: given.file, checkpoints: [note], vkeys })
    expect(found.problems).toEqual([
      { seq: 8, what: 'a checkpoint was signed for 10 entries and there are 7: the end was cut off' },
    ])
  })

  test('a history written anew', async () => {
    using given = temporaryLedger()
    fill(given.ledger, 4)
    const early = checkpoint(given.ledger, { origin, key })
    fill(given.ledger, 6)
    const late = checkpoint(given.ledger, { origin, key })
    given.close()
    forge(given.file, 6)

    expect((await verifyLedger({ file: given.file })).ok).toBe(true)
    const found = await verifyLedger({ file: given.file, checkpoints: [early, late], vkeys })
    expect(found.problems).toEqual([
      { seq: 10, what: 'entries 5 to 10 are not those the checkpoint of size 10 was signed for' },
    ])
    expect(found.checkpoints).toBe(2)
  })

  test('an old copy of the whole file', async () => {
    using given = temporaryLedger()
    using directory = temporaryDirectory()
    const old = `${directory.path}/old.sqlite`
    fill(given.ledger, 3)
    await given.ledger.backup(old)
    fill(given.ledger, 1)
    const note = checkpoint(given.ledger, { origin, key })
    expect((await verifyLedger({ file: old, checkpoints: [note], vkeys })).ok).toBe(false)
  })
})

test('a checkpoint that nobody trusted signed is a problem, not a proof', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 2)
  const mallory = generateKeyPairSync('ed25519')
  const forged = checkpoint(given.ledger, { origin, key: mallory.privateKey })
  const found = await verifyLedger({ file: given.file, checkpoints: [forged, 'not a note'], vkeys })
  expect(found.ok).toBe(false)
  expect(found.checkpoints).toBe(0)
  expect(found.problems.map(({ what }) => what)).toEqual([
    expect.stringContaining('none of the given keys'),
    expect.stringContaining('a note is a text'),
  ])
})

test.for([
  ['a removed trigger', 'DROP TRIGGER entry_no_delete', 'entry_no_delete is missing or altered'],
  [
    'a trigger made harmless',
    'DROP TRIGGER entry_no_update; CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT 1; END',
    'entry_no_update is missing or altered',
  ],
  [
    'a trigger that adds something',
    'CREATE TRIGGER extra AFTER INSERT ON cursor BEGIN SELECT 1; END',
    'the trigger extra is not ours',
  ],
  ['a wrong Merkle frontier', 'UPDATE frontier SET nodes = zeroblob(32 * 2)', 'kept Merkle frontier does not fit'],
  ['a missing table', 'DROP TABLE frontier', 'the file cannot be read on: no such table'],
])('%s is found', async ([, statement = '', what = '']) => {
  using given = temporaryLedger()
  fill(given.ledger, 3)
  using closing = new DisposableStack()
  const db = closing.adopt(new Database(given.file), (open) => void open.close())
  db.exec(statement)
  const found = await verifyLedger({ file: given.file })
  expect(found.problems.map((problem) => problem.what)).toEqual([expect.stringContaining(what)])
})

test('a flipped bit anywhere in the file is found, or changes no entry', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 40)
  const entries = given.ledger.read({ after: 0, limit: 99 })
  given.close()
  const bytes = readFileSync(given.file)

  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      using directory = temporaryDirectory()
      const file = `${directory.path}/flipped.sqlite`
      const flipped = Buffer.from(bytes)
      const index = Math.floor(bit / 8)
      flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit % 8))
      writeFileSync(file, flipped)

      const isFound = await verifyLedger({ file }).then(
        ({ ok }) => !ok,
        (error: unknown) => error instanceof LedgerUnusable,
      )
      if (isFound) return
      using reader = openLedgerReader({ file })
      expect(reader.read({ after: 0, limit: 99 })).toEqual(entries)
    }),
    { seed: 20_261_123, numRuns: 150 },
  )
})

test('what is not there cannot be verified', async () => {
  using directory = temporaryDirectory()
  await expect(verifyLedger({ file: `${directory.path}/none.sqlite` })).rejects.toThrow('there is no ledger at')
})
