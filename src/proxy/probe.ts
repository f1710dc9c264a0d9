import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { adminSeen } from './admin-probe.ts'
import { type Answer, asker } from './ask.ts'
import { disproved, type Finding, type From, proven, unknown, words } from './finding.ts'
import { isOverwritten } from './forwarded-probe.ts'
import { isLimited } from './limit-probe.ts'
import type { ProbeOptions } from './probe-options.ts'
import { markHeader, markPath } from './rendered.ts'

/** What real requests showed. */
export type Probe = {
  /** The proxy has read the files. */
  readonly live: Finding
  /** Requests over the limit are refused, those within are not. */
  readonly limit: Finding
  /** Others do not reach the admin API. */
  readonly outside: Finding
  /** Those who are allowed reach it. */
  readonly inside: Finding
  /** Autentico is well, through the proxy. */
  readonly health: Finding
  /** What a client writes into X-Forwarded-For does not reach Autentico. */
  readonly forwardedFor: Finding
  /** How many requests were sent for it. */
  readonly requests: number
}

/** Enough for every part; a probe is no attack. */
const mostRequests = 600

/**
 * Proves by requests what was applied, without credentials and without changing anything. For the clients' limit it is one
 * client more: for a few seconds afterwards this machine itself may be refused by it.
 */
export async function probe(options: ProbeOptions): Promise<Probe> {
  const { ask, asked } = asker(options.site.url, mostRequests)
  const [first] = options.from ?? []
  const from: From = async (path, more) => ask({ from: first, ...more, path })

  const live = await isLive(options, from)
  const rest = unknown('Not tried, because of what was found before.')
  const untried = { limit: rest, outside: rest, inside: rest, health: rest, forwardedFor: rest }
  // What will be taken back is not worth a single request more.
  if (live.kind === 'disproved') return { ...untried, live, requests: asked() }
  const health = await healthOf(options, from)
  const seen = await adminSeen(options, ask)
  if ([health, seen.inside, seen.outside].some(({ kind }) => kind === 'disproved')) {
    return { ...untried, live, health, ...seen, requests: asked() }
  }
  // First who is told apart by what, then the limit: the other way round nothing would get through to be told apart.
  const began = performance.now()
  const { finding: forwardedFor, passed } = await isOverwritten(options, from)
  const limit = await isLimited(options, from, { began, passed })
  return { live, health, ...seen, forwardedFor, limit, requests: asked() }
}

/** Whether Autentico says at this address that it is well. */
export async function isWell(url: string): Promise<boolean> {
  return saysWell(await asker(url, 1).ask({ path: '/healthz' }))
}

/** Why what is live now should be taken back, or undefined. What could not be observed is no reason. */
export function whyNot({ live, limit, outside, inside, health }: Probe): string | undefined {
  return [live, health, inside, outside, limit].find(({ kind }) => kind === 'disproved')?.sentence
}

/** Waits until the site no longer shows the mark: what was taken back is then no longer live. A reload takes a moment to show. */
export async function markIsGone(url: string, patienceMs = 8_000): Promise<boolean> {
  const { ask } = asker(url, mostRequests)
  return showsMark(async (path) => ask({ path }), undefined, patienceMs)
}

/**
 * nginx has old and new processes answer side by side for a tenth of a second, and longer on a busy machine. So the mark has
 * to be seen over and over for a while, before what is asked next is known to be asked of the new ones.
 */
const steady = { ms: 500, everyMs: 50, times: 5 }

async function showsMark(from: From, mark: string | undefined, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs
  let since: number | undefined
  for (let seen = 0; performance.now() < end; await pause(steady.everyMs)) {
    const answer = await from(markPath)
    const shown = answer !== undefined && answer.headers[markHeader.toLowerCase()] === mark
    since = shown ? (since ?? performance.now()) : undefined
    seen = shown ? seen + 1 : 0
    if (since !== undefined && seen >= steady.times && performance.now() - since >= steady.ms) return true
  }
  return false
}

async function isLive({ rendered, site, patienceMs = 8_000 }: ProbeOptions, from: From): Promise<Finding> {
  if (await showsMark(from, rendered.mark, patienceMs)) return proven('The proxy has read the new configuration.')
  return disproved(
    `The proxy does not show at ${site.url} that it has read the new configuration. Is the file included in the block of that site?`,
  )
}

async function healthOf({ wellBefore }: ProbeOptions, from: From): Promise<Finding> {
  const answer = await from('/healthz')
  if (saysWell(answer)) return proven('Autentico says through the proxy that it is well.')
  const sentence = `Autentico does not say through the proxy that it is well: /healthz ${words(answer)}.`
  return wellBefore ? disproved(sentence) : unknown(`${sentence} It did not before either.`)
}

function saysWell(answer: Answer | undefined): boolean {
  return answer?.status === 200 && healthy.safeParse(answer.json).success
}

const healthy = z.object({ status: z.literal('ok') })
