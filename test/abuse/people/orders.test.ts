import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { defaultPrefix } from '#/work/redis.ts'
import type { Envelope } from '#/work/signing.ts'
import { changes, idOf, liveSessions, signIn } from '../../flows/machine/machine.ts'
import { type Case, entriesOf, type Happened } from '../../support/incident-flow.ts'
import { playedOn } from './scene.ts'

// What is written by hand, not signed, or signed by nobody known: forgery.test.ts beside this and test/faults/attack. Here
// mallory has only what is genuine, and takes it apart, keeps it, and puts it in again.
const scene = playedOn({ env: { ORDER_TTL: '10s' } })
const stage = () => scene.stage()

let redis: Redis
let orders: Queue
let outcomes: Queue

beforeAll(() => {
  redis = new Redis(stage().redis.url, { maxRetriesPerRequest: null })
  orders = new Queue('orders', { connection: redis, prefix: defaultPrefix })
  outcomes = new Queue('outcomes', { connection: redis, prefix: defaultPrefix })
})

afterAll(async () => {
  await orders.close()
  await outcomes.close()
  redis.disconnect()
})

const forgeries = (): readonly Happened<'ForgeryRefused'>[] => entriesOf(stage(), 'system', 'ForgeryRefused')

/** Puts something in, and waits until it is refused and on record. */
async function expectRefused(put: () => Promise<unknown>): Promise<string> {
  const before = forgeries().length
  await put()
  const { event } = await until(() => forgeries().slice(before).at(-1), 'a refused forgery in the ledger')
  return event.why
}

/** The order that ended the first step of an incident, as it lay in Redis. */
async function orderOf(incident: Case): Promise<{ readonly id: string; readonly data: Envelope }> {
  const [done] = incident.entries('StepDone')
  const id = done?.event.order ?? ''
  const job = (await orders.getJob(id)) as { readonly data: Envelope } | undefined
  if (job === undefined) throw new Error(`${id} is not in Redis any more`)
  return { id, data: job.data }
}

async function provenOnce(): Promise<Case> {
  const incident = await scene.open()
  await incident.run(1)
  return incident
}

const alterations: Readonly<Record<string, (body: string, victim: string, incident: Case) => string>> = {
  'another account': (body, victim, { username }) => body.replaceAll(idOf(stage(), username), idOf(stage(), victim)),
  'another action': (body) => body.replace('"revoke-sessions"', '"suspend-account"'),
  'another approver': (body) => body.replaceAll('U0BAO', 'U0CHI'),
  'no approver': (body) => body.replace(/"approvedBy":\[.*?\](?=,")/, '"approvedBy":[]'),
  'the requester as the approver': (body) => body.replaceAll('U0BAO', 'U0ANA'),
  'a later end': (body) => body.replace(/"expiresAt":"\d{4}/, '"expiresAt":"2999'),
  'another cause': (body) => body.replace(/"seq":\d+/, '"seq":1'),
  'a space': (body) => body.replace(',', ', '),
}

test.for(Object.entries(alterations))(
  'a genuine order, altered to say %s, is refused before Autentico hears of it',
  async ([, alter]) => {
    const incident = await provenOnce()
    const { id, data } = await orderOf(incident)
    const victim = 'user-030'
    const body = alter(data.body, victim, incident)
    expect(body).not.toBe(data.body)
    const calls = stage().autentico.control.calls.length
    expect(await expectRefused(async () => orders.add('order', { ...data, body }, { jobId: `${id}-x` }))).toMatch(
      /altered/,
    )
    expect(
      stage()
        .autentico.control.calls.slice(calls)
        .filter(({ method }) => method !== 'GET'),
    ).toEqual([])
    expect(changes(stage(), victim)).toEqual([])
  },
)

test('two genuine orders with their names exchanged: neither is done under the other’s name', async () => {
  const [one, other] = [await provenOnce(), await provenOnce()]
  const [first, second] = [await orderOf(one), await orderOf(other)]
  await signIn(stage(), one.username)
  await signIn(stage(), other.username)
  for (const [id, data] of [
    [first.id, second.data],
    [second.id, first.data],
  ] as const) {
    await (await orders.getJob(id))?.remove()
    expect(await expectRefused(async () => orders.add('order', data, { jobId: id }))).toMatch(/under another name/)
  }
  expect([liveSessions(stage(), one.username), liveSessions(stage(), other.username)]).toEqual([1, 1])
})

test('a body of one order under the signature of another is refused', async () => {
  const [one, other] = [await provenOnce(), await provenOnce()]
  const [first, second] = [await orderOf(one), await orderOf(other)]
  const mixed = { ...first.data, signature: second.data.signature }
  expect(await expectRefused(async () => orders.add('order', mixed, { jobId: `${first.id}-m` }))).toMatch(
    /altered|signed/,
  )
})

test('a genuine order that is kept back until it has run out is not done, and the step says so', async () => {
  const incident = await scene.asked()
  await signIn(stage(), incident.username)
  // What was shown has to be true when it is done, so it is asked for after the sign-in.
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')
  await incident.ask(1)
  await orders.pause()
  await incident.approve('bao')
  const id = await until(
    () => [...incident.state().orders.values()].find(({ mode, step }) => mode === 'run' && step !== undefined)?.id,
    'the order',
  )
  const job = await untilThere(async () => (await orders.getJob(id)) as { readonly data: Envelope } | undefined)
  const { expiresAt } = JSON.parse(job.data.body) as { readonly expiresAt: string }
  await until(() => (Date.now() > Date.parse(expiresAt) ? true : undefined), 'the end of the order')
  await orders.resume()
  const { event } = await incident.happens('StepFailed', () => true, 30_000)
  expect(event.sentence).toMatch(/The approval is older than .*, so nothing was done; ask again/)
  expect(changes(stage(), incident.username, 'revoke-sessions')).toEqual([])
  expect(liveSessions(stage(), incident.username)).toBe(1)
})

test('a genuine outcome that comes again, at once or behind a later one, ends nothing a second time', async () => {
  const kept: { readonly id: string; readonly name: string; readonly data: unknown }[] = []
  const incident = await scene.asked()
  const listening = setInterval(() => {
    void outcomes.getJobs(['waiting', 'active', 'completed', 'delayed']).then((jobs) => {
      for (const { id = '', name, data } of jobs) if (!kept.some((one) => one.id === id)) kept.push({ id, name, data })
    })
  }, 10)
  await incident.approve('bao')
  await incident.untilProven(1)
  await incident.run(2)
  clearInterval(listening)
  const own = kept.filter(({ name, data }) => name === 'outcome' && JSON.stringify(data).includes(`${incident.id}-`))
  expect(own.length).toBeGreaterThan(0)
  const { lastSeq } = incident.state()
  for (const { name, data } of own.toReversed()) await outcomes.add(name, data, { jobId: randomUUID() })
  await drained()
  expect(incident.entries('StepDone').map(({ event }) => event.step)).toHaveLength(2)
  expect(incident.state().lastSeq).toBe(lastSeq)
})

async function drained(): Promise<void> {
  await untilThere(async () => {
    const { waiting = 1, active = 1, delayed = 1 } = await outcomes.getJobCounts('waiting', 'active', 'delayed')
    return waiting + active + delayed === 0 ? true : undefined
  })
}

async function untilThere<T>(look: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined
  const looking = setInterval(() => {
    void look().then((one) => {
      found ??= one
    })
  }, 40)
  try {
    return await until(() => found, 'what is looked for in Redis')
  } finally {
    clearInterval(looking)
  }
}
