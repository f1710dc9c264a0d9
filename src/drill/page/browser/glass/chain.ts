import type { LedgerEntry } from '../../wire.ts'

/** How an entry hangs on the one before: `unseen` when that one is not here to compare with. */
export type Link = 'first' | 'follows' | 'breaks' | 'unseen'

export type Linked = { readonly entry: LedgerEntry; readonly link: Link }

/** The entries by number, each with how it follows. Only compares what the entries say of each other; it computes no hash. */
export function chainOf(entries: Readonly<Record<string, LedgerEntry>>): readonly Linked[] {
  const ordered = Object.values(entries).toSorted((a, b) => a.seq - b.seq)
  return ordered.map((entry, index) => ({ entry, link: linkOf(entry, ordered[index - 1]) }))
}

function linkOf(entry: LedgerEntry, before: LedgerEntry | undefined): Link {
  if (entry.seq === 1) return entry.previous === genesis ? 'first' : 'breaks'
  if (before?.seq !== entry.seq - 1) return 'unseen'
  return entry.previous === before.hash ? 'follows' : 'breaks'
}

/** What the first entry of a ledger names as the one before. */
const genesis = '0'.repeat(64)

/** Enough of a hash to compare it by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8)
}
