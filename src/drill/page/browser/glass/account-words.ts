import type { Account, Attacker, LedgerEntry } from '../../wire.ts'
import type { HoldingChange } from './account-watch.ts'
import { getsIn } from './attacker-words.ts'
import type { Headline } from './section.ts'

/**
 * How to look at what is live: `open` may be the attacker's, `restored` came back with the person's access and is no alarm,
 * `empty` is nothing at all.
 */
export type Standing = 'open' | 'restored' | 'empty'

/**
 * Judges by the ledger, oldest entry first: after the account was contained, or access given back, and before the next incident, what
 * is live is the person's own; unless the attacker gets in, which is always an alarm.
 */
export function standing(account: Account, entries: readonly LedgerEntry[], attacker: Attacker): Standing {
  if (liveOf(account) === 0) return 'empty'
  return isOver(entries) && getsIn(attacker) === 0 ? 'restored' : 'open'
}

function isOver(entries: readonly LedgerEntry[]): boolean {
  let over = false
  let notified = false
  for (const { type } of entries) {
    if (type === 'IncidentOpened') over = notified = false
    else if (type === 'NotificationRecorded') notified = true
    else if (type === 'IncidentContained' || type === 'IncidentClosed') over = true
    else if (type === 'StepDone' && notified) over = true
  }
  return over
}

export function accountHeadline(account: Account, how: Standing): Headline {
  const live = liveOf(account)
  const ever = account.holdings.reduce((sum, holding) => sum + holding.ever, 0)
  if (how === 'empty') return { tone: 'good', words: 'Nothing left that opens a door.' }
  // Nobody signs in to a suspended account; what there is works again once it is active again.
  if (how === 'open' && account.state === 'suspended')
    return {
      tone: 'warn',
      words: `Suspended: ${live} of ${ever} ways in ${live === 1 ? 'waits' : 'wait'} for its end.`,
    }
  if (how === 'open') return { tone: 'bad', words: `${live} of ${ever} ways in ${live === 1 ? 'is' : 'are'} open.` }
  return {
    tone: 'good',
    words: `Access is restored. ${live === 1 ? 'The 1 way in that is open' : `The ${live} ways in that are open`} came with it.`,
  }
}

export function stateWords(state: Account['state']): string {
  return { active: 'may sign in', suspended: 'suspended', locked: 'locked for a while' }[state]
}

/** "3 gone", "1 came". */
export function changeWords({ by }: HoldingChange): string {
  return by < 0 ? `${-by} gone` : `${by} new`
}

/** Ten dots at most: exactly that many up to ten, in proportion above, where neither the last live one nor the first closed one is rounded away. */
export function dots({ live, ever }: { readonly live: number; readonly ever: number }): {
  readonly full: number
  readonly hollow: number
} {
  const all = Math.max(live, ever)
  if (all <= mostDots) return { full: live, hollow: all - live }
  const share = Math.round((live / all) * mostDots)
  const full = live === all ? mostDots : Math.min(Math.max(share, live > 0 ? 1 : 0), mostDots - 1)
  return { full, hollow: mostDots - full }
}

const mostDots = 10

function liveOf(account: Account): number {
  return account.holdings.reduce((sum, holding) => sum + holding.live, 0)
}
