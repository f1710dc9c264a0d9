import { expect } from 'vitest'
import { asker } from '#/proxy/ask.ts'
import { markIsGone } from '#/proxy/probe.ts'
import { startNginx, wishFor } from '../../support/real-proxy.ts'
import { opened, placed, proxyStories } from '../stories.ts'

const story = proxyStories('nginx', async (upstream) => startNginx({ upstream }))

story('while it is applied and taken back, nobody who asks is left without an answer', async ({ real }) => {
  const proxy = opened(real)
  const statuses: number[] = []
  const crowd = { gone: false }
  // A connection each, as clients have.
  const { ask } = asker(real.site.url, 100_000)
  const asking = Array.from({ length: 8 }, async () => {
    while (!crowd.gone) statuses.push((await ask({ path: '/healthz' }))?.status ?? 0)
  })

  const { result } = await placed(proxy, wishFor(real))
  const back = await proxy.rollBack()
  const gone = await markIsGone(real.site.url)
  crowd.gone = true
  await Promise.all(asking)

  expect([result.kind, back.kind, gone]).toEqual(['applied', 'rolled-back', true])
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(statuses.length).toBeGreaterThan(50)
})
