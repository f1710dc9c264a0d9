import { expect, onTestFinished, test, vi } from 'vitest'
import { aSite, quiet, type Site } from '#/work/test-support.ts'
import { type Accounts, accountsOf } from './accounts.ts'

function accountsAt(site: Site): Accounts {
  const accounts = accountsOf({
    redis: { url: site.redis.url, log: quiet },
    keys: { signing: site.keys.bot, sealing: site.keys.sealing, ledger: site.keys.bot },
    workerKeys: [site.keys.worker.publicKey],
  })
  onTestFinished(async () => accounts[Symbol.asyncDispose]())
  return accounts
}

test('how the program is, is said with a sign and in words: Redis, and each worker with what it cannot do', async () => {
  const site = await aSite({ database: false })
  const accounts = accountsAt(site)
  await vi.waitFor(async () =>
    expect(await accounts.status()).toEqual([
      '✅ Redis answers.',
      '⚠️ worker-1: Autentico answers; not everything can be proven.',
      expect.stringMatching(/^⚠️ worker-1: The account of the bot has no TOTP/),
      expect.stringMatching(/^⚠️ worker-1: No database \(`AUTENTICO_DB_PATH`\): passkeys/),
    ]),
  )
})

test('an Autentico that refuses is said to, and accounts cannot be looked up', async () => {
  const site = await aSite()
  const accounts = accountsAt(site)
  await vi.waitFor(async () => expect(await accounts.status()).toHaveLength(3))
  expect(await accounts.trouble()).toBeUndefined()
  site.idp.control.fail({ path: /admin/, how: { status: 503 }, times: 200 })
  expect((await accounts.status())[1]).toBe('⛔ worker-1: Autentico cannot be used.')
  expect(await accounts.trouble()).toMatch(/503/)
})

test('without a worker it is said that what is approved waits for one', async () => {
  const accounts = accountsAt(await aSite({ start: false }))
  expect(await accounts.status()).toEqual([
    '✅ Redis answers.',
    '⛔ No worker is running: what is approved waits for one.',
  ])
})

test('while Redis is away it is said since when, and nothing is said of the workers', async () => {
  const site = await aSite()
  const accounts = accountsAt(site)
  await vi.waitFor(async () => expect(await accounts.status()).toHaveLength(3))
  await site.redis.kill()
  await vi.waitFor(async () =>
    expect(await accounts.status()).toEqual([
      expect.stringMatching(/^⛔ Redis does not answer since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. .*not known\.$/),
    ]),
  )
  expect(await accounts.search('ali')).toMatchObject({
    kind: 'unavailable',
    why: expect.stringContaining('Redis') as unknown,
  })
  expect(await accounts.trouble()).toBe('The queue (Redis) does not answer, so Autentico cannot be asked.')
})
