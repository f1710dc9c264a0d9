import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'
import { markIsGone, type Probe } from '#/proxy/probe.ts'
import { render } from '#/proxy/render.ts'
import type { Rendered } from '#/proxy/rendered.ts'
import { startNginx, wishFor } from '../../support/real-proxy.ts'
import { applied, half, opened, proxyStories } from '../stories.ts'

const story = proxyStories('nginx', async (upstream) => startNginx({ upstream }))

story('what is applied is proven by requests, and taken back without a trace', async ({ real }) => {
  const proxy = opened(real)
  const { result, probes, rendered } = await applied(proxy, wishFor(real))

  expect(result).toEqual({ kind: 'applied', until: half, sentence: expect.stringContaining('12:30 UTC') as string })
  expect(probes).toHaveLength(1)
  expect(findingsOf(probes[0])).toEqual({
    live: 'proven',
    limit: 'proven',
    outside: 'proven',
    inside: 'proven',
    health: 'proven',
    forwardedFor: 'proven',
  })
  expect(probes[0]?.requests).toBeLessThan(200)
  expect(proxy.pending()).toMatchObject({ phase: 'live', mark: rendered.mark, until: half })

  expect(await proxy.rollBack()).toMatchObject({ kind: 'rolled-back' })
  expect(await markIsGone(real.site.url)).toBe(true)
  expect(readdirSync(dirname(real.site.configPath))).toEqual([])
  expect(proxy.pending()).toBeUndefined()
})

story('a site that does not include the files is told so, and they are taken away again', async ({ real }) => {
  writeFileSync(real.mainFile, readFileSync(real.mainFile, 'utf8').replace(/include .*locations;/, ''))
  const { result, probes } = await applied(opened(real), wishFor(real), { patienceMs: 500 })

  expect(result).toMatchObject({
    kind: 'rolled-back',
    sentence: expect.stringContaining('Is the file included in the block of that site?') as string,
  })
  // No burst at a site that has no limit.
  expect(probes[0]?.requests).toBeLessThan(10)
  expect(readdirSync(dirname(real.site.configPath))).toEqual([])
})

const bends = [
  ['lets everybody in', /deny all;/g, '', 'is not allowed and reaches the admin API all the same'],
  ['refuses those who are allowed', /allow 127.*;/g, '', 'cannot be reached from 127.0.0.1, which is allowed'],
  ['has no limit', /limit_req zone.*;/g, '', 'is wider than a burst of 40 and 2 a second'],
  ['has a wider limit', /burst=39/g, 'burst=119', 'is wider than a burst of 40 and 2 a second'],
  ['has a faster limit', /rate=2r/g, 'rate=200r', 'is wider than a burst of 40 and 2 a second'],
  ['leads nowhere', /proxy_pass .*;/g, 'proxy_pass http://127.0.0.1:1;', 'cannot be reached from 127.0.0.1'],
] as const
for (const [what, from, to, why] of bends) {
  story(`a file that ${what} does not last`, async ({ real }) => {
    const wish = wishFor(real, { requests: '2' })
    const { result } = await applied(opened(real), wish, { rendered: bent(render(wish), from, to) })

    expect(result).toMatchObject({ kind: 'rolled-back', sentence: expect.stringContaining(why) as string })
    expect(readdirSync(dirname(real.site.configPath))).toEqual([])
  })
}

story(
  'a proxy that hands on what clients write into X-Forwarded-For is told apart from one that does not',
  async ({ real }) => {
    const wish = wishFor(real)
    const rendered = bent(render(wish), /X-Forwarded-For \$remote_addr/g, 'X-Forwarded-For $proxy_add_x_forwarded_for')
    const { result, probes } = await applied(opened(real), wish, { rendered })

    expect(probes[0]?.forwardedFor).toMatchObject({ kind: 'disproved' })
    // Others than this bot see to that, and what was applied is still better than nothing.
    expect(result.kind).toBe('applied')
  },
)

story('a list that locks the bot itself out does not last', async ({ real }) => {
  const { result } = await applied(opened(real), wishFor(real, { networks: '' }), { needsAdmin: true })

  expect(result).toMatchObject({ kind: 'rolled-back', sentence: expect.stringContaining('This bot itself') as string })
})

story('what cannot be seen from here is not called proven', async ({ real }) => {
  const wish = wishFor(real, { networks: '127.0.0.0/8', burst: '5', requests: '10', per: 'minute' })
  const { result, probes } = await applied(opened(real), wish)

  expect(result.kind).toBe('applied')
  expect(findingsOf(probes[0])).toMatchObject({ live: 'proven', limit: 'proven', outside: 'unknown', inside: 'proven' })
})

story('an Autentico that was ill before is no reason to take back the cure', async ({ autentico, use }) => {
  const ill = await autentico({ rateLimit: true })
  const other = use(await startNginx({ upstream: ill.url }))
  await ill.stop()
  const { result, probes } = await applied(opened(other), wishFor(other), { needsAdmin: true })

  expect(result.kind).toBe('applied')
  expect(findingsOf(probes[0])).toEqual({
    live: 'proven',
    limit: 'unknown',
    outside: 'proven',
    inside: 'unknown',
    health: 'unknown',
    forwardedFor: 'unknown',
  })
})

story("where Autentico's own limiter is off, nothing is said about X-Forwarded-For", async ({ autentico, use }) => {
  const other = use(await startNginx({ upstream: (await autentico({ rateLimit: false })).url }))
  const { result, probes } = await applied(opened(other), wishFor(other, { burst: '60' }))

  expect(result.kind).toBe('applied')
  expect(probes[0]?.forwardedFor).toMatchObject({
    kind: 'unknown',
    sentence: expect.stringContaining('is off') as string,
  })
})

story('a burst that a test would have to become an attack for is not proven', async ({ real }) => {
  const { probes } = await applied(opened(real), wishFor(real, { requests: '1000', burst: '1000' }))

  expect(probes[0]?.limit).toMatchObject({ kind: 'unknown' })
  expect(probes[0]?.requests).toBeLessThan(400)
})

function bent(rendered: Rendered, from: RegExp, to: string): Rendered {
  return { ...rendered, files: rendered.files.map(({ path, text }) => ({ path, text: text.replace(from, to) })) }
}

function findingsOf(found: Probe | undefined) {
  if (found === undefined) throw new Error('there was no probe')
  const { live, limit, outside, inside, health, forwardedFor } = found
  return Object.fromEntries(
    Object.entries({ live, limit, outside, inside, health, forwardedFor }).map(([name, { kind }]) => [name, kind]),
  )
}
