import { expect, onTestFinished, test, vi } from 'vitest'
import { type Directory, openDirectory } from './directory.ts'
import type { WorkerSeen } from './presence.ts'
import { signed } from './signing.ts'
import { aSite, quiet, type Site } from './test-support.ts'

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

async function untilSeen(directory: Directory, ...names: readonly string[]): Promise<readonly WorkerSeen[]> {
  return vi.waitFor(async () => {
    const seen = (await directory.workers(1_000)) ?? []
    expect(seen.map(({ worker }) => worker)).toEqual(names)
    return seen
  })
}

test('every worker is known by name, and each can be asked alone', async () => {
  const site = await aSite()
  await site.start({ name: 'worker-2', journalFile: `${site.deps.journalFile}.2` })
  const directory = directoryOf(site)
  expect(await untilSeen(directory, 'worker-1', 'worker-2')).toMatchObject([{ present: true }, { present: true }])
  for (const worker of ['worker-1', 'worker-2'])
    expect(await directory.ask({ kind: 'capabilities' }, 5_000, worker)).toMatchObject({ kind: 'capabilities', worker })
})

test('a worker that was stopped is not spoken of; one that died is, with when it was last heard', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  const stopped = await site.start({ name: 'worker-2', journalFile: `${site.deps.journalFile}.2` })
  await untilSeen(directory, 'worker-1', 'worker-2')
  await stopped.stop({ graceMs: 100 })
  const [one] = await untilSeen(directory, 'worker-1')

  // Its word runs out, as it does when nobody says it again.
  await vi.waitFor(async () => {
    await site.redis.client.del('autentico-responder:present:worker-1')
    expect(await directory.workers(1_000)).toMatchObject([{ worker: 'worker-1', present: false }])
  })
  expect(one?.at).toMatch(/^\d{4}-\d\d-\d\dT/)
})

test('nobody but a known worker is believed to be one, and no worker under the name of another', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  await untilSeen(directory, 'worker-1')
  const at = new Date().toISOString()
  const forged = signed('presence', { worker: 'mallory', at }, site.keys.stranger.privateKey)
  const renamed = signed('presence', { worker: 'worker-1', at }, site.keys.worker.privateKey)
  await site.redis.client.hset('autentico-responder:workers', {
    mallory: JSON.stringify(forged),
    'worker-9': JSON.stringify(renamed),
    nonsense: 'not json',
  })
  const seen = (await directory.workers(1_000)) ?? []
  expect(seen.map(({ worker }) => worker)).toEqual(['worker-1'])
})

test('while Redis is away it is known since when, and that the workers are not known', async () => {
  const site = await aSite()
  const directory = directoryOf(site)
  await untilSeen(directory, 'worker-1')
  expect(directory.awaySince()).toBeUndefined()
  await site.redis.kill()
  await vi.waitFor(() => expect(directory.awaySince()).toMatch(/^\d{4}-/))
  expect(await directory.workers(1_000)).toBeUndefined()
  await site.redis.restart()
  await vi.waitFor(() => expect(directory.awaySince()).toBeUndefined())
  await untilSeen(directory, 'worker-1')
})
