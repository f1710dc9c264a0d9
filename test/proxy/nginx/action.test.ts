import { existsSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StepCheck } from '#/incident/work.ts'
import { openProxy } from '#/proxy/apply.ts'
import { aSite, orderFor, resultOf, type Site } from '#/work/test-support.ts'
import { freePort } from '../../support/free-port.ts'
import { missingProxy, type RealProxy, startNginx } from '../../support/real-proxy.ts'

const missing = missingProxy('nginx')

/** The drill's Autentico behind a real nginx that the worker may change; people know the address of nginx alone. */
async function behindNginx(now: () => Date = () => new Date()): Promise<Site & { readonly real: RealProxy }> {
  const port = await freePort()
  const site = await aSite({
    whole: true,
    start: false,
    idp: { rateLimit: true, variables: { AUTENTICO_APP_URL: `http://127.0.0.1:${port}` } },
  })
  const real = await startNginx({ upstream: site.idp.url, port })
  onTestFinished(async () => real[Symbol.asyncDispose]())
  const { kind, testCommand, reloadCommand } = real.setup
  const proxy = openProxy({ ...real.setup, now })
  await site.start({
    reach: {
      ...site.deps.reach,
      proxy: { kind, testCommand, reloadCommand, configPath: real.site.configPath, proxy },
      probeFrom: ['127.0.0.1', '127.0.0.2'],
    },
  })
  return { ...site, real }
}

const inputs = { proxy: 'configured', rate: '10', burst: '40', networks: '127.0.0.1' }

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

describe.skipIf(missing !== undefined)(missing ?? 'requests are limited at a real nginx', () => {
  test('the limit and the list are applied, proven by requests, and kept by the next step', async () => {
    const site = await behindNginx()
    const limited = resultOf(await site.approve('limit-requests', 30, { inputs }), 'done')
    expect(notProven(limited.checks)).toEqual([])
    expect(limited.did.join()).toMatch(/taken back at .* unless somebody keeps them/)

    const kept = resultOf(await site.approve('restrict-admin-api', 40, { params: limited.known ?? {} }), 'done')
    expect(notProven(kept.checks)).toEqual([])
    expect(kept.did.join()).toMatch(/stay/)
    expect(existsSync(site.real.site.configPath)).toBe(true)
  }, 45_000)

  test('what limits nothing sensible is refused before anybody is asked to approve it', async () => {
    const site = await behindNginx()
    const order = orderFor(site.target, {
      action: 'limit-requests',
      seq: 30,
      mode: 'prepare',
      inputs: { ...inputs, burst: '4' },
    })
    expect(resultOf(await site.run(order), 'failed').sentence).toMatch(/burst is a whole number from 5 to/)
    expect(existsSync(site.real.site.configPath)).toBe(false)
  }, 45_000)

  test('for a proxy that is not the worker’s to change, people get the file, and what they did is probed', async () => {
    const site = await behindNginx()
    const outcome = await site.approve('limit-requests', 30, { inputs: { ...inputs, proxy: 'caddy' } })
    const handed = resultOf(outcome, 'done')
    expect(handed.files?.[0]?.title).toMatch(/^For Caddy: save it as/)
    expect(notProven(handed.checks).join()).toMatch(/does not show .* that it has read the new configuration/)
  }, 45_000)
})
