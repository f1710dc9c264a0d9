import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer } from './ask.ts'
import { disproved, type Finding, type From, proven, unknown, words } from './finding.ts'
import { isProxysRefusal } from './forwarded-probe.ts'
import { type Limits, rateOf } from './limits.ts'
import type { ProbeOptions } from './probe-options.ts'

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

  const rate = rateOf(limits)
  let broken = await untilRefused()
  let refill: Refill | undefined
  // What it gives back shows the rate as well. Caddy counts in a window, and gives back nothing before that is over.
  if (broken === undefined && refused > 0 && rendered.kind !== 'caddy' && rate >= minimalRefill / longestPauseS) {
    const [before, paused] = [passed, performance.now()]
    await pause((minimalRefill * 1_000) / rate)
    const seconds = (performance.now() - paused) / 1_000
    broken = await untilRefused()
    refill = { seconds, passed: passed - before }
  }
  if (broken !== undefined) {
    const sentence = `Autentico cannot be used through the proxy: ${path} ${words(broken.wrong)}.`
    return wellBefore ? disproved(sentence) : unknown(sentence)
  }
  return verdictOn({ limits, passed, refused, seconds: (performance.now() - so.began) / 1_000, refill })
}

const wave = 10
const minimalRefill = 5
const longestPauseS = 2
/** A proxy counts in steps, and the clock here is not the proxy's. */
const slack = { requests: 2, share: 1.1 }

/** After a refusal, how long nothing was sent, and how many passed then. */
type Refill = { readonly seconds: number; readonly passed: number }

/**
 * No more may pass than the burst and what the rate gives in the whole time: more disproves the limit. No less than the burst
 * should, nor than what the rate gives while nothing is sent: less may be others' doing, and proves nothing.
 */
export function verdictOn(count: {
  readonly limits: Limits
  readonly passed: number
  readonly refused: number
  readonly seconds: number
  readonly refill: Refill | undefined
}): Finding {
  const { limits, passed, refused, seconds, refill } = count
  const [{ burst }, rate] = [limits, rateOf(limits)]
  const wish = `a burst of ${burst} and ${limits.rate.requests} a ${limits.rate.per}`
  const counted = `${passed} requests passed in ${seconds.toFixed(1)} seconds, ${refused} were refused`
  if (passed > (burst + rate * seconds) * slack.share + slack.requests) {
    return disproved(`The limit is wider than ${wish}: ${counted}.`)
  }
  if (refused === 0) return unknown(`The limit was not reached: ${counted}, and a test sends no more.`)
  const isLess = (found: number, due: number) => found < due / slack.share - slack.requests
  if (
    isLess(passed, burst) ||
    (refill !== undefined && isLess(refill.passed, Math.min(burst, rate * refill.seconds)))
  ) {
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
