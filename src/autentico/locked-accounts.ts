import type { EveryUser } from './every-user.ts'
import { parseTime } from './times.ts'
import type { Account } from './users.ts'

/** An account that nobody can sign in to by password at this moment. */
export type LockedAccount = { readonly account: Account; readonly until: Date }

/**
 * Every account that is locked out now, the longest first. There is no filter for it, so everybody is read. `users.unlock` ends
 * a lock; while the attack goes on the next wrong password begins another.
 */
export async function lockedAccounts(everyUser: EveryUser, now: Date): Promise<readonly LockedAccount[]> {
  const locked: LockedAccount[] = []
  for await (const account of everyUser.active()) {
    // The time stays after the lock has passed.
    const until = account.lockedUntil === undefined ? undefined : parseTime(account.lockedUntil)
    if (until !== undefined && until > now) locked.push({ account, until })
  }
  return locked.toSorted((a, b) => b.until.getTime() - a.until.getTime())
}
