import { governanceStream } from '#/governance/events.ts'
import type { Entry } from '#/ledger/chain.ts'

export type NotaryDeps = {
  /** Signs the ledger as it is now: how many entries it covers, and the signed note. */
  readonly sign: () => { readonly size: number; readonly note: string }
  readonly record: (stream: string, checkpoint: { readonly size: number; readonly note: string }) => void
  /** Whether a checkpoint that covers `seq` stands in the stream already. */
  readonly covered: (stream: string, seq: number) => boolean
  /** A checkpoint at least every so many entries. */
  readonly every: number
}

/** What changes the rules that everything else is decided under, or who vouches for the record. */
const changesRules: ReadonlySet<string> = new Set(['PolicyAdopted', 'KeyRegistered', 'KeyRevoked', 'SigningKeyRotated'])

/**
 * Signs a checkpoint when an incident opens, when it closes, when the rules change, and every so many entries. It goes into the same
 * stream and so into its thread: whoever has the thread can tell when the ledger is cut off. Seeing an entry twice signs once.
 */
export function notary({ sign, record, covered, every }: NotaryDeps): (entries: readonly Entry[]) => Promise<void> {
  return async (entries) => {
    for (const { seq, incident, type } of entries) {
      const marks =
        incident === governanceStream ? changesRules.has(type) : type === 'IncidentOpened' || type === 'IncidentClosed'
      const due = marks || (seq % every === 0 && type !== 'CheckpointSigned')
      const isOurs = incident === governanceStream || incident.startsWith('INC-')
      if (due && isOurs && !covered(incident, seq)) record(incident, sign())
    }
  }
}
