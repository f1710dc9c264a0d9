import { performance } from 'node:perf_hooks'
import { expect } from 'vitest'
import { markIsGone } from '#/proxy/probe.ts'
import { opened, placed, proxyStories } from '../../support/proxy-stories.ts'
import { startNginx, wishFor } from '../../support/real-proxy.ts'

const story = proxyStories('nginx', async (upstream) => startNginx({ upstream }))

story('while it is applied and taken back, nobody who asks is left without an answer', async ({ real }) => {
  const proxy = opened(real)
  const statuses: number[] = []
  const crowd = { gone: false }
  const asking = Array.from({ length: 8 }, async () => {
    while (!crowd.gone) {
      // A connection each, as clients have: none of them is kept for the next.
      const answer = await fetch(`${real.site.url}/healthz`, { headers: { connection: 'close' } }).catch(
        () => undefined,
      )
      statuses.push(answer?.status ?? 0)
      await answer?.arrayBuffer()
    }
  })

  const began = performance.now()
  const { result } = await placed(proxy, wishFor(real))
  const back = await proxy.rollBack()
  const gone = await markIsGone(real.site.url)
  crowd.gone = true
  await Promise.all(asking)

  expect([result.kind, back.kind, gone]).toEqual(['applied', 'rolled-back', true])
  expect(new Set(statuses)).toEqual(new Set([200]))
  // A crowd, and not a single one that waited.
  expect(statuses.length / ((performance.now() - began) / 1_000)).toBeGreaterThan(20)
})
