import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, watch, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { readSigningKey } from '#/autentico/signing-key.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { StepCheck } from '#/incident/work.ts'
import { openStopBoard } from '../../stops.ts'
import { againFor, aSite, orderFor, quiet, resultOf, type Site, signInAs } from '../../test-support.ts'
import { keepFor } from './key-files.ts'

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

async function whole(more: Parameters<typeof aSite>[0] = {}): Promise<Site> {
  return aSite({ whole: true, environment: true, worker: { times: { confirmMs: 500 } }, ...more })
}

async function refresh({ idp }: Site, token: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token })
  return (await fetch(`${idp.url}/oauth2/token`, { method: 'POST', body })).status
}

async function userinfo({ idp }: Site, token: string): Promise<number> {
  return (await fetch(`${idp.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status
}

/** A key as the step before leaves it, small, since a large one takes seconds to make. */
function smallKey(): { readonly value: string; readonly fingerprint: string } {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey
  const value = Buffer.from(pem).toString('base64')
  const key = readSigningKey(value)
  if (key.kind !== 'usable') throw new Error(key.sentence)
  return { value, fingerprint: key.fingerprint }
}

/** Puts one where the step before leaves it, and gives what is known of it. */
async function waiting({ deps }: Site): Promise<Readonly<Record<string, string>>> {
  const { value, fingerprint } = smallKey()
  await keepFor(deps.reach.directory, 'INC-7' as IncidentId, 'signing-key', value)
  return { keyFingerprint: fingerprint }
}

function valueOf({ idp }: Site, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(idp.environmentFile, 'utf8'))?.[1]
}

/** Tells the name of each file in a folder that is made, changed or replaced. */
function watching(folder: string, changed: (name: string) => void): Disposable {
  const watcher = watch(folder, (_, name) => changed(name ?? ''))
  return { [Symbol.dispose]: () => watcher.close() }
}

test('a key is made on the worker, stays there, is put in place, proven by its modulus, and nothing of before works any more', async () => {
  const site = await whole()
  const bobby = site.idp.accounts['bobby']
  const old = await signInAs(site.idp, 'bobby', bobby?.password ?? '')
  const before = await site.autentico.publishedKey()

  const made = resultOf(await site.approve('make-signing-key', 30), 'done')
  expect(notProven(made.checks)).toEqual([])
  const params = { ...made.known, keyIdBefore: before.keyId }
  const folder = join(site.deps.reach.directory, 'keys')
  const [file = ''] = await readdir(folder)
  const key = readFileSync(join(folder, file), 'utf8')

  const replaced = resultOf(await site.approve('replace-signing-key', 40, { params }), 'done')
  expect(notProven(replaced.checks)).toEqual([])
  const now = await site.autentico.publishedKey()
  expect(now.fingerprint).toBe(made.known?.['keyFingerprint'])
  expect(now.keyId).not.toBe(before.keyId)
  // The key is in place, gone from where it waited, and was told to nobody.
  expect(valueOf(site, 'AUTENTICO_PRIVATE_KEY')).toBe(key)
  expect(await readdir(folder)).toEqual([])
  expect(JSON.stringify(site.outcomes)).not.toContain(key.slice(0, 60))
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
  expect([...new Set(swept.checks.map(({ step }) => step))]).toEqual(['replace-signing-key', 'invalidate-tokens'])
}, 60_000)

test('where the real environment wins over the file, the old key is recognised and the step is not proven', async () => {
  const site = await whole({ idp: { variables: { AUTENTICO_PRIVATE_KEY: smallKey().value } } })
  const params = await waiting(site)
  const before = (await site.autentico.publishedKey()).fingerprint
  const replaced = resultOf(
    await site.approve('replace-signing-key', 40, { params: { ...params, keyBefore: before } }),
    'done',
  )
  expect(notProven(replaced.checks).join()).toMatch(/still signs with the old key/)
}, 30_000)

test('a key that Autentico cannot read is recognised as the throw-away one that it makes instead', async () => {
  const site = await whole()
  const params = await waiting(site)
  const file = site.idp.environmentFile
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/^AUTENTICO_PRIVATE_KEY=.*$/m, 'AUTENTICO_PRIVATE_KEY=bm8ga2V5'),
  )
  await site.idp.restart()
  const checked = resultOf(
    await site.run(orderFor(site.target, { action: 'check-signing-key', seq: 60, params })),
    'done',
  )
  expect(notProven(checked.checks).join()).toMatch(/nobody configured.*throw-away/s)
}, 60_000)

test('when Autentico does not come up, the old file is put back, and that is told', async () => {
  const site = await whole()
  const params = await waiting(site)
  const before = readFileSync(site.idp.environmentFile, 'utf8')
  const { reach } = site.deps
  const broken = { ...reach, environment: { file: site.idp.environmentFile, restartCommand: ['false'] } }
  await site.worker?.stop({ graceMs: 500 })
  await site.start({ reach: broken, name: 'worker-2' })

  const failed = resultOf(await site.approve('replace-signing-key', 40, { params }), 'failed')
  expect(failed.sentence).toMatch(/failed with exit code 1.*The old environment file was put back/s)
  expect(readFileSync(site.idp.environmentFile, 'utf8')).toBe(before)
}, 60_000)

test('a restart command that never ends is ended in its time, the old file is put back, and that is told', async () => {
  const site = await whole({ start: false })
  const params = await waiting(site)
  const { environmentFile: file } = site.idp
  const before = readFileSync(file, 'utf8')
  const reach = { ...site.deps.reach, environment: { file, restartCommand: ['sleep', '600'] } }
  await site.start({ reach, times: { confirmMs: 500, restartMs: 500 } })

  const failed = resultOf(await site.approve('replace-signing-key', 40, { params }), 'failed')
  expect(failed.sentence).toMatch(/did not end in time and was stopped.*The old environment file was put back/s)
  expect(readFileSync(file, 'utf8')).toBe(before)
}, 60_000)

test('stopped between the new file and the restart, the old file is put back and nothing is restarted', async () => {
  const site = await whole()
  const params = await waiting(site)
  const { environmentFile: file } = site.idp
  const before = readFileSync(file, 'utf8')
  const { basis } = await site.effectOf('replace-signing-key', 40, { params })
  using board = openStopBoard({ url: site.redis.url, log: quiet, signingKey: site.keys.bot.privateKey })
  const stop = { incident: 'INC-7' as IncidentId, seq: 45, at: new Date().toISOString() }
  await vi.waitFor(async () => board.publish(stop))
  await board.clear(stop.incident)
  // The old file is kept just before the new one takes its place: by the next look at the board the stop is there.
  const stopping = Promise.withResolvers<void>()
  let wasChanged = false
  using _watch = watching(dirname(file), (name) => {
    if (name.includes('.before-')) stopping.resolve(board.publish(stop))
    wasChanged ||= name === basename(file) && readFileSync(file, 'utf8') !== before
  })
  await site.queue.issue(orderFor(site.target, { action: 'replace-signing-key', seq: 41, basis, params }))
  await stopping.promise
  await vi.waitFor(() => expect(site.outcomes.at(-1)?.result).toMatchObject({ kind: 'halted', begun: true }))
  expect(wasChanged).toBe(true)
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect((await site.autentico.publishedKey()).fingerprint).not.toBe(params['keyFingerprint'])
}, 60_000)

test('without the environment file the exact commands are told, and a fingerprint that was pasted is proven', async () => {
  const site = await whole({ environment: false })
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
