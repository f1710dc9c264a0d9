/** Says whether one more request from an address may pass. */
export type RateLimit = { readonly allows: (ip: string) => boolean }

/** Of one address. With `perSecond` 0 nothing is limited; with `perMinute` 0 the burst is all an address ever gets. */
export type RateLimits = {
  readonly perSecond: number
  readonly burst: number
  readonly perMinute: number
  readonly minuteBurst: number
}

type Bucket = { tokens: number; at: number }

/**
 * Two buckets an address, shared by every limited endpoint. A request must pass both; the first is charged even when the
 * second refuses.
 */
export function createRateLimit(limits: RateLimits, now: () => Date): RateLimit {
  const buckets = new Map<string, { readonly second: Bucket; readonly minute: Bucket }>()
  const second = { rate: limits.perSecond, burst: limits.burst }
  const minute = { rate: Math.max(0, limits.perMinute) / 60, burst: limits.minuteBurst }
  return {
    allows(ip) {
      if (limits.perSecond <= 0) return true
      const at = now().getTime()
      const entry = buckets.get(ip) ?? {
        second: { tokens: second.burst, at },
        minute: { tokens: minute.burst, at },
      }
      buckets.set(ip, entry)
      return take(entry.second, second, at) && take(entry.minute, minute, at)
    },
  }
}

function take(bucket: Bucket, limit: { readonly rate: number; readonly burst: number }, at: number): boolean {
  bucket.tokens = Math.min(limit.burst, bucket.tokens + ((at - bucket.at) / 1000) * limit.rate)
  bucket.at = at
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
