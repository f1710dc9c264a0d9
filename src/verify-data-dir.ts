import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeVkey } from '#/ledger/note.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { type Verification, verifyLedger } from '#/ledger/verify.ts'
import { recordedOf } from './handle.ts'
import { originOf } from './keyring.ts'

/** What a whole verification found, with the checkpoints that the ledger holds itself and those given from outside. */
export type LedgerReport = Verification & { readonly vkey: string | undefined }

/**
 * Recomputes the whole ledger of a data directory and compares it with every checkpoint in it and with those in `files` (one
 * signed note a file, such as one copied from a thread). Throws LedgerUnusable where there is none.
 */
export async function verifyDataDir(dataDir: string, files: readonly string[] = []): Promise<LedgerReport> {
  const file = join(dataDir, 'ledger.sqlite')
  const keyFile = join(dataDir, 'keys', 'ledger.pem')
  const key = existsSync(keyFile) ? createPublicKey(readFileSync(keyFile)) : undefined
  const vkey = key === undefined ? undefined : encodeVkey(originOf(key), key)
  const report = await verifyLedger({
    file,
    checkpoints: [...recordedCheckpoints(file), ...files.map((name) => readFileSync(name, 'utf8'))],
    vkeys: vkey === undefined ? [] : [vkey],
  })
  return { ...report, vkey }
}

/** The signed notes that stand in the ledger itself. */
export function recordedCheckpoints(file: string): readonly string[] {
  using reader = openLedgerReader({ file })
  const notes: string[] = []
  for (let after = 0; ; ) {
    const entries = reader.read({ after, limit: 1000 })
    const last = entries.at(-1)
    if (last === undefined) return notes
    for (const { event } of entries.map(recordedOf)) if (event.type === 'CheckpointSigned') notes.push(event.note)
    after = last.seq
  }
}
