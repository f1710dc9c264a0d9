import { Queue } from 'bullmq'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import { signOutcome } from './outcome.ts'
import { RedisUnfit } from './redis.ts'
import { open } from './seal.ts'
import { ana, aRedis, aSite, orderFor, resultOf, type Site } from './test-support.ts'
import { signOrder, type WorkOrder } from './work-order.ts'

/** Calls that change something, as Autentico saw them. */
function changes({ idp }: Site): readonly string[] {
  return idp.control.calls.filter((call) => call.method !== 'GET').map((call) => `${call.method} ${call.path}`)
}

function jobsOf(site: Site, name: 'orders' | 'outcomes' = 'orders'): Queue {
  const queue = new Queue(name, { connection: site.redis.client, prefix: 'autentico-responder' })
  onTestFinished(async () => queue.close())
  return queue
}

/** An approved order to revoke the target's sessions, of which there is one. */
async function approved(site: Site, seq = 31): Promise<WorkOrder> {
  await site.signIn()
  return orderFor(site.target, {
    action: 'revoke-sessions',
    seq,
    basis: await site.effectOf('revoke-sessions', seq - 1).then(({ basis }) => basis),
  })
}

test('an order is begun, done, proven and reported, and only then is its job complete', async () => {
  const site = await aSite()
  const order = await approved(site)
  const outcome = await site.run(order)

  const done = resultOf(outcome, 'done')
  expect(done.did).toEqual(['Revoked 1 session and 1 token.'])
  expect(done.checks.map(({ proven }) => proven)).toEqual([true, true, true])
  expect(done.requestIds.length).toBeGreaterThan(3)
  expect(site.outcomes.filter((one) => one.order === order.id).map(({ result }) => result.kind)).toEqual([
    'started',
    'done',
  ])
  await vi.waitFor(async () => expect(await site.queue.state(order.id)).toBe('done'))
})

test('what is not what was approved is not done, and says in what it differs', async () => {
  const site = await aSite()
  const order = await approved(site)
  await site.signIn()
  const changed = resultOf(await site.run(order), 'changed')

  expect(changed.differences).toEqual(['bobby now has 2 sessions, not 1.'])
  expect(changed.effect.sentence).toContain('2 sessions')
  expect(changes(site)).toEqual([])
})

test('forged jobs are not run, whichever way they came into Redis, and the bot is told', async () => {
  const site = await aSite()
  const order = await approved(site)
  const jobs = jobsOf(site)
  await jobs.add('order', signOrder(order, site.keys.stranger.privateKey), { jobId: order.id })
  await jobs.add('order', order, { jobId: 'INC-7-90' })
  const altered = { ...signOrder(order, site.keys.bot.privateKey), body: JSON.stringify({ ...order, drill: false }) }
  await jobs.add('order', altered, { jobId: 'INC-7-91' })
  const key = 'autentico-responder:orders'
  const text = JSON.stringify({ body: JSON.stringify(order), key: 'x', signature: '' })
  await site.redis.client.hset(`${key}:raw`, {
    name: 'order',
    data: text,
    opts: '{}',
    timestamp: '1',
    delay: '0',
    priority: '0',
  })
  await site.redis.client.lpush(`${key}:wait`, 'raw')
  await site.redis.client.zadd(`${key}:marker`, 0, '0')

  await vi.waitFor(() => expect(site.forgeries.length).toBe(4), { timeout: 5_000 })
  expect(new Set(site.forgeries.map(({ what }) => what))).toEqual(new Set(['work order']))
  expect(changes(site)).toEqual([])
})

test('a forged job that took the place of an order does not keep the order from being issued', async () => {
  const site = await aSite()
  const order = await approved(site)
  await jobsOf(site).add('order', { body: '', key: '', signature: '' }, { jobId: order.id })
  await vi.waitFor(async () => expect(await site.queue.state(order.id)).toBe('failed'))

  expect((await site.run(order)).result.kind).toBe('done')
})

test('of many orders that are taken back while workers take them, each is either done or gone', async () => {
  const site = await aSite()
  const template = await approved(site)
  const orders = Array.from({ length: 12 }, (_, at) => ({
    ...template,
    id: `INC-7-${200 + at}` as OrderId,
    cause: { ...template.cause, seq: 200 + at },
  }))
  const answers = await Promise.all(
    orders.map(async (order, at) => {
      await site.queue.issue(order)
      // Some at once, some when a worker may have it already.
      if (at % 3 > 0) await vi.waitUntil(async () => (await site.queue.state(order.id)) !== 'waiting', { interval: at })
      return { id: order.id, ...(await site.queue.cancel(order.id)) }
    }),
  )
  const taken = answers.filter(({ gone }) => !gone).map(({ id }) => id)
  const ids = new Set(orders.map(({ id }) => id))
  const ended = () => new Set(site.outcomes.flatMap(({ final, order }) => (final && ids.has(order) ? [order] : [])))
  await vi.waitFor(() => expect(ended()).toEqual(new Set(taken)), { timeout: 10_000 })
  const left = await Promise.all(answers.filter(({ gone }) => gone).map(async ({ id }) => site.queue.state(id)))
  expect(left.filter((state) => state !== 'absent')).toEqual([])
  expect(taken.length).toBeGreaterThan(0)
})

test('an order copied to another incident is not run', async () => {
  const site = await aSite()
  const order = await approved(site)
  const copied = { ...order, id: 'INC-8-31' as OrderId, incident: 'INC-8' as IncidentId }
  const jobs = jobsOf(site)
  await jobs.add('order', signOrder(order, site.keys.bot.privateKey), { jobId: 'INC-8-31' })
  await jobs.add(
    'order',
    { ...signOrder(order, site.keys.bot.privateKey), body: JSON.stringify(copied) },
    { jobId: 'INC-8-32' },
  )

  await vi.waitFor(() => expect(site.forgeries.length).toBe(2), { timeout: 5_000 })
  expect(changes(site)).toEqual([])
})

test('an order that one person alone stands behind is not run, though it is signed', async () => {
  const site = await aSite()
  const order = { ...(await approved(site)), approvedBy: [ana] }
  await site.queue.issue(order)

  await vi.waitFor(() => expect(site.forgeries.length).toBe(1), { timeout: 5_000 })
  expect(changes(site)).toEqual([])
})

test('an order whose time is over is answered and not run', async () => {
  const site = await aSite()
  const order = { ...(await approved(site)), expiresAt: new Date(Date.now() - 1_000).toISOString() }
  const failed = resultOf(await site.run(order), 'failed')

  expect(failed.sentence).toContain('so nothing was done; ask again')
  expect(failed.retry).toBe(true)
  expect(changes(site)).toEqual([])
})

test('an order replayed after its job is gone gives the recorded outcome and does nothing', async () => {
  const site = await aSite()
  const order = await approved(site)
  const first = await site.run(order)
  await vi.waitFor(async () => expect(await site.queue.state(order.id)).toBe('done'))
  await site.signIn()
  site.idp.control.forgetCalls()
  await jobsOf(site).remove(order.id)
  await jobsOf(site).add('order', signOrder(order, site.keys.bot.privateKey), { jobId: order.id })

  await vi.waitFor(() =>
    expect(site.outcomes.filter(({ order: id, final }) => id === order.id && final).length).toBe(2),
  )
  expect(site.outcomes.at(-1)).toEqual(first)
  expect(site.idp.control.calls).toEqual([])
})

test('another worker that is handed a finished order repeats the outcome of the first', async () => {
  const site = await aSite()
  const order = await approved(site)
  const first = await site.run(order)
  await site.worker?.stop({ graceMs: 500 })
  site.idp.control.forgetCalls()
  await site.start({ name: 'worker-2', journalFile: `${site.deps.journalFile}-2` })
  expect(await site.queue.issue(order)).toBe('issued')

  await vi.waitFor(() =>
    expect(site.outcomes.filter(({ order: id, final }) => id === order.id && final).length).toBe(2),
  )
  expect(site.outcomes.at(-1)).toEqual(first)
  expect(site.idp.control.calls).toEqual([])
})

test('a forged outcome is not believed', async () => {
  const site = await aSite()
  const real = await site.run(orderFor(site.target, { action: 'snapshot-account' }))
  const before = site.outcomes.length
  const forged = { ...real, order: 'INC-7-99' as OrderId }
  await jobsOf(site, 'outcomes').add('outcome', signOutcome(forged, site.keys.stranger.privateKey), { jobId: 'one' })
  await jobsOf(site, 'outcomes').add('outcome', forged, { jobId: 'two' })
  // The bot may order, and may not report.
  await jobsOf(site, 'outcomes').add('outcome', signOutcome(forged, site.keys.bot.privateKey), { jobId: 'three' })

  await vi.waitFor(() => expect(site.forgeries.map(({ what }) => what)).toEqual(['outcome', 'outcome', 'outcome']))
  expect(site.outcomes.length).toBe(before)
})

test('while Autentico is away the order waits, says so once, and goes on by itself', async () => {
  const site = await aSite()
  const order = await approved(site)
  site.idp.control.fail({ path: /admin/, how: { status: 503 }, times: 8 })
  const outcome = await site.run(order)

  expect(outcome.result.kind).toBe('done')
  const waits = site.outcomes.filter(({ order: id, result }) => id === order.id && result.kind === 'waiting')
  expect(new Set(waits.map(({ result }) => JSON.stringify({ ...result, attempt: 0 }))).size).toBe(waits.length)
  expect(waits.length).toBeGreaterThan(0)
})

test('what waits until its time is over has failed, with the last reason', async () => {
  const site = await aSite()
  const order = { ...(await approved(site)), expiresAt: new Date(Date.now() + 700).toISOString() }
  site.idp.control.fail({ path: /admin/, how: { status: 503 }, times: 100_000 })
  const failed = resultOf(await site.run(order), 'failed')

  expect(failed.sentence).toMatch(/^The approval is older than 60 minutes|older than/)
  expect(failed.sentence).toContain('503')
  expect(changes(site)).toEqual([])
})

test.each(['reset-after-effect', 'reset-before', { status: 500 }, 'truncate'] as const)(
  'a revocation answered by %j is settled by looking, and ends proven',
  async (how) => {
    const site = await aSite()
    const order = await approved(site)
    site.idp.control.fail({ method: 'POST', path: /revoke-sessions/, how })
    const done = resultOf(await site.run(order), 'done')

    expect(done.checks.every(({ proven }) => proven === true)).toBe(true)
    expect(done.did).toEqual(['Revoked 1 session and 1 token.'])
  },
)

test('an answer that never comes is given up on, and the order still ends proven', async () => {
  const site = await aSite({ limits: { headersMs: 300, totalMs: 600 } })
  const order = await approved(site)
  site.idp.control.fail({ method: 'POST', path: /revoke-sessions/, how: 'timeout-after-effect' })

  expect(resultOf(await site.run(order), 'done').checks.every(({ proven }) => proven === true)).toBe(true)
})

test('a page instead of an answer is a failure, never a success', async () => {
  const site = await aSite()
  const order = await approved(site)
  site.idp.control.fail({ method: 'POST', path: /revoke-sessions/, how: 'html' })
  const failed = resultOf(await site.run(order), 'failed')

  expect(failed.sentence).toContain('it did not happen')
  expect(failed.retry).toBe(false)
})

test('what was said while Redis was away is said when it is back', async () => {
  const site = await aSite({ start: false })
  const started = await site.start()
  const order = await approved(site)
  let cut = false
  // Redis goes away right when the work has been done.
  const settled = vi.waitFor(
    async () => {
      if (!cut && changes(site).length > 0) {
        cut = true
        await site.redis.kill()
        await site.redis.restart()
      }
      if (!cut) throw new Error('not yet')
    },
    { timeout: 5_000, interval: 1 },
  )
  await site.queue.issue(order)
  await settled
  await vi.waitFor(
    async () => {
      // What the bot's reconciliation does: what Redis lost is issued again.
      if ((await site.queue.state(order.id)) === 'absent') await site.queue.issue(order)
      if (!site.outcomes.some(({ order: id, final }) => id === order.id && final)) throw new Error('not yet')
    },
    { timeout: 20_000, interval: 200 },
  )
  expect((await site.ended(order.id)).result.kind).toBe('done')
  expect(started.rebuilt()).toBe(0)
}, 30_000)

test('two orders for one account do not run at the same time', async () => {
  const site = await aSite()
  const basis = (await site.effectOf('suspend-account', 10)).basis
  const restore = (await site.effectOf('reset-password', 12)).basis
  site.idp.control.fail({ method: 'PUT', path: /users/, how: { delayMs: 200 } })
  const [one, two] = await Promise.all([
    site.run(orderFor(site.target, { action: 'reset-password', seq: 20, basis: restore })),
    site.run(orderFor(site.target, { action: 'suspend-account', seq: 21, basis })),
  ])

  const ended = [one.result.kind, two.result.kind]
  expect(ended.every((kind) => kind === 'done' || kind === 'failed' || kind === 'changed')).toBe(true)
  // Whichever came first, a suspension is never followed by a change that was under way.
  const calls = changes(site).map((call) => call.replace(site.target.id, 'target'))
  const suspended = calls.indexOf('POST /admin/api/users/target/deactivate')
  expect(suspended).toBeGreaterThanOrEqual(0)
  expect(calls.slice(suspended).filter((call) => call.startsWith('PUT'))).toEqual([])
})

test('a worker that stops hands back what it has not ended, and another ends it', async () => {
  const site = await aSite()
  const order = await approved(site)
  site.idp.control.fail({ method: 'GET', path: /sessions/, how: { delayMs: 400 } })
  const { calls } = site.idp.control
  const before = calls.length
  await site.queue.issue(order)
  // Redis calls it active before the worker has begun.
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(before))
  await site.worker?.stop({ graceMs: 0 })
  expect(await site.queue.state(order.id)).toBe('waiting')
  await site.start({ name: 'worker-2', journalFile: `${site.deps.journalFile}-2` })

  const outcome = await site.ended(order.id)
  expect(outcome.result.kind).toBe('done')
  expect(changes(site).filter((call) => call.includes('revoke-sessions')).length).toBe(1)
}, 20_000)

test('Redis that may evict is refused, with what to do', async () => {
  const site = await aSite({ start: false })
  const other = await aRedis({ policy: 'allkeys-lru' })

  await expect(site.start({ url: other.url })).rejects.toThrow(RedisUnfit)
  await expect(site.start({ url: other.url })).rejects.toThrow(/allkeys-lru.*noeviction/)
})

test('where CONFIG is forbidden the policy is read all the same', async () => {
  const site = await aSite({ start: false })
  const other = await aRedis({ policy: 'volatile-lru' })
  await other.client.call('ACL', 'SETUSER', 'default', '-config')

  await expect(site.start({ url: other.url })).rejects.toThrow(/volatile-lru/)
})

test('a worker started before Redis takes orders as soon as Redis is there', async () => {
  const site = await aSite({ start: false })
  await site.redis.kill()
  await site.start()
  await site.redis.restart()

  const order = orderFor(site.target, { action: 'snapshot-account' })
  await vi.waitFor(async () => site.queue.issue(order), { timeout: 5_000 })
  expect((await site.ended(order.id)).result.kind).toBe('snapshot')
})

test('without Redis issuing an order fails at once', async () => {
  const site = await aSite({ start: false })
  await site.redis.kill()

  await expect(site.queue.issue(orderFor(site.target, { action: 'snapshot-account' }))).rejects.toThrow(
    'cannot be reached',
  )
})

test('an order is found where it stands, and one that Redis lost can be issued again', async () => {
  const site = await aSite({ start: false })
  const order = orderFor(site.target, { action: 'snapshot-account' })
  const later = orderFor(site.target, {
    action: 'snapshot-account',
    seq: 32,
    notBefore: new Date(Date.now() + 60_000).toISOString(),
  })
  await vi.waitFor(async () => site.queue.issue(later))

  expect(await site.queue.state(order.id)).toBe('absent')
  expect(await site.queue.issue(order)).toBe('issued')
  expect(await site.queue.issue(order)).toBe('there already')
  expect(await site.queue.state(order.id)).toBe('waiting')
  expect(await site.queue.state(later.id)).toBe('delayed')

  // Its key is left and it is in no list: BullMQ would take it for a job that is there.
  await site.redis.client.del('autentico-responder:orders:wait')
  expect(await site.queue.state(order.id)).toBe('absent')
  expect(await site.queue.issue(order)).toBe('issued')
  expect(await site.queue.state(order.id)).toBe('waiting')

  // What is left of one whose key was lost while a worker took it: a key, too, with nothing in it that was ever put in.
  await site.redis.client.del(`autentico-responder:orders:${order.id}`, 'autentico-responder:orders:wait')
  await site.redis.client.hset(`autentico-responder:orders:${order.id}`, 'failedReason', 'refused')
  expect(await site.queue.issue(order)).toBe('issued')
  expect(await site.queue.state(order.id)).toBe('waiting')
})

test('the snapshot brings its evidence sealed, and only the bot can read it', async () => {
  const site = await aSite()
  await site.signIn()
  const outcome = await site.run(orderFor(site.target, { action: 'snapshot-account' }))
  const { evidence } = resultOf(outcome, 'snapshot')

  expect(evidence.map(({ name }) => name)).toEqual([
    'account.json',
    'sessions.json',
    'sso-sessions.json',
    'tokens.json',
    'audit.json',
    'doors.json',
  ])
  expect(JSON.stringify(outcome)).not.toContain('userAgent')
  const sessions = outcome.evidence?.[1]
  if (sessions === undefined) throw new Error('no evidence came')
  const text = open(sessions.sealed, site.keys.sealing.privateKey, outcome.order).toString()
  expect(JSON.parse(text)).toMatchObject({ userId: site.target.id, sessions: [{ live: true }] })
})
