import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'vitest'
import { caddyLimits } from '#/proxy/command.ts'
import { isWell, markIsGone } from '#/proxy/probe.ts'
import { startCaddy, wishFor } from '../../support/real-proxy.ts'
import { applied, opened, placed, proxyStories } from '../stories.ts'

const story = proxyStories('caddy', async (upstream) => startCaddy({ upstream }))

story(
  'the list is applied, proven and taken back; the limit is left out where Caddy has no module for it',
  async ({ real }) => {
    const proxy = opened(real)
    const { result, probes } = await applied(proxy, wishFor(real))

    expect(result.kind).toBe('applied')
    expect(probes[0]).toMatchObject({
      live: { kind: 'proven' },
      limit: { kind: 'unknown', sentence: expect.stringContaining('has no module for it') as string },
      outside: { kind: 'proven' },
      inside: { kind: 'proven' },
      health: { kind: 'proven' },
      forwardedFor: { kind: 'proven' },
    })
    expect(await proxy.rollBack()).toMatchObject({ kind: 'rolled-back' })
    expect(await markIsGone(real.site.url)).toBe(true)
    expect(readdirSync(real.folder)).not.toContain(basename(real.site.configPath))
  },
)

story('an empty list lets nobody in', async ({ real }) => {
  const { probes } = await applied(opened(real), wishFor(real, { networks: '' }))

  expect(probes[0]?.outside.kind).toBe('proven')
  expect(probes[0]?.inside.kind).toBe('unknown')
})

story("Debian's Caddy says that it cannot limit requests", async ({ real }) => {
  expect(await caddyLimits(real.setup.testCommand ?? [])).toBe(false)
  expect(await caddyLimits(['/nowhere/caddy', 'validate'])).toBe(false)
})

story('a Caddy with the module says that it can, and is asked the way it is called', async ({ real }) => {
  const other = join(real.folder, 'other-caddy')
  writeFileSync(other, '#!/bin/sh\n[ "$*" = "--in box list-modules" ] && echo http.handlers.rate_limit\n', {
    mode: 0o755,
  })

  expect(await caddyLimits([other, '--in', 'box', 'validate', '--config', 'x'])).toBe(true)
  expect(await caddyLimits([other, 'validate', '--config', 'x'])).toBe(false)
  expect(await caddyLimits([other, '--in', 'box'])).toBe(false)
})

story('a Caddy that cannot limit requests refuses a file with a limit, and runs on as before', async ({ real }) => {
  const { result } = await placed(opened(real), { ...wishFor(real), caddyLimits: true })

  expect(result).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('rate_limit') as string })
  expect(readdirSync(real.folder)).not.toContain(basename(real.site.configPath))
  expect(await isWell(real.site.url)).toBe(true)
})

story('a site whose own handlers come first is found out, and the file is taken away again', async ({ real }) => {
  const main = readFileSync(real.mainFile, 'utf8')
  writeFileSync(
    real.mainFile,
    main.replace(/\treverse_proxy .*/, (line) => `\thandle {\n\t${line}\n\t}`),
  )
  const { result } = await applied(opened(real), wishFor(real), { patienceMs: 1_500 })

  expect(result).toMatchObject({ kind: 'rolled-back', sentence: expect.stringContaining('does not show') as string })
  expect(readdirSync(real.folder)).not.toContain(basename(real.site.configPath))
})
