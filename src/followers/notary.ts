import type { IncidentId } from '#/incident/events.ts'
import type { Entry } from '#/ledger/chain.ts'

export type NotaryDeps = {
  /** Signs the ledger as it is now: how many entries it covers, and the signed note. */
  readonly sign: () => { readonly size: number; readonly note: string }
  readonly record: (incident: IncidentId, checkpoint: { readonly size: number; readonly note: string }) => void
  /** Whether a checkpoint that covers `seq` stands in the incident's stream already. */
  readonly covered: (incident: IncidentId, seq: number) => boolean
  /** A checkpoint at least every so many entries. */
  readonly every: number
}

/**
 * Signs a checkpoint when an incident opens, when it closes, and every so many entries. It goes into the incident's stream
 * and so into its thread: whoever has the thread can tell when the ledger is cut off. Seeing an entry twice signs once.
 */
export function notary({ sign, record, covered, every }: NotaryDeps): (entries: readonly Entry[]) => Promise<void> {
  return async (entries) => {
    for (const { seq, incident, type } of entries) {
      const due =
        type === 'IncidentOpened' || type === 'IncidentClosed' || (seq % every === 0 && type !== 'CheckpointSigned')
      const id = incident as IncidentId
      if (!due || !id.startsWith('INC-') || covered(id, seq)) continue
      record(id, sign())
    }
  }
}
