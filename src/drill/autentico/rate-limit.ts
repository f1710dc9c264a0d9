/** Says whether one more request from an address may pass. */
export type RateLimit = { readonly allows: (ip: string) => boolean }

type Bucket = { tokens: number; at: number }

const perSecond = { rate: 5, burst: 10 }
const perMinute = { rate: 20 / 60, burst: 20 }

/**
 * Two buckets an address, 5 a second with a burst of 10 and 20 a minute with a burst of 20, shared by every limited
 * endpoint. A request must pass both; the first is charged even when the second refuses.
 */
export function createRateLimit(now: () => Date): RateLimit {
  const buckets = new Map<string, { second: Bucket; minute: Bucket }>()
  return {
    allows(ip) {
      const at = now().getTime()
      const entry = buckets.get(ip) ?? {
        second: { tokens: perSecond.burst, at },
        minute: { tokens: perMinute.burst, at },
      }
      buckets.set(ip, entry)
      return take(entry.second, perSecond, at) && take(entry.minute, perMinute, at)
    },
  }
}

function take(bucket: Bucket, limit: { rate: number; burst: number }, at: number): boolean {
  bucket.tokens = Math.min(limit.burst, bucket.tokens + ((at - bucket.at) / 1000) * limit.rate)
  bucket.at = at
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
