import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import type { Envelope } from '#/work/signing.ts'
import { changes, expectThreadToAgree, idOf, liveSessions, matching, signIn } from '../../flows/machine/machine.ts'
import {
  type Case,
  entriesOf,
  type Happened,
  openFor,
  quickStage,
  reloadEverybody,
} from '../../support/incident-flow.ts'

const prefix = 'autentico-responder'

let stage: Stage
let program: Program
/** Mallory is inside Redis and may do there what she likes. */
let redis: Redis
let orders: Queue
let outcomes: Queue

beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
  redis = new Redis(stage.redis.url, { maxRetriesPerRequest: null })
  orders = new Queue('orders', { connection: redis, prefix })
  outcomes = new Queue('outcomes', { connection: redis, prefix })
})

afterAll(async () => {
  await orders.close()
  await outcomes.close()
  redis.disconnect()
  await program.stop()
  await stage[Symbol.asyncDispose]()
})

const forgeries = (): readonly Happened<'ForgeryRefused'>[] => entriesOf(stage, 'system', 'ForgeryRefused')

/** Waits until one more forgery is in the ledger than before, and gives it back. */
async function refused(before: number): Promise<Happened<'ForgeryRefused'>> {
  return until(() => forgeries().slice(before).at(-1), 'a refused forgery in the ledger')
}

async function inForce(username: string): Promise<Case> {
  reloadEverybody(stage)
  await signIn(stage, username)
  return openFor(stage, username)
}

function orderOn(username: string, id: string): object {
  const person = (user: string) => ({ slack: { team: 'T0ACME', user }, name: user })
  return {
    id,
    incident: 'INC-1',
    mode: 'run',
    action: 'revoke-sessions',
    target: { id: idOf(stage, username), username, email: '' },
    requestedBy: person('U0ANA'),
    approvedBy: [person('U0BAO')],
    cause: { seq: 9000, hash: 'ab'.repeat(32) },
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    drill: true,
  }
}

test('a job written into Redis by hand is not run, and the refusal is in the ledger', async () => {
  await signIn(stage, 'user-001')
  const before = forgeries().length
  const id = 'INC-1-9000'
  const key = `${prefix}:orders:${id}`
  const now = String(Date.now())
  const data = JSON.stringify(orderOn('user-001', id))
  await redis.hset(key, {
    name: 'order',
    data,
    opts: '{"attempts":1}',
    timestamp: now,
    delay: '0',
    priority: '0',
    atm: '0',
    ats: '0',
  })
  await redis.lpush(`${prefix}:orders:wait`, id)
  await redis.zadd(`${prefix}:orders:marker`, 0, '0')

  const { event, actor } = await refused(before)
  expect(event).toMatchObject({ what: 'work order', why: 'It is not a signed work order.' })
  expect(actor).not.toHaveProperty('slack')
  expect(changes(stage, 'user-001')).toEqual([])
  expect(liveSessions(stage, 'user-001')).toBe(1)
  expect(program.lines.some((line) => /a work order was refused/.test(line))).toBe(true)
})

test('a job that is not even JSON is refused once and does not come back', async () => {
  const before = forgeries().length
  const id = 'INC-1-9100'
  const fixed = { opts: '{"attempts":1}', delay: '0', priority: '0', atm: '0', ats: '0' }
  const data = Buffer.from([0x82, 0xa4, 0xff, 0x00, 0x7b])
  await redis.hset(`${prefix}:orders:${id}`, { name: 'order', data, timestamp: String(Date.now()), ...fixed })
  await redis.lpush(`${prefix}:orders:wait`, id)
  await redis.zadd(`${prefix}:orders:marker`, 0, '0')
  expect((await refused(before)).event.why).toBe('It is not a signed work order.')
  await vi.waitFor(async () => expect(await orders.getFailedCount()).toBeGreaterThan(0), 5000)
  expect(await redis.lrange(`${prefix}:orders:active`, 0, -1)).not.toContain(id)
})

const foreign: readonly (readonly [string, () => object | null])[] = [
  ['not signed at all', () => orderOn('user-002', 'INC-1-9001')],
  [
    'signed by nobody we know',
    () => ({ body: JSON.stringify(orderOn('user-002', 'INC-1-9001')), key: 'ab'.repeat(8), signature: 'AAAA' }),
  ],
  ['no object', () => null],
  [
    'hostile to those who copy objects',
    () => JSON.parse('{"__proto__":{"body":"x"},"constructor":{"prototype":{"key":"y"}}}') as object,
  ],
]

test.for(foreign)('a job put in by another producer is not run: %s', async ([, job]) => {
  const before = forgeries().length
  await orders.add('order', job(), { jobId: `INC-1-9001${randomUUID().slice(0, 4)}` })
  const { event } = await refused(before)
  expect(event.what).toBe('work order')
  expect(changes(stage, 'user-002')).toEqual([])
})

test('copies of a real order are refused: altered, aimed at another incident, or only under another name', async () => {
  const incident = await inForce('user-003')
  await incident.run(1)
  const [done] = incident.entries('StepDone')
  const real = (await orders.getJob(done?.event.order ?? '')) as { readonly data: Envelope } | undefined
  if (real === undefined) throw new Error('the order is not in Redis any more')
  const victim = idOf(stage, 'user-004')
  await signIn(stage, 'user-004')
  const calls = stage.autentico.control.calls.length

  const copies: readonly (readonly [Envelope, RegExp])[] = [
    [{ ...real.data, body: real.data.body.replaceAll(idOf(stage, 'user-003'), victim) }, /altered/],
    [{ ...real.data, body: real.data.body.replaceAll(incident.id, 'INC-999') }, /altered/],
    [real.data, /under another name/],
  ]
  for (const [copy, why] of copies) {
    const before = forgeries().length
    await orders.add('order', copy, { jobId: `INC-1-${randomUUID().slice(0, 8)}` })
    expect((await refused(before)).event.why).toMatch(why)
  }
  expect(stage.autentico.control.calls.slice(calls).filter(({ method }) => method !== 'GET')).toEqual([])
  expect(liveSessions(stage, 'user-004')).toBe(1)
})

test('a real order that is put in again under its own name is not done again', async () => {
  const incident = await inForce('user-005')
  await incident.run(1)
  const [done] = incident.entries('StepDone')
  const job = await orders.getJob(done?.event.order ?? '')
  const entries = incident.state().lastSeq
  const answered = program.lines.length
  await signIn(stage, 'user-005')
  await job?.remove()
  await orders.add('order', job?.data, { jobId: job?.id ?? '' })

  await until(
    () => (program.lines.slice(answered).some((line) => line.includes('an order that has ended')) ? true : undefined),
    'the second outcome',
  )
  expect(changes(stage, 'user-005', 'revoke-sessions')).toEqual([204])
  // The session that was opened since then is not the order's business.
  expect(liveSessions(stage, 'user-005')).toBe(1)
  expect(incident.state().lastSeq).toBe(entries)
})

test('a forged outcome is not believed: the step goes on, and only the worker ends it', async () => {
  const incident = await inForce('user-006')
  await incident.ask(1)
  await stage.autentico.stop()
  await incident.approve()
  const { event: waits } = await incident.happens('WorkWaits')
  const before = forgeries().length
  const forged = {
    order: waits.order,
    incident: incident.id,
    worker: 'worker-1',
    attempt: 1,
    at: new Date().toISOString(),
    final: true,
    result: { kind: 'done', did: ['Revoked everything.'], checks: [], evidence: [], requestIds: [], notes: [] },
  }
  await outcomes.add('outcome', forged, { jobId: `${waits.order}.${randomUUID()}` })
  await refused(before)
  await outcomes.add(
    'outcome',
    { body: JSON.stringify(forged), key: 'ab'.repeat(8), signature: 'AAAA' },
    { jobId: randomUUID() },
  )
  const { event } = await refused(before + 1)

  expect(event).toMatchObject({ what: 'outcome', why: matching(/a key that is not known here/) })
  expect(incident.step(1).status).toBe('running')
  expect(liveSessions(stage, 'user-006')).toBe(1)
  await stage.autentico.restart()
  await incident.untilProven(1)
  expect(liveSessions(stage, 'user-006')).toBe(0)
  await expectThreadToAgree(stage, incident)
})

test('a forged notice of a forgery is itself a forgery', async () => {
  const before = forgeries().length
  await outcomes.add(
    'notice',
    { worker: 'worker-1', what: 'work order', why: 'Go away.', digest: '', jobId: '' },
    { jobId: randomUUID() },
  )
  expect((await refused(before)).event.why).not.toBe('Go away.')
})
