import { expect, onTestFinished, test } from 'vitest'
import { Browser } from '#/drill/autentico/browser.ts'
import { portalClientId } from '#/drill/autentico/seed.ts'
import { type Directory, openDirectory } from './directory.ts'
import type { Answer } from './questions.ts'
import { aRedis, aSite, quiet, type Site, someKeys } from './test-support.ts'

function directoryOf(site: Site): Directory {
  const directory = openDirectory({
    url: site.redis.url,
    log: quiet,
    signingKey: site.keys.bot.privateKey,
    workerKeys: [site.keys.worker.publicKey],
  })
  onTestFinished(async () => directory[Symbol.asyncDispose]())
  return directory
}

function whyNot(answer: Answer): string {
  return answer.kind === 'unavailable' ? answer.why : `answered: ${answer.kind}`
}

test('accounts are found while typing, and the bot is marked', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  const found = await directory.ask({ kind: 'search', text: 'bob', limit: 10 }, 2_000)
  const bot = await directory.ask({ kind: 'search', text: 'incident-bot', limit: 10 }, 2_000)

  expect(found).toMatchObject({
    kind: 'hits',
    hits: [
      { username: 'bobb', isBot: false },
      { username: 'bobby', sessions: 0, mfa: false },
    ],
  })
  expect(bot).toMatchObject({ hits: [{ username: 'incident-bot', isBot: true }] })
})

test('a pick is exact: by username, e-mail address or id', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  for (const text of ['bobby', 'BOBBY@acme.test', site.target.id]) {
    expect(await directory.ask({ kind: 'pick', text }, 2_000)).toMatchObject({
      kind: 'found',
      account: { id: site.target.id },
    })
  }
  expect(await directory.ask({ kind: 'pick', text: 'bob' }, 2_000)).toEqual({
    kind: 'none',
    nearest: ['bobb', 'bobby'],
    note: '',
  })
})

test('a suspended account is found with the database, and without it it is said that it may be there', async () => {
  const site = await aSite()
  await site.approve('suspend-account', 30)
  expect(await directoryOf(site).ask({ kind: 'pick', text: 'bobby' }, 2_000)).toMatchObject({
    kind: 'suspended',
    account: { username: 'bobby', suspended: true },
  })

  const blind = await aSite({ database: false })
  await blind.approve('suspend-account', 30)
  expect(await directoryOf(blind).ask({ kind: 'pick', text: 'bobby' }, 2_000)).toMatchObject({
    kind: 'none',
    note: 'Autentico does not show suspended accounts, so it may be one of those.',
  })
})

test('the last sign-in with a browser is told, and that there is none', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  const ask = async () => directory.ask({ kind: 'last-sign-in', account: site.target.id }, 5_000)
  expect(await ask()).toEqual({ kind: 'last-sign-in' })

  const before = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString()
  const browser = new Browser({
    url: site.idp.url,
    clientId: portalClientId,
    redirectUri: 'http://localhost:3000/callback',
  })
  await browser.login('bobby', site.idp.accounts['bobby']?.password ?? '')
  const answer = await ask()
  expect(answer.kind === 'last-sign-in' && answer.at !== undefined && answer.at >= before).toBe(true)
})

test('a worker says what it can do', async () => {
  const site = await aSite()
  const answer = await directoryOf(site).ask({ kind: 'capabilities' }, 5_000)

  expect(answer).toMatchObject({
    kind: 'capabilities',
    worker: 'worker-1',
    adminApi: true,
    database: true,
    auditing: true,
  })
})

test('without a worker, without Redis and without Autentico it says which is missing', async () => {
  const site = await aSite({ start: false })
  const directory = directoryOf(site)
  expect(whyNot(await directory.ask({ kind: 'pick', text: 'bobby' }, 300))).toContain('No worker answered')

  await site.start()
  site.idp.control.fail({ path: /admin/, how: { status: 503 }, times: 100 })
  expect(whyNot(await directory.ask({ kind: 'pick', text: 'bobby' }, 2_000))).toContain('503')

  await site.redis.kill()
  expect(whyNot(await directory.ask({ kind: 'pick', text: 'bobby' }, 2_000))).toContain('Redis')
})

test('nobody but the bot is answered, and nobody but a worker is believed', async () => {
  const site = await aSite()
  const stranger = openDirectory({
    url: site.redis.url,
    log: quiet,
    signingKey: site.keys.stranger.privateKey,
    workerKeys: [site.keys.worker.publicKey],
  })
  onTestFinished(async () => stranger[Symbol.asyncDispose]())
  expect(await stranger.ask({ kind: 'pick', text: 'bobby' }, 300)).toMatchObject({ kind: 'unavailable' })

  const doubter = openDirectory({
    url: site.redis.url,
    log: quiet,
    signingKey: site.keys.bot.privateKey,
    workerKeys: [site.keys.stranger.publicKey],
  })
  onTestFinished(async () => doubter[Symbol.asyncDispose]())
  expect(await doubter.ask({ kind: 'pick', text: 'bobby' }, 300)).toMatchObject({ kind: 'unavailable' })
})

test('nothing piles up where no worker listens', async () => {
  const redis = await aRedis()
  const keys = someKeys()
  const directory = openDirectory({ url: redis.url, log: quiet, signingKey: keys.bot.privateKey, workerKeys: [] })
  onTestFinished(async () => directory[Symbol.asyncDispose]())
  await directory.ask({ kind: 'pick', text: 'bobby' }, 50)

  expect(await redis.client.pttl('autentico-responder:questions')).toBeGreaterThan(0)
})

test('a Redis that refused everybody at the start is asked again once it takes us', async () => {
  const site = await aSite()
  await site.redis.client.config('SET', 'requirepass', 'quite-another-one')
  // Several, because the moment when one asks again decides.
  const directories = Array.from({ length: 40 }, () => directoryOf(site))
  const refusals = await Promise.all(directories.map(async (directory) => directory.refusal(5_000)))
  expect(new Set(refusals)).toEqual(new Set(['NOAUTH']))
  await site.redis.client.config('SET', 'requirepass', '')
  await Promise.all(
    directories.map(async (directory) =>
      expect
        .poll(async () => directory.ask({ kind: 'search', text: 'bob', limit: 10 }, 2_000), {
          timeout: 10_000,
          interval: 2,
        })
        .toMatchObject({ kind: 'hits' }),
    ),
  )
})

test('a Redis that takes no writes is told apart from one that is away', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  expect(await directory.refusal(2_000)).toBeUndefined()
  await site.redis.client.call('REPLICAOF', '127.0.0.1', '1')
  expect(await directory.refusal(2_000)).toBe('READONLY')
  await site.redis.client.call('REPLICAOF', 'NO', 'ONE')
  await site.redis.kill()
  expect(await directory.refusal(2_000)).toBeUndefined()
})
