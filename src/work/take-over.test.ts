import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Queue, Worker } from 'bullmq'
import { expect, onTestFinished, test, vi } from 'vitest'
import { buildWorker, startConsumer } from './consumer.ts'
import { openJournal } from './journal.ts'
import { makeKey } from './keys.ts'
import { signOutcome } from './outcome.ts'
import { aRedis, aSite, orderFor, quiet, resultOf, type Site } from './test-support.ts'
import { signOrder } from './work-order.ts'

/** A worker in a process of its own, so that it can be killed without a word. */
async function child(site: Site, name: string): Promise<{ kill(): Promise<void> }> {
  const pem = (
    key: { export(options: { type: 'pkcs8' | 'spki'; format: 'pem' }): string | Buffer },
    type: 'pkcs8' | 'spki',
  ): string => key.export({ type, format: 'pem' }).toString()
  const process = fork(new URL('./test-worker.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  process.send({
    name,
    url: site.redis.url,
    idp: site.idp.url,
    credentials: site.idp.credentials,
    databasePath: site.idp.databaseFile,
    journalFile: `${site.deps.journalFile}-${name}`,
    signingKey: pem(site.keys.worker.privateKey, 'pkcs8'),
    botKey: pem(site.keys.bot.publicKey, 'spki'),
    sealTo: pem(site.keys.sealing.publicKey, 'spki'),
  })
  const kill = async (): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return
    const gone = once(process, 'exit')
    process.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  await once(process, 'message')
  return { kill }
}

function revocations({ idp }: Site): number {
  return idp.control.calls.filter(
    ({ method, path, status }) => method === 'POST' && path.endsWith('/revoke-sessions') && status === 204,
  ).length
}

test('a worker killed in the middle is taken over by another, which ends what was begun', async () => {
  const site = await aSite({ start: false })
  const first = await child(site, 'first')
  await site.signIn()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  site.idp.control.forgetCalls()
  site.idp.control.fail({ method: 'POST', path: /revoke-sessions/, how: 'timeout-after-effect' })
  const order = orderFor(site.target, { action: 'revoke-sessions', basis })
  await site.queue.issue(order)
  // Its effect has happened, and the worker waits for an answer that does not come.
  await vi.waitFor(
    () => expect(site.idp.control.calls.some(({ path }) => path.endsWith('/revoke-sessions'))).toBe(true),
    { timeout: 10_000 },
  )
  await first.kill()
  await child(site, 'second')

  const outcome = await site.ended(order.id)
  expect(outcome.worker).toBe('second')
  const done = resultOf(outcome, 'done')
  expect(done.checks.every(({ proven }) => proven === true)).toBe(true)
  // The approval was for one session; that none was left is the doing of the first worker, and voids nothing.
  expect(done.did).toEqual(['Revoked 1 session and 1 token.'])
  expect(revocations(site)).toBeLessThanOrEqual(1)
}, 40_000)

test('an order killed three times over is still ended', async () => {
  const site = await aSite({ start: false })
  await site.signIn()
  site.idp.control.fail({ method: 'GET', path: /sessions/, how: 'timeout', times: 3 })
  const order = orderFor(site.target, { action: 'snapshot-account' })
  await site.queue.issue(order)
  const jobs = new Queue('orders', { connection: site.redis.client, prefix: 'autentico-responder' })
  onTestFinished(async () => jobs.close())
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    const worker = await child(site, name)
    await vi.waitFor(async () => expect((await jobs.getJob(order.id))?.attemptsStarted).toBe(index + 1), {
      timeout: 15_000,
    })
    await worker.kill()
  }
  site.idp.control.heal()
  await child(site, 'four')

  expect((await site.ended(order.id)).result.kind).toBe('snapshot')
}, 60_000)

test('a worker that froze until another had taken its place changes nothing more', async () => {
  const site = await aSite({ worker: { lockMs: 1_000, stalledMs: 60_000 } })
  await site.signIn()
  const { basis } = await site.effectOf('reset-password', 30)
  site.idp.control.forgetCalls()
  const order = orderFor(site.target, { action: 'reset-password', basis })
  // It looks for two seconds; meanwhile its place is taken.
  site.idp.control.fail({ method: 'GET', path: /audit-logs/, how: { delayMs: 600 }, times: 4 })
  await site.queue.issue(order)
  await vi.waitFor(async () => expect(await site.queue.state(order.id)).toBe('active'))
  const [key = ''] = await vi.waitFor(async () => {
    const keys = await site.redis.client.keys('autentico-responder:account:*')
    expect(keys.length).toBe(1)
    return keys
  })
  await site.redis.client.set(key, 'another worker', 'PX', 3_000)

  await vi.waitFor(async () => expect(await site.queue.state(order.id)).not.toBe('active'), { timeout: 5_000 })
  expect(site.idp.control.calls.filter(({ method }) => method === 'PUT')).toEqual([])
  expect((await site.ended(order.id)).result.kind).toBe('done')
}, 20_000)

test('a consumer whose worker went deaf is given a new one', async () => {
  const redis = await aRedis()
  const taken: string[] = []
  let built = 0
  const consumer = startConsumer({
    url: redis.url,
    log: quiet,
    queue: 'orders',
    concurrency: 2,
    canaryMs: 50,
    // The first one never listens and says that all is well, as a worker does after some lost connections.
    build: (process, options) => {
      built += 1
      return built === 1
        ? new Worker(options.name, process, { ...options, autorun: false })
        : buildWorker(process, options)
    },
    take: async ({ id }) => void taken.push(id),
  })
  onTestFinished(async () => consumer.stop({ graceMs: 100 }))
  const queue = new Queue('orders', { connection: redis.client, prefix: 'autentico-responder' })
  onTestFinished(async () => queue.close())
  await queue.add('order', {}, { jobId: 'INC-7-31' })

  await vi.waitFor(() => expect(taken).toEqual(['INC-7-31']), { timeout: 5_000 })
  expect(consumer.rebuilt()).toBe(1)
})

test('what a worker said before it was killed is sent when it starts again', async () => {
  const site = await aSite({ start: false })
  const order = orderFor(site.target, { action: 'snapshot-account' })
  const envelope = signOutcome(
    {
      order: order.id,
      incident: order.incident,
      worker: 'worker-1',
      attempt: 1,
      at: new Date().toISOString(),
      final: true,
      result: { kind: 'failed', sentence: 'It did not work.', retry: true },
    },
    site.keys.worker.privateKey,
  )
  {
    using journal = openJournal(site.deps.journalFile)
    journal.take(order.id, order.expiresAt)
    journal.say({ order: order.id, id: `${order.id}.said`, kind: 'outcome', envelope, final: true })
  }
  await site.start()

  expect((await site.ended(order.id)).result).toMatchObject({ sentence: 'It did not work.' })
})

test('what another worker is said to have begun counts only with a signature', async () => {
  const site = await aSite()
  await site.signIn()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  await site.signIn()
  const order = orderFor(site.target, { action: 'revoke-sessions', basis })
  const forged = signOrder(order, makeKey('ed25519').privateKey)
  await site.redis.client.set(`autentico-responder:begun:${order.id}`, JSON.stringify(forged))
  await site.redis.client.set(`autentico-responder:ended:${order.id}`, JSON.stringify(forged))

  // Believed, either would have kept the change from being noticed.
  expect((await site.run(order)).result.kind).toBe('changed')
})
