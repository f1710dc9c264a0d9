import { z } from 'zod'
import { type Network, quoted, readNetworks } from './networks.ts'

/** How many requests one client may make, and who may reach the admin API. Numbers and networks only: no text of anybody's. */
export type Limits = {
  /** The long-term rate of one client address. */
  readonly rate: { readonly requests: number; readonly per: 'second' | 'minute' }
  /** How many requests may come at once after a quiet while. */
  readonly burst: number
  /** Who may reach the admin API through the proxy. Empty: nobody. */
  readonly allowed: readonly Network[]
}

/** What the form holds, as it was typed. */
export type LimitsForm = {
  readonly requests: string
  readonly per: string
  readonly burst: string
  readonly networks: string
}

/** The limits with what people should be told of them, or everything that is wrong, each with the name of its field. */
export type ReadLimits =
  | { readonly kind: 'limits'; readonly limits: Limits; readonly notes: readonly string[] }
  | { readonly kind: 'unusable'; readonly problems: readonly Problem[] }

export type Problem = { readonly field: keyof LimitsForm; readonly sentence: string }

/** Below the first of each nobody can sign in (a page of Autentico takes several requests); above the second it limits nothing. */
const bounds = { second: [1, 1_000], minute: [10, 6_000], burst: [5, 1_000] } as const

/** Reads the form. Every problem is reported at once, and says what was given, why it does not do, and what would. */
export function readLimits(form: LimitsForm): ReadLimits {
  const read = schemaFor(form.per).safeParse(form)
  if (read.success) {
    const { per, requests, burst, networks } = read.data
    const limits = { rate: { requests, per }, burst, allowed: networks.networks }
    return { kind: 'limits', limits, notes: [...networks.notes, ...nobody(networks.networks)] }
  }
  return {
    kind: 'unusable',
    problems: read.error.issues.map(({ path, message }) => ({ field: fieldOf(path[0]), sentence: message })),
  }
}

/** In requests a second. */
export function rateOf({ rate }: Limits): number {
  return rate.per === 'second' ? rate.requests : rate.requests / 60
}

function nobody(networks: readonly Network[]): readonly string[] {
  if (networks.length > 0) return []
  return [
    'No network is allowed: nobody reaches the admin API and the admin pages through the proxy, this bot included. Whoever is on the server itself still does.',
  ]
}

function fieldOf(name: PropertyKey | undefined): keyof LimitsForm {
  return name === 'requests' || name === 'per' || name === 'burst' ? name : 'networks'
}

/** The bounds of the rate depend on what it is counted by; where that is wrong too, the wider ones count. */
function schemaFor(per: string) {
  const rate = per === 'second' ? bounds.second : bounds.minute
  return z.object({
    requests: wholeNumber('The rate', rate),
    per: z.enum(['second', 'minute'], { error: 'The rate is counted per second or per minute. Choose one.' }),
    burst: wholeNumber('The burst', bounds.burst),
    networks: z.string().transform((text, context) => {
      const read = readNetworks(text)
      if (read.kind === 'networks') return read
      for (const message of read.problems) context.addIssue({ code: 'custom', message })
      return z.NEVER
    }),
  })
}

function wholeNumber(what: string, [least, most]: readonly [number, number]) {
  return z.string().transform((text, context) => {
    const digits = text.trim()
    const number = Number(digits)
    if (/^\d{1,9}$/.test(digits) && number >= least && number <= most) return number
    const message = `${what} is a whole number from ${least} to ${most}, not ${quoted(digits)}. Less keeps people from signing in, more limits nothing.`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}
