import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { originOf } from '#/keyring.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { loadOrMakeKey } from '#/work/keys.ts'
import { verifyDataDir } from './verify-data-dir.ts'

/** A data directory with one entry and a checkpoint in its ledger, signed by the key it has now. */
function signedOnce(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'responder-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const { privateKey, publicKey } = loadOrMakeKey(join(dataDir, 'keys'), 'ledger', 'ed25519')
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const at = '2026-11-23T03:00:00.000Z'
  const actor = { program: 'autentico' }
  ledger.append({ incident: 'INC-1', expected: 0, at, drafts: [{ type: 'NoteAdded', actor, body: { text: 'one' } }] })
  const note = checkpoint(ledger, { origin: originOf(publicKey), key: privateKey })
  ledger.append({
    incident: 'INC-1',
    expected: 1,
    at,
    drafts: [{ type: 'CheckpointSigned', actor, body: { size: 1, note } }],
  })
  return dataDir
}

test('a checkpoint of the present key is compared', async () => {
  expect(await verifyDataDir(signedOnce())).toMatchObject({ ok: true, entries: 2, checkpoints: 1 })
})

test('after the key was changed, older checkpoints are compared by the former key beside it', async () => {
  const dataDir = signedOnce()
  renameSync(join(dataDir, 'keys', 'ledger.pem'), join(dataDir, 'keys', 'ledger-2026.pem'))
  loadOrMakeKey(join(dataDir, 'keys'), 'ledger', 'ed25519')
  expect(await verifyDataDir(dataDir)).toMatchObject({ ok: true, checkpoints: 1 })
})

test('where the former key is gone the checkpoint counts as a stranger’s', async () => {
  const dataDir = signedOnce()
  rmSync(join(dataDir, 'keys', 'ledger.pem'))
  loadOrMakeKey(join(dataDir, 'keys'), 'ledger', 'ed25519')
  const report = await verifyDataDir(dataDir)
  expect(report.ok).toBe(false)
  expect(report.problems.map(({ what }) => what).join(' ')).toContain('a checkpoint was refused')
})
