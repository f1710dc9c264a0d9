import type {
  Account,
  Attacker,
  GlassActs,
  Hint,
  Instance,
  LedgerEntry,
  LedgerFile,
  Machine,
  Member,
  QueueView,
} from './wire.ts'

/**
 * What the page shows behind the glass and beside Slack, and what can be done there. Each question is answered at once, with plain data, from
 * what is already known: it is asked whenever a window is drawn anew.
 */
export type Glass = {
  /** Null until there is an account to look at, and while an incident is about Autentico as a whole. */
  readonly account: () => Account | null
  /** Null while no incident is about Autentico as a whole. */
  readonly instance: () => Instance | null
  readonly attacker: () => Attacker
  readonly queue: () => QueueView
  readonly machine: () => Machine
  readonly ledgerFile: () => LedgerFile
  /** The ledger by sequence number. It only grows: an entry that was there once is the same object ever after. */
  readonly entries: () => Readonly<Record<string, LedgerEntry>>
  /** What this person could try next. */
  readonly hint: (member: Member) => Hint
  /** Calls the listener whenever one of the answers above may be another; the result stops it. */
  readonly listen: (onChange: () => void) => () => void
  /**
   * Resolves when it is done, or at least begun and to be seen in `machine`. Rejects with a sentence for the person at the page when it
   * cannot be done.
   */
  readonly acts: { readonly [Part in keyof GlassActs]: (body: GlassActs[Part]) => Promise<void> }
}
