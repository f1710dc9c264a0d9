import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer } from './ask.ts'
import { disproved, type Finding, type From, proven, unknown, words } from './finding.ts'
import { isProxysRefusal } from './forwarded-probe.ts'
import { type Limits, rateOf } from './limits.ts'
import type { ProbeOptions } from './probe.ts'

/** Of a probe's requests at most so many go into the limit. A higher burst cannot be reached with them, and is not proven then. */
const mostForLimit = 300

/** Asks for Autentico's public keys, which it does not limit itself, until the proxy refuses, and counts what passed in what time. */
export async function isLimited(
  { limits, rendered, site, wellBefore }: ProbeOptions,
  from: From,
  so: { readonly began: number; readonly passed: number },
): Promise<Finding> {
  if (!rendered.limitsRequests) {
    return unknown(
      'Requests are not limited: this Caddy has no module for it. Build one with github.com/mholt/caddy-ratelimit, or use a firewall.',
    )
  }
  const path = `${site.oauthPath}/.well-known/jwks.json`
  let { passed } = so
  let refused = 0
  let sent = 0
  /** Sends until the proxy refuses, or as much as a test may. Gives back an answer that should not be, where there was one. */
  const untilRefused = async (): Promise<{ readonly wrong: Answer | undefined } | undefined> => {
    for (const before = refused; sent < mostForLimit && refused === before; sent += wave) {
      const answers = await Promise.all(Array.from({ length: wave }, async () => from(path)))
      const wrong = answers.findIndex((answer) => answer === undefined || !(isKeys(answer) || isProxysRefusal(answer)))
      if (wrong >= 0) return { wrong: answers[wrong] }
      const kept = answers.filter((answer) => answer !== undefined && isKeys(answer)).length
      passed += kept
      refused += wave - kept
    }
    return undefined
  }

  let broken = await untilRefused()
  const rate = rateOf(limits)
  // Having given a few back shows the rate as well. Caddy counts in a window and gives back nothing before it is over.
  if (broken === undefined && rendered.kind !== 'caddy' && rate >= 1) {
    await pause((3 * 1_000) / rate)
    broken = await untilRefused()
  }
  if (broken !== undefined) {
    const sentence = `Autentico cannot be used through the proxy: ${path} ${words(broken.wrong)}.`
    return wellBefore ? disproved(sentence) : unknown(sentence)
  }
  return verdictOn({ limits, passed, refused, seconds: (performance.now() - so.began) / 1_000 })
}

const wave = 10
/** A proxy counts in steps, and the clock here is not the proxy's. */
const slack = { requests: 2, share: 1.1 }

/** What passed has to be the burst and what the rate gave back meanwhile. More disproves it; less may be others' doing. */
export function verdictOn(count: {
  readonly limits: Limits
  readonly passed: number
  readonly refused: number
  readonly seconds: number
}): Finding {
  const { limits, passed, refused, seconds } = count
  const expected = limits.burst + rateOf(limits) * seconds
  const wish = `a burst of ${limits.burst} and ${limits.rate.requests} a ${limits.rate.per}`
  const counted = `${passed} requests passed in ${seconds.toFixed(1)} seconds, ${refused} were refused`
  if (passed > expected * slack.share + slack.requests) {
    return disproved(`The limit is wider than ${wish}: ${counted}.`)
  }
  if (refused === 0) return unknown(`The limit was not reached: ${counted}, and a test sends no more.`)
  if (passed < expected / slack.share - slack.requests) {
    return unknown(
      `There is a limit, but not all of ${wish} was left: ${counted}. Somebody else asks from the same address, or this bot did a moment ago.`,
    )
  }
  return proven(`The limit is ${wish}: ${counted}.`)
}

function isKeys({ status, json }: Answer): boolean {
  return status === 200 && keys.safeParse(json).success
}

const keys = z.object({ keys: z.array(z.unknown()) })
