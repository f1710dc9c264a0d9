import type { Account } from '../../wire.ts'

/** What was last seen of the account, and what changed in it while this window looked on. */
export type AccountWatch = {
  readonly username: string
  /** How many are live, by kind. */
  readonly live: ReadonlyMap<string, number>
  /** The latest change of each kind that has changed. */
  readonly changes: ReadonlyMap<string, HoldingChange>
  /** When anything in it last changed, the state of the account included. */
  readonly changedAt: Date | undefined
  readonly state: Account['state']
}

/** Below zero: that many no longer open a door. Changes soon after one another are one change. */
export type HoldingChange = { readonly by: number; readonly at: Date }

/**
 * Compares the account with what was seen before. The first look at an account, and at another account, changes nothing; looking
 * twice at the same gives the same watch.
 */
export function watchAccount(
  watch: AccountWatch | undefined,
  account: Pick<Account, 'username' | 'state' | 'holdings'>,
  now: Date,
): AccountWatch {
  const live = new Map(account.holdings.map(({ kind, live }) => [kind, live]))
  const { username, state } = account
  if (watch?.username !== username) return { username, state, live, changes: new Map(), changedAt: undefined }
  const changed = account.holdings.flatMap(({ kind, live }) => {
    const by = live - (watch.live.get(kind) ?? live)
    return by === 0 ? [] : [[kind, { by: joined(by, watch.changes.get(kind), now), at: now }] as const]
  })
  if (changed.length === 0 && watch.state === state) return watch
  return { username, state, live, changes: new Map([...watch.changes, ...changed]), changedAt: now }
}

/**
 * `fresh` is so late that the eye should be drawn to it, as long as somebody needs to look up from Slack; `recent` is worth a word;
 * what is `old` stands in the counts alone.
 */
export function recency(at: Date, now: Date): 'fresh' | 'recent' | 'old' {
  const ms = now.getTime() - at.getTime()
  if (ms < 15_000) return 'fresh'
  return ms < 60_000 ? 'recent' : 'old'
}

/** Adds up what comes in quick succession, unless that would say that nothing happened. */
function joined(by: number, before: HoldingChange | undefined, now: Date): number {
  const sum = before === undefined || recency(before.at, now) === 'old' ? by : before.by + by
  return sum === 0 ? by : sum
}
