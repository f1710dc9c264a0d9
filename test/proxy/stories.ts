import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { type Check, openProxy, type Proxy } from '#/proxy/apply.ts'
import { isWell, type Probe, probe, whyNot } from '#/proxy/probe.ts'
import type { ProbeOptions } from '#/proxy/probe-options.ts'
import { render } from '#/proxy/render.ts'
import type { Rendered, Wish } from '#/proxy/rendered.ts'
import { missingProxy, type RealProxy } from '../support/real-proxy.ts'

type Played = {
  readonly real: RealProxy
  /** The Autentico behind it. */
  readonly upstream: string
  /** Starts another Autentico, which ends with the story. */
  readonly autentico: (options: { readonly rateLimit: boolean }) => Promise<LocalAutentico>
  /** Ends another proxy with the story. */
  readonly use: (other: RealProxy) => RealProxy
}

/**
 * Stories at a real proxy, each at one of its own, several side by side because most of a story is waiting. Behind all of
 * them is one local Autentico with its own limiter on. Where the program is not here they are left out.
 */
export function proxyStories(name: 'nginx' | 'caddy', start: (upstream: string) => Promise<RealProxy>) {
  const missing = missingProxy(name)
  const held = new AsyncDisposableStack()
  let upstream = ''

  beforeAll(async () => {
    if (missing === undefined) upstream = (await startAutentico(held, { rateLimit: true })).url
  })
  afterAll(async () => held.disposeAsync())

  return (title: string, play: (played: Played) => Promise<void>) => {
    test.concurrent(title, async ({ skip }) => {
      skip(missing !== undefined, missing)
      await using closing = new AsyncDisposableStack()
      await play({
        real: closing.use(await start(upstream)),
        upstream,
        autentico: async (options) => startAutentico(closing, options),
        use: (other) => closing.use(other),
      })
    })
  }
}

async function startAutentico(
  held: AsyncDisposableStack,
  options: { readonly rateLimit: boolean },
): Promise<LocalAutentico> {
  const dir = mkdtempSync(join(tmpdir(), 'responder-behind-proxy-'))
  held.defer(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return held.use(await startLocalAutentico({ dir, seed: 'empty', ...options }))
}

/** Opens the proxy as the worker does. `now` stands still. */
export function opened(real: RealProxy, now: Date = noon): Proxy {
  return openProxy({ ...real.setup, now: () => now })
}

export const noon: Date = new Date('2026-11-25T12:00:00Z')
export const half: Date = new Date('2026-11-25T12:30:00Z')

/** Applies a wish without a probe: for what is about files and reloads. */
export async function placed(proxy: Proxy, wish: Wish, rendered: Rendered = render(wish)) {
  const result = await proxy.apply({ rendered, until: half, check: async () => Promise.resolve({ good: true }) })
  return { result, rendered }
}

/** Applies a wish, probing as the worker does from an address that is allowed and from one that is not; with what each probe found. */
export async function applied(
  proxy: Proxy,
  wish: Wish,
  { rendered = render(wish), ...options }: Partial<ProbeOptions> & { readonly rendered?: Rendered } = {},
) {
  const { site, limits } = wish
  const from = ['127.0.0.1', '127.0.0.2']
  const wellBefore = await isWell(site.url)
  const probes: Probe[] = []
  const check: Check = async () => {
    const found = await probe({ site, limits, rendered, from, needsAdmin: false, wellBefore, ...options })
    probes.push(found)
    const sentence = whyNot(found)
    return sentence === undefined ? { good: true } : { good: false, sentence }
  }
  const result = await proxy.apply({ rendered, until: half, check })
  return { result, probes, rendered }
}
