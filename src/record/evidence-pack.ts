import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordedOf } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import { unopened } from '#/incident/state.ts'
import { readEvidence } from '#/ledger/evidence.ts'
import { encodeVkey } from '#/ledger/note.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import type { PackSource } from '#/pack/write-pack.ts'
import type { KeyPair } from '#/work/keys.ts'
import { firstLedgerKey, ledgerName } from './rotate-key.ts'

/**
 * What the evidence pack of an incident is made from, as of the first `size` entries of the ledger. Undefined when it was not opened by
 * then. `key` is the one that signs for the ledger.
 */
export function packSource(
  ledger: LedgerReader,
  id: IncidentId,
  { dataDir, key, size = ledger.size() }: { readonly dataDir: string; readonly key: KeyPair; readonly size?: number },
): PackSource | undefined {
  const recorded = ledger
    .stream(id)
    .filter(({ seq }) => seq <= size)
    .map(recordedOf)
  const incident = recorded.reduce(evolve, unopened)
  if (incident.status === 'unopened') return undefined
  const name = ledgerName(ledger, key)
  return {
    ledger,
    size,
    incident,
    recorded,
    evidence: async (digest) => readEvidence(join(dataDir, 'evidence'), digest),
    signer: {
      name,
      key: key.privateKey,
      firstKey: firstLedgerKey(ledger) ?? encodeVkey(name, key.publicKey),
    },
    verifier: readFileSync(new URL('../pack/verify.mjs', import.meta.url), 'utf8'),
  }
}
