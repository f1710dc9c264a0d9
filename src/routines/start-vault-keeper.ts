import type { Logger } from 'pino'
import { recordedOf } from '#/deciders/incidents.ts'
import type { Entry } from '#/ledger/chain.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { Vault } from '#/work/vault.ts'
import { followLedger } from './follow-ledger.ts'

/** A secret that was shown, or has run out, leaves the disk as well. */
export function startVaultKeeper({
  ledger,
  vault,
  log,
}: {
  readonly ledger: Ledger
  readonly vault: Vault
  readonly log: Logger
}): AsyncDisposable {
  const handle = async (entries: readonly Entry[]): Promise<void> => {
    for (const { incident, event } of entries.map(recordedOf)) {
      // Shown, it was destroyed before that; unless the program was killed in between.
      if (event.type === 'SecretShown' || event.type === 'SecretDestroyed') vault.destroy(event.order)
      if (event.type === 'IncidentClosed') vault.clear(incident)
    }
  }
  return followLedger({ ledger, name: 'vault', handle, log })
}
