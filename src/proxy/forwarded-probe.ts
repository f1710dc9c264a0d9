import { z } from 'zod'
import type { Answer } from './ask.ts'
import { disproved, type Finding, type From, proven, unknown } from './finding.ts'
import type { ProbeOptions } from './probe.ts'

/** Autentico's own limiter, by default: so many at once by one client. It believes X-Forwarded-For, which is how it tells. */
const autenticosBurst = 10
const spoofs = autenticosBurst + 4

export async function isOverwritten(
  { limits, rendered, site }: ProbeOptions,
  from: From,
): Promise<{ readonly finding: Finding; readonly passed: number }> {
  if (rendered.limitsRequests && limits.burst < spoofs) {
    const why = `it takes ${spoofs} requests at once, and the burst is ${limits.burst}`
    return { finding: unknown(`Whether X-Forwarded-For is overwritten was not tried: ${why}.`), passed: 0 }
  }
  const post = async (address: (index: number) => string) =>
    Promise.all(
      Array.from({ length: spoofs }, async (_, index) =>
        from(`${site.oauthPath}/token`, { method: 'POST', headers: { 'x-forwarded-for': address(index) } }),
      ),
    )

  const different = await post((index) => `192.0.2.${index + 1}`)
  const passed = different.filter((answer) => answer !== undefined && !isProxysRefusal(answer)).length
  if (different.some(isAutenticosRefusal)) {
    const sentence = 'Whatever a client writes into X-Forwarded-For, to Autentico it is the same client.'
    return { finding: proven(sentence), passed }
  }
  if (rendered.limitsRequests && limits.burst < 2 * spoofs) {
    const sentence = 'Whether X-Forwarded-For is overwritten cannot be told: the burst leaves no room for a second try.'
    return { finding: unknown(sentence), passed }
  }
  const same = await post(() => '192.0.2.200')
  const all = passed + same.filter((answer) => answer !== undefined && !isProxysRefusal(answer)).length
  if (!same.some(isAutenticosRefusal)) {
    const sentence = `Whether X-Forwarded-For is overwritten cannot be told: Autentico's own limiter is off or wider than by default.`
    return { finding: unknown(sentence), passed: all }
  }
  const sentence = `Autentico believes what a client writes into X-Forwarded-For, so its own limiter is no hindrance. Set it to the client's address in the proxy, for every path.`
  return { finding: disproved(sentence), passed: all }
}

function isAutenticosRefusal(answer: Answer | undefined): boolean {
  return answer?.status === 429 && refusal.safeParse(answer.json).success
}

export function isProxysRefusal(answer: Answer): boolean {
  return (answer.status === 429 || answer.status === 503) && !isAutenticosRefusal(answer)
}

const refusal = z.object({ error: z.literal('too_many_requests') })
