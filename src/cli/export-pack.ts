import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { IncidentId } from '#/incident/events.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import type { AuditRow } from '#/pack/audit-slice.ts'
import { writePack } from '#/pack/write-pack.ts'
import { packSource } from '#/record/evidence-pack.ts'
import { readPrivateKey } from '#/work/keys.ts'

/** What came of it. `missing`: evidence that entries name and that is not in the pack, a sentence each. */
export type PackExported =
  | { readonly kind: 'no such incident' }
  /** Nothing was written: the file is there already, and an export never overwrites. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'written'; readonly missing: readonly string[]; readonly size: number }

/** What was asked of Autentico for the pack: the lines of its audit log since `since`. */
export type AskAutentico = (incident: {
  readonly since: string
  readonly target: { readonly id: string; readonly username: string }
}) => Promise<{ readonly at: string; readonly rows: readonly AuditRow[] }>

/**
 * Writes the evidence pack of an incident to a new file (0600), beside a running bot or without one. Nothing is left behind when it
 * fails. Throws LedgerUnusable, KeyUnusable, and what `ask` throws.
 */
export async function exportPack(
  id: IncidentId,
  { dataDir, out, ask }: { readonly dataDir: string; readonly out: string; readonly ask?: AskAutentico | undefined },
): Promise<PackExported> {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const key = readPrivateKey(join(dataDir, 'keys', 'ledger.pem'), 'ed25519')
  const source = packSource(ledger, id, { dataDir, key })
  if (source === undefined) return { kind: 'no such incident' }
  if (existsSync(out)) return { kind: 'taken' }
  const { openedAt, target } = source.incident
  const asked = await ask?.({ since: openedAt, target })

  const partial = `${out}.partial`
  const file = openSync(partial, 'w', 0o600)
  try {
    const { missing } = await writePack({ ...source, asked }, (bytes) => void writeSync(file, bytes))
    fsyncSync(file)
    renameSync(partial, out)
    return { kind: 'written', missing, size: source.size }
  } finally {
    closeSync(file)
    rmSync(partial, { force: true })
  }
}
