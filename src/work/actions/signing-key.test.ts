import { readFileSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StepCheck } from '#/incident/work.ts'
import { againFor, aSite, orderFor, resultOf, type Site, signInAs } from '../test-support.ts'

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

async function whole(more: Parameters<typeof aSite>[0] = {}): Promise<Site> {
  return aSite({ whole: true, environment: true, ...more })
}

async function refresh({ idp }: Site, token: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token })
  return (await fetch(`${idp.url}/oauth2/token`, { method: 'POST', body })).status
}

async function userinfo({ idp }: Site, token: string): Promise<number> {
  return (await fetch(`${idp.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status
}

function valueOf({ idp }: Site, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(idp.environmentFile, 'utf8'))?.[1]
}

test('a key is made on the worker, put in place, proven by its modulus, and nothing of before works any more', async () => {
  const site = await whole()
  const bobby = site.idp.accounts['bobby']
  const old = await signInAs(site.idp, 'bobby', bobby?.password ?? '')
  const before = await site.autentico.publishedKey()

  const made = resultOf(await site.approve('make-signing-key', 30), 'done')
  expect(notProven(made.checks)).toEqual([])
  const params = { ...made.known, keyIdBefore: before.keyId }

  const replaced = resultOf(await site.approve('replace-signing-key', 40, { params }), 'done')
  expect(notProven(replaced.checks)).toEqual([])
  const now = await site.autentico.publishedKey()
  expect(now.fingerprint).toBe(made.known?.['keyFingerprint'])
  expect(now.keyId).not.toBe(before.keyId)
  // The trap of the document: a new signing key alone signs nobody out.
  expect(await userinfo(site, old.access)).toBe(401)
  const renewed = await refresh(site, old.refresh)
  expect(renewed).toBe(200)

  const fresh = await signInAs(site.idp, 'bobby', bobby?.password ?? '')
  const invalidated = resultOf(await site.approve('invalidate-tokens', 50, { params }), 'done')
  expect(notProven(invalidated.checks)).toEqual([])
  expect(invalidated.checks.map(({ name }) => name)).toContain('refresh-secret-changed')
  expect(await userinfo(site, fresh.access)).toBe(401)
  expect(await refresh(site, fresh.refresh)).toBe(400)

  const checked = resultOf(
    await site.run(orderFor(site.target, { action: 'check-signing-key', seq: 60, params })),
    'done',
  )
  expect(notProven(checked.checks)).toEqual([])
  const again = againFor(site.target, ['replace-signing-key', 'invalidate-tokens'])
  const swept = resultOf(
    await site.run(
      orderFor(site.target, { action: 'sweep', seq: 70, again, params: { ...params, ...invalidated.known } }),
    ),
    'done',
  )
  expect(notProven(swept.checks)).toEqual([])
  expect(new Set(swept.checks.map(({ step }) => step))).toEqual(new Set(again.map(({ step }) => step)))
}, 60_000)

test('the key never leaves the worker in clear, and is gone from it once it is in place', async () => {
  const site = await whole()
  const made = await site.approve('make-signing-key', 30)
  const folder = join(site.deps.reach.directory, 'keys')
  const [file = ''] = await readdir(folder)
  const key = readFileSync(join(folder, file), 'utf8')

  const replaced = await site.approve('replace-signing-key', 40, { params: resultOf(made, 'done').known ?? {} })
  expect(await readdir(folder)).toEqual([])
  expect(valueOf(site, 'AUTENTICO_PRIVATE_KEY')).toBe(key)
  expect(JSON.stringify([site.outcomes, made, replaced])).not.toContain(key.slice(0, 60))
}, 60_000)

test('where the real environment wins over the file, the old key is recognised and the step is not proven', async () => {
  const site = await whole()
  const params = resultOf(await site.approve('make-signing-key', 30), 'done').known ?? {}
  // A unit file sets the variable; the file is changed in vain.
  const value = valueOf(site, 'AUTENTICO_PRIVATE_KEY') ?? ''
  const wins = await whole({ idp: { variables: { AUTENTICO_PRIVATE_KEY: value } } })
  const own = resultOf(await wins.approve('make-signing-key', 30), 'done').known ?? {}
  const replaced = resultOf(await wins.approve('replace-signing-key', 40, { params: { ...params, ...own } }), 'done')
  expect(notProven(replaced.checks).join()).toMatch(/still signs with the old key/)
}, 60_000)

test('a key that Autentico cannot read is recognised as the throw-away one that it makes instead', async () => {
  const site = await whole()
  const made = resultOf(await site.approve('make-signing-key', 30), 'done')
  const file = site.idp.environmentFile
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/^AUTENTICO_PRIVATE_KEY=.*$/m, 'AUTENTICO_PRIVATE_KEY=bm8ga2V5'),
  )
  await site.idp.restart()
  const checked = resultOf(
    await site.run(orderFor(site.target, { action: 'check-signing-key', seq: 60, params: made.known ?? {} })),
    'done',
  )
  expect(notProven(checked.checks).join()).toMatch(/nobody configured.*throw-away/s)
}, 60_000)

test('when Autentico does not come up, the old file is put back, and that is told', async () => {
  const site = await whole({
    worker: {},
  })
  const made = resultOf(await site.approve('make-signing-key', 30), 'done')
  const before = readFileSync(site.idp.environmentFile, 'utf8')
  const { reach } = site.deps
  const broken = { ...reach, environment: { file: site.idp.environmentFile, restartCommand: ['false'] } }
  await site.worker?.stop({ graceMs: 500 })
  await site.start({ reach: broken, name: 'worker-2' })

  const failed = resultOf(await site.approve('replace-signing-key', 40, { params: made.known ?? {} }), 'failed')
  expect(failed.sentence).toMatch(/failed with exit code 1.*The old environment file was put back/s)
  expect(readFileSync(site.idp.environmentFile, 'utf8')).toBe(before)
}, 60_000)

test('without the environment file the exact commands are told, and a fingerprint that was pasted is proven', async () => {
  const site = await aSite({ whole: true })
  const refused = resultOf(
    await site.run(orderFor(site.target, { action: 'make-signing-key', seq: 30, mode: 'prepare' })),
    'failed',
  )
  expect(refused.instructions).toContain('openssl genrsa -traditional 4096 | base64 -w 0')

  const { fingerprint } = await site.autentico.publishedKey()
  const wrong = resultOf(
    await site.approve('replace-signing-key', 40, { inputs: { fingerprint: 'ab'.repeat(32) } }),
    'done',
  )
  expect(notProven(wrong.checks).join()).toMatch(/nobody configured/)
  const right = resultOf(await site.approve('replace-signing-key', 50, { inputs: { fingerprint } }), 'done')
  expect(notProven(right.checks)).toEqual([])
}, 60_000)
