import { createPublicKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '#/ledger/chain.ts'
import { encodeVkey } from '#/ledger/note.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { type Verification, verifyLedger } from '#/ledger/verify.ts'
import { originOf } from './keyring.ts'

/** What a whole verification found, with the checkpoints that the ledger holds itself and those given from outside. */
export type LedgerReport = Verification & { readonly vkey: string | undefined }

/**
 * Recomputes the whole ledger of a data directory and compares it with every checkpoint in it and with those in `files` (one
 * signed note a file, such as one copied from a thread). Throws LedgerUnusable where there is none.
 */
export async function verifyDataDir(dataDir: string, files: readonly string[] = []): Promise<LedgerReport> {
  const file = join(dataDir, 'ledger.sqlite')
  const [vkey, ...former] = ledgerVkeys(join(dataDir, 'keys'))
  const report = await verifyLedger({
    file,
    checkpoints: [...recordedCheckpoints(file), ...files.map((name) => readFileSync(name, 'utf8'))],
    vkeys: vkey === undefined ? [] : [vkey, ...former],
  })
  return { ...report, vkey }
}

/** The ledger's key, and those it had before (`ledger-….pem` beside it), as verifier keys; the current one first. */
function ledgerVkeys(directory: string): readonly string[] {
  if (!existsSync(join(directory, 'ledger.pem'))) return []
  const former = readdirSync(directory).filter((name) => /^ledger-.+\.pem$/.test(name))
  return ['ledger.pem', ...former].map((name) => {
    const key = createPublicKey(readFileSync(join(directory, name)))
    return encodeVkey(originOf(key), key)
  })
}

/** The signed notes that stand in the ledger itself. */
export function recordedCheckpoints(file: string): readonly string[] {
  using reader = openLedgerReader({ file })
  const notes: string[] = []
  for (let after = 0; ; ) {
    const entries = reader.read({ after, limit: 1000 })
    const last = entries.at(-1)
    if (last === undefined) return notes
    notes.push(...entries.flatMap(noteIn))
    after = last.seq
  }
}

function noteIn({ type, body }: Entry): readonly string[] {
  if (type !== 'CheckpointSigned' || typeof body !== 'object' || body === null || !('note' in body)) return []
  return typeof body['note'] === 'string' ? [body['note']] : []
}
