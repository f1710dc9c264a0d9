import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import type { Answer } from './ask.ts'
import { disproved, type Finding, type From, proven, unknown } from './finding.ts'
import type { ProbeOptions } from './probe-options.ts'

/**
 * Tells by Autentico's own limiter, which believes X-Forwarded-For: asked under ever another name, it refuses only when it
 * sees the same client all the same. Under one name it has to refuse; if not, it is off, and nothing can be told.
 */
export async function isOverwritten(
  { site }: ProbeOptions,
  from: From,
): Promise<{ readonly finding: Finding; readonly passed: number }> {
  const ask = async (name: string) =>
    from(`${site.oauthPath}/token`, { method: 'POST', headers: { 'x-forwarded-for': name } })
  const under = await waves(async (index) => ask(`192.0.2.${index + 1}`))
  if (under.refused) {
    const sentence = 'Whatever a client writes into X-Forwarded-For, to Autentico it is the same client.'
    return { finding: proven(sentence), passed: under.reached }
  }
  if (!under.enough) {
    const sentence = `Whether X-Forwarded-For is overwritten was not seen: within ${under.seconds.toFixed(1)} seconds ${under.reached} requests reached Autentico, fewer than it refuses.`
    return { finding: unknown(sentence), passed: under.reached }
  }
  const same = await waves(async () => ask('192.0.2.200'))
  const passed = under.reached + same.reached
  if (same.refused) {
    const sentence = `Autentico believes what a client writes into X-Forwarded-For, so its own limiter is no hindrance. Set it to the client's address in the proxy, for every path.`
    return { finding: disproved(sentence), passed }
  }
  const sentence = `Whether X-Forwarded-For is overwritten was not seen: Autentico's own limiter is off, or wider than by default.`
  return { finding: unknown(sentence), passed }
}

type Waves = {
  /** Autentico refused one. */
  readonly refused: boolean
  /** So many got through to Autentico. */
  readonly reached: number
  /** More than it lets one client have. */
  readonly enough: boolean
  readonly seconds: number
}

const wave = 14

/** One wave as fast as it goes, and another where the first was too slow or the proxy let too few through. */
async function waves(ask: (index: number) => Promise<Answer | undefined>): Promise<Waves> {
  const began = performance.now()
  let reached = 0
  for (let sent = 0; ; ) {
    const first = sent
    const answers = await Promise.all(Array.from({ length: wave }, async (_, index) => ask(first + index)))
    sent += wave
    reached += answers.filter((answer) => answer !== undefined && !isProxysRefusal(answer)).length
    const seconds = (performance.now() - began) / 1_000
    const refused = answers.some(isAutenticosRefusal)
    const enough = reached > mostOfOne(seconds)
    if (refused || enough || sent === 2 * wave) return { refused, reached, enough, seconds }
  }
}

/** What Autentico lets one client have, by default: 10 at once and 5 a second, of those 20 at once and 20 a minute. */
function mostOfOne(seconds: number): number {
  return Math.min(10 + 5 * seconds, 20 + seconds / 3)
}

function isAutenticosRefusal(answer: Answer | undefined): boolean {
  return answer?.status === 429 && refusal.safeParse(answer.json).success
}

export function isProxysRefusal(answer: Answer): boolean {
  return (answer.status === 429 || answer.status === 503) && !isAutenticosRefusal(answer)
}

const refusal = z.object({ error: z.literal('too_many_requests') })
