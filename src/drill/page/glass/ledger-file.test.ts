import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { Draft } from '#/ledger/chain.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { verifyLedger } from '#/ledger/verify.ts'
import { createLedgerFile, type LedgerFileTurns } from './ledger-file.ts'

const bao = { slack: { team: 'T0ACME', user: 'U0BAO' }, name: 'bao' }

/** A ledger that a writer holds open, and an intruder beside it. */
function written(): {
  readonly ledger: Ledger
  readonly file: string
  readonly intruder: LedgerFileTurns
  readonly noticed: readonly string[]
} {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-file-'))
  const file = join(dir, 'ledger.sqlite')
  const ledger = openLedger({ file })
  onTestFinished(() => {
    ledger[Symbol.dispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  const noticed: string[] = []
  const intruder = createLedgerFile({
    file,
    verify: async () => verifyLedger({ file }),
    noticed: (words) => noticed.push(words),
    onChange: () => undefined,
  })
  return { ledger, file, intruder, noticed }
}

function add(ledger: Ledger, type: string, actor: Draft['actor']): void {
  const expected = ledger.head()?.seq ?? 0
  ledger.append({ incident: 'INC-1', expected, at: '2026-11-23T03:14:00.000Z', drafts: [{ type, actor, body: {} }] })
}

function bytesOf(file: string): unknown {
  const db = new Database(file, { readonly: true })
  try {
    return [
      db.prepare('SELECT * FROM entry ORDER BY seq').all(),
      db.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all(),
    ]
  } finally {
    db.close()
  }
}

test('one letter of whoever approved is changed behind the writer’s back, verifying names the entry, and put back it holds again', async () => {
  const { ledger, file, intruder, noticed } = written()
  add(ledger, 'IncidentOpened', { ...bao, name: 'ana' })
  add(ledger, 'StepApproved', bao)
  add(ledger, 'StepDone', { worker: 'worker-1' })
  const before = bytesOf(file)

  await intruder.turn('tampered')
  expect(intruder.ledgerFile().tampered).toEqual({
    seq: 2,
    words: 'the approval at 03:14:00 UTC is by @bap now, and was by @bao',
  })
  // The guards are where they were: nothing but the entry gives it away.
  expect(bytesOf(file)).not.toEqual(before)
  await intruder.turn('verified')
  expect(intruder.ledgerFile().verified).toMatchObject({
    ok: false,
    problems: [{ seq: 2, what: expect.stringMatching(/the entry was altered/) as unknown }],
  })

  // The writer goes on, and sees nothing of it.
  add(ledger, 'NoteAdded', bao)
  await intruder.turn('restored')
  expect(intruder.ledgerFile()).toEqual({ tampered: null, verified: null })
  await intruder.turn('verified')
  expect(intruder.ledgerFile().verified).toMatchObject({ ok: true, entries: 4, problems: [] })
  expect(noticed).toHaveLength(4)
})

test('without anything that a person did there is nothing to change, and it says so', async () => {
  const { ledger, intruder } = written()
  add(ledger, 'StepDone', { worker: 'worker-1' })
  await expect(intruder.turn('tampered')).rejects.toThrow('open an incident first')
  expect(intruder.ledgerFile().tampered).toBeNull()
})

test('asked twice, it is changed once; and what was found before is forgotten with every change', async () => {
  const { ledger, file, intruder } = written()
  add(ledger, 'StepApproved', bao)
  await intruder.turn('restored')
  await intruder.turn('verified')
  const before = bytesOf(file)
  await intruder.turn('tampered')
  expect(intruder.ledgerFile().verified).toBeNull()
  await intruder.turn('tampered')
  await intruder.turn('restored')
  expect(bytesOf(file)).toEqual(before)
})
