import type { Glass } from '../glass-view.ts'
import type { Hint, LedgerEntry, Member } from '../wire.ts'
import type { AttackerWatch } from './attacker.ts'
import type { LedgerFileTurns } from './ledger-file.ts'
import type { MachineSwitches } from './machine.ts'
import type { QueueWatch } from './queue.ts'

/** Rings for everybody who listens. */
export type Bell = { readonly ring: () => void; readonly listen: (onRing: () => void) => () => void }

export function createBell(): Bell {
  const listeners = new Set<() => void>()
  return {
    ring: () => {
      for (const listener of listeners) listener()
    },
    listen: (onRing) => {
      listeners.add(onRing)
      return () => void listeners.delete(onRing)
    },
  }
}

export type GlassParts = {
  /** The one bell that every part rings when it has something new. */
  readonly bell: Bell
  readonly account: Glass['account']
  readonly instance: Glass['instance']
  readonly attacker: AttackerWatch
  readonly queue: QueueWatch
  readonly machine: MachineSwitches
  readonly ledgerFile: LedgerFileTurns
  readonly entries: () => Readonly<Record<string, LedgerEntry>>
  readonly hint: (member: Member) => Hint
}

/** Joins the parts into what the page asks for. */
export function joinGlass({
  bell,
  account,
  instance,
  attacker,
  queue,
  machine,
  ledgerFile,
  entries,
  hint,
}: GlassParts): Glass {
  return {
    account,
    instance,
    attacker: attacker.attacker,
    queue: queue.queue,
    machine: machine.machine,
    ledgerFile: ledgerFile.ledgerFile,
    entries,
    hint,
    listen: bell.listen,
    acts: {
      attack: async ({ doors }) => attacker.attack(doors),
      bot: async ({ to }) => machine.bot(to),
      redis: async ({ to }) => machine.redis(to),
      autentico: async ({ to }) => machine.autentico(to),
      slack: async ({ to }) => machine.slack(to),
      ledger: async ({ to }) => ledgerFile.turn(to),
    },
  }
}
