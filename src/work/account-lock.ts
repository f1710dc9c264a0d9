import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { HandBack } from './consumer.ts'

/**
 * The right to change one account. While it lasts no other order, in this or another worker, changes that account.
 * A worker that was frozen for longer than the lock lasts notices with `fence` that it is too late.
 */
export type AccountLock = AsyncDisposable & {
  /** Returns while the lock is ours. Throws {@link HandBack} if it is not, or if Redis cannot say: then change nothing more. */
  fence(): Promise<void>
}

const renew = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`
const release = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** Takes the lock of an account for `ms`, renewed by itself. Undefined: another order holds it. */
export async function lockAccount(
  redis: Redis,
  { key, ms = 5_000 }: { readonly key: string; readonly ms?: number },
): Promise<AccountLock | undefined> {
  const token = randomUUID()
  if ((await redis.set(key, token, 'PX', ms, 'NX')) !== 'OK') return undefined
  const timer = setInterval(() => void redis.eval(renew, 1, key, token, ms).catch(() => undefined), ms / 3)
  return {
    async fence() {
      const holder = await redis.get(key).catch(() => undefined)
      if (holder !== token) throw new HandBack('The account is no longer held by this worker.')
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await redis.eval(release, 1, key, token).catch(() => undefined)
    },
  }
}
