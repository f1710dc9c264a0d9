import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { originOf } from '#/keyring.ts'
import { canonicalText, type Draft, type Row } from '#/ledger/chain.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { LedgerUnusable } from '#/ledger/schema.ts'
import { tamper, temporaryDirectory } from '#/ledger/test-support.ts'
import { type LedgerReport, verifyDataDir } from '#/record/verify-data-dir.ts'
import { loadOrMakeKey } from '#/work/keys.ts'

// Every kind of change to a ledger of ten thousand entries, by somebody who has the file, the program and SQLite, and takes the triggers
// off and puts them back. The ledger is made once; each test spoils a copy.

const size = 10_000
/** A checkpoint stands in the ledger behind every so many entries; the last is this far from the end. */
const signedEvery = 1_000
const at = '2026-11-23T09:00:00.000Z'
const people = ['U0ANA', 'U0BAO', 'U0CHI']

const directory = temporaryDirectory()
const original = join(directory.path, 'original')
/** What somebody has copied from the thread: the ledger as it was at 9,000, and at its end. */
const kept: { early: string; late: string } = { early: '', late: '' }

beforeAll(async () => {
  const { privateKey: key, publicKey } = loadOrMakeKey(join(original, 'keys'), 'ledger', 'ed25519')
  const origin = originOf(publicKey)
  using ledger = openLedger({ file: join(original, 'ledger.sqlite') })
  while (ledger.size() < size) {
    const incident = `INC-${1 + ((ledger.size() / 100) % 7)}`
    const drafts = Array.from({ length: 99 }, (_, index) => entry(ledger.size() + index + 1))
    add(incident, drafts)
    const note = checkpoint(ledger, { origin, key })
    const isDue = (ledger.size() + 1) % signedEvery === 0 && ledger.size() < size - 1
    add(incident, [
      isDue
        ? { type: 'CheckpointSigned', actor: { program: 'autentico' }, body: { size: ledger.size(), note } }
        : entry(ledger.size() + 1),
    ])
    if (ledger.size() === 9_000) {
      await ledger.backup(join(directory.path, 'rolled-back.sqlite'))
      kept.early = checkpoint(ledger, { origin, key })
    }
  }
  kept.late = checkpoint(ledger, { origin, key })

  function add(incident: string, drafts: readonly Draft[]): void {
    ledger.append({ incident, expected: ledger.stream(incident).at(-1)?.seq ?? 0, at, drafts })
  }
})

afterAll(() => directory[Symbol.dispose]())

function entry(number: number): Draft {
  const user = people[number % people.length] ?? ''
  return {
    type: number % 5 === 0 ? 'StepApproved' : 'NoteAdded',
    actor: { name: user.slice(2).toLowerCase(), slack: { team: 'T0ACME', user } },
    body: { number, text: `what happened in entry ${number}`, request: `r${number % 40}` },
  }
}

/** A copy of the data directory, after something was done to its file. */
function spoilt(how: (file: string) => void): string {
  const dataDir = mkdtempSync(join(directory.path, 'copy-'))
  const file = join(dataDir, 'ledger.sqlite')
  copyFileSync(join(original, 'ledger.sqlite'), file)
  how(file)
  return dataDir
}

/** Verifies a spoilt copy, with the original's public key and whatever was kept elsewhere. */
async function verified(how: (file: string) => void, checkpoints: readonly string[] = []): Promise<LedgerReport> {
  const dataDir = spoilt(how)
  mkdirSync(join(dataDir, 'keys'))
  copyFileSync(join(original, 'keys', 'ledger.pem'), join(dataDir, 'keys', 'ledger.pem'))
  try {
    return await verifyDataDir(dataDir, { checkpoints })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function numbers({ problems }: LedgerReport): readonly (number | undefined)[] {
  return problems.map(({ seq }) => seq)
}

test('untouched it holds, also against what was kept', async () => {
  expect(await verified(() => undefined, [kept.early, kept.late])).toMatchObject({
    ok: true,
    entries: size,
    problems: [],
    checkpoints: 11,
  })
})

test.for<readonly [what: string, seq: number, statements: string]>([
  ['a character of a text', 5_050, "UPDATE entry SET body = replace(body, 'happened', 'happenes') WHERE seq = 5050"],
  ['the time', 5_001, "UPDATE entry SET at = '2026-11-23T08:59:59.999Z' WHERE seq = 5001"],
  ['who did it', 5_002, `UPDATE entry SET actor = replace(actor, 'U0', 'U9') WHERE seq = 5002`],
  ['what happened', 5_003, "UPDATE entry SET type = 'StepDenied' WHERE seq = 5003"],
  ['which incident', 5_004, "UPDATE entry SET incident = 'INC-9' WHERE seq = 5004"],
  ['a body that is no JSON any more', 5_005, 'UPDATE entry SET body = substr(body, 2) WHERE seq = 5005'],
  ['an actor that is no JSON any more', 5_006, "UPDATE entry SET actor = '' WHERE seq = 5006"],
  ['the spelling of a body', 5_007, `UPDATE entry SET body = replace(body, ':', ': ') WHERE seq = 5007`],
  ['a doubled name in a body', 5_008, `UPDATE entry SET body = '{"number":1,' || substr(body, 2) WHERE seq = 5008`],
  ['the hash', 5_009, "UPDATE entry SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = 5009"],
  ['the hash of the one before', 5_010, 'UPDATE entry SET previous = upper(previous) WHERE seq = 5010'],
  ['the last entry', size, `UPDATE entry SET body = '{"number":0}' WHERE seq = ${size}`],
  ['the first entry', 1, `UPDATE entry SET body = '{"number":0}' WHERE seq = 1`],
  ['the number of an entry', size + 9, `UPDATE entry SET seq = ${size + 9} WHERE seq = ${size}`],
  [
    'a note that a key signed',
    3_000,
    `UPDATE entry SET body = replace(body, '"note":"', '"note":" ') WHERE seq = 3000`,
  ],
])('changed: %s, found with number %i', async ([, seq, statements]) => {
  const report = await verified((file) => tamper(file, statements))
  expect(report.ok).toBe(false)
  expect(numbers(report)).toContain(seq)
})

test.for<readonly [what: string, seq: number, statements: string]>([
  ['an entry in the middle, taken out', 5_001, 'DELETE FROM entry WHERE seq = 5000'],
  ['a hundred of them', 5_100, 'DELETE FROM entry WHERE seq BETWEEN 5000 AND 5099'],
  ['the first', 2, 'DELETE FROM entry WHERE seq = 1'],
  [
    'two, in the order of each other',
    4_000,
    'UPDATE entry SET seq = -seq WHERE seq IN (4000, 4001); UPDATE entry SET seq = 8001 + seq WHERE seq < 0',
  ],
  [
    'one more before the first',
    0,
    `INSERT INTO entry SELECT 0, incident, at, type, actor, body, previous, 'x' FROM entry WHERE seq = 1`,
  ],
])('%s: found with number %i', async ([, seq, statements]) => {
  expect(numbers(await verified((file) => tamper(file, statements)))).toContain(seq)
})

test.for<readonly [what: string, statements: string, finding: string]>([
  ['a trigger that is gone', 'DROP TRIGGER entry_no_delete', 'the trigger entry_no_delete is missing or altered'],
  [
    'a trigger of their own',
    'CREATE TRIGGER other AFTER INSERT ON entry BEGIN SELECT 1; END',
    'the trigger other is not ours',
  ],
  ['an index that is gone', 'DROP INDEX entry_by_type', 'entry_by_type is missing or is not as it was made'],
  ['a view', 'CREATE VIEW shown AS SELECT * FROM entry WHERE seq < 10', 'shown is not ours'],
  [
    'another Merkle frontier',
    'UPDATE frontier SET nodes = zeroblob(length(nodes))',
    'the kept Merkle frontier does not fit',
  ],
])('what guards the table: %s is found', async ([, statements, finding]) => {
  const { problems } = await verified((file) => execute(file, statements))
  expect(problems.map(({ what }) => what)).toContainEqual(expect.stringContaining(finding))
})

test('two entries of one number, in a table that was made anew, are found also where reading in order passes over them', async () => {
  const report = await verified((file) =>
    execute(
      file,
      `CREATE TABLE other AS SELECT * FROM entry;
       INSERT INTO other SELECT * FROM entry WHERE seq = 1000;
       DROP TABLE entry; ALTER TABLE other RENAME TO entry`,
    ),
  )
  expect(report.problems).toContainEqual({ what: 'entry is missing or is not as it was made' })
})

test('one flipped bit of any field of any entry is found, with its number', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: size }),
      fc.constantFrom('incident', 'at', 'type', 'actor', 'body', 'previous', 'hash'),
      fc.nat(10_000),
      fc.nat(6),
      async (seq, column, place, bit) => {
        const report = await verified((file) => flip(file, { seq, column, place, bit }))
        expect(numbers(report)).toContain(seq)
      },
    ),
    { seed: 20_261_126, numRuns: 15 },
  )
})

test('one flipped bit anywhere in the file is found, or changes no entry', async () => {
  const bytes = readFileSync(join(original, 'ledger.sqlite'))
  const untouched = everyEntry(join(original, 'ledger.sqlite'))
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (place, bit) => {
      const flipped = Buffer.from(bytes)
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit)
      let copy = ''
      const found = await verified((file) => {
        writeFileSync(file, flipped)
        copy = everyEntry(file)
      }).then(
        ({ ok }) => !ok,
        (error: unknown) => error instanceof LedgerUnusable,
      )
      expect(found ? untouched : copy).toBe(untouched)
    }),
    { seed: 20_261_126, numRuns: 10 },
  )
})

test('an entry that was changed and all behind it computed anew is found by the checkpoints in the ledger itself', async () => {
  const report = await verified((file) => rewrite(file, { from: 5_500 }))
  expect(numbers(report)).toContain(5_999)
  expect(report.problems[0]?.what).toMatch(/^entries 5\d{3} to 5999 are not those the checkpoint/)
})

test('text that is not canonical is found although its hash is right and all behind it fits', async () => {
  const report = await verified((file) => rewrite(file, { from: 9_700, body: '{"number": 1}' }))
  expect(report.problems).toContainEqual({ seq: 9_700, what: 'body is not canonical JSON' })
})

test('a history written anew without its checkpoints holds by itself, and is found by one that was kept', async () => {
  const forge = (file: string) => rewrite(file, { from: 5_500, unsigned: true })
  expect(await verified(forge)).toMatchObject({ ok: true })
  const { problems } = await verified(forge, [kept.early, kept.late])
  expect(problems).toEqual([
    { seq: 9_000, what: 'entries 5000 to 9000 are not those the checkpoint of size 9000 was signed for' },
    { seq: size, what: `entries 5000 to ${size} are not those the checkpoint of size ${size} was signed for` },
  ])
})

test('an end that was cut off holds by itself, and is found by a checkpoint that was kept', async () => {
  const cut = (file: string) => tamper(file, 'DELETE FROM entry WHERE seq > 9900; DELETE FROM frontier')
  expect(await verified(cut)).toMatchObject({ ok: true, entries: 9_900 })
  expect((await verified(cut, [kept.late])).problems).toEqual([
    { seq: 9_901, what: `a checkpoint was signed for ${size} entries and there are 9900: the end was cut off` },
  ])
})

test('an older copy of the whole file holds by itself, and is found by a checkpoint that was kept', async () => {
  const rollBack = (file: string) => copyFileSync(join(directory.path, 'rolled-back.sqlite'), file)
  expect(await verified(rollBack)).toMatchObject({ ok: true, entries: 9_000 })
  expect((await verified(rollBack, [kept.early, kept.late])).problems).toEqual([
    { seq: 9_001, what: `a checkpoint was signed for ${size} entries and there are 9000: the end was cut off` },
  ])
})

function execute(file: string, statements: string): void {
  const db = new Database(file)
  db.exec(statements)
  db.close()
}

/** Flips one bit of one character of a field, as SQLite holds it. */
function flip(
  file: string,
  {
    seq,
    column,
    place,
    bit,
  }: { readonly seq: number; readonly column: string; readonly place: number; readonly bit: number },
): void {
  const db = new Database(file, { readonly: true })
  const text = db.prepare<[number], string>(`SELECT ${column} FROM entry WHERE seq = ?`).pluck().get(seq) ?? ''
  db.close()
  const bytes = Buffer.from(text)
  const index = place % bytes.length
  bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
  tamper(file, `UPDATE entry SET ${column} = CAST(x'${bytes.toString('hex')}' AS TEXT) WHERE seq = ${seq}`)
}

/** What a careful forger does: changes an entry, and computes it and all behind it anew. `unsigned`: their checkpoints become notes. */
function rewrite(
  file: string,
  {
    from,
    body = '{"number":0,"text":"nothing happened"}',
    unsigned = false,
  }: { readonly from: number; readonly body?: string; readonly unsigned?: boolean },
): void {
  const db = new Database(file, { readonly: true })
  const [before, ...rows] = db.prepare<[number], Row>('SELECT * FROM entry WHERE seq >= ? ORDER BY seq').all(from - 1)
  db.close()
  let previous = before?.hash ?? ''
  const statements = rows.map((row) => {
    const wasSigned = unsigned && row.type === 'CheckpointSigned'
    const changed = { ...row, previous, ...(wasSigned ? { type: 'NoteAdded', body: '{}' } : {}) }
    const forged = row.seq === from ? { ...changed, body } : changed
    previous = createHash('sha256').update(canonicalText(forged)).digest('hex')
    return `UPDATE entry SET type = '${forged.type}', body = '${forged.body}', previous = '${forged.previous}', hash = '${previous}' WHERE seq = ${row.seq}`
  })
  tamper(file, `BEGIN; ${statements.join(';')}; DELETE FROM frontier; COMMIT`)
}

function everyEntry(file: string): string {
  const db = new Database(file, { readonly: true })
  try {
    return JSON.stringify(db.prepare('SELECT * FROM entry ORDER BY seq').all())
  } catch {
    return 'cannot be read'
  } finally {
    db.close()
  }
}
