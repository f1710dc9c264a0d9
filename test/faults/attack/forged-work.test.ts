import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Envelope } from '#/work/signing.ts'
import { changes, idOf } from '../../flows/machine/machine.ts'
import { type Case, entriesOf } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import type { Random } from '../harness/random.ts'
import type { World } from '../harness/world.ts'

const prefix = 'autentico-responder'

/** What mallory has to work with once she is inside Redis. */
type Inside = {
  readonly world: World
  readonly redis: Redis
  readonly orders: Queue
  readonly outcomes: Queue
  /** An order that was approved and done, as it lies in Redis, and the name it lies under. */
  readonly old: { readonly id: string; readonly data: Envelope }
  readonly incident: Case
  /** The account that she is after. */
  readonly victim: string
  readonly random: Random
}

/** Each puts one thing in that no bot or worker has made. */
const forgeries: Readonly<Record<string, (inside: Inside) => Promise<unknown>>> = {
  'written by hand': async ({ world, redis, incident, victim }) => {
    const id = `${incident.id}-9000`
    const data = JSON.stringify(orderOn(world, incident, { id, victim }))
    const fixed = { delay: '0', priority: '0', atm: '0', ats: '0', opts: '{"attempts":1}' }
    await redis.hset(`${prefix}:orders:${id}`, { name: 'order', data, timestamp: String(Date.now()), ...fixed })
    await redis.lpush(`${prefix}:orders:wait`, id)
    await redis.zadd(`${prefix}:orders:marker`, 0, '0')
  },
  'no JSON': async ({ redis, incident, random }) => {
    const id = `${incident.id}-9001`
    const fixed = { delay: '0', priority: '0', atm: '0', ats: '0', opts: '{"attempts":1}' }
    // A map in MessagePack, and then anything.
    const data = Buffer.concat([Buffer.from([0x82, 0xa4]), random.bytes(64)])
    await redis.hset(`${prefix}:orders:${id}`, { name: 'order', data, timestamp: String(Date.now()), ...fixed })
    await redis.lpush(`${prefix}:orders:wait`, id)
    await redis.zadd(`${prefix}:orders:marker`, 0, '0')
  },
  'without a signature': async ({ world, orders, incident, victim }) => {
    const id = `${incident.id}-9002`
    await orders.add('order', orderOn(world, incident, { id, victim }), { jobId: id })
  },
  'signed by nobody known': async ({ world, orders, incident, victim }) => {
    const id = `${incident.id}-9003`
    const body = JSON.stringify(orderOn(world, incident, { id, victim }))
    await orders.add('order', { body, key: 'ab'.repeat(8), signature: 'A'.repeat(86) }, { jobId: id })
  },
  'a real one aimed at another account': async ({ world, orders, old, incident, victim }) => {
    const body = old.data.body.replaceAll(incident.state().target.id, idOf(world.stage, victim))
    await orders.add('order', { ...old.data, body }, { jobId: `${old.id}0` })
  },
  'a real one moved to another incident': async ({ orders, old, incident }) => {
    const body = old.data.body.replaceAll(incident.id, 'INC-999')
    await orders.add('order', { ...old.data, body }, { jobId: `INC-999-${randomUUID().slice(0, 8)}` })
  },
  'a real one with one bit turned': async ({ orders, old, random }) => {
    const bytes = Buffer.from(old.data.body)
    const at = random.between(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await orders.add('order', { ...old.data, body: bytes.toString('latin1') }, { jobId: `${old.id}1` })
  },
  'a real one under another name': async ({ orders, old }) =>
    orders.add('order', old.data, { jobId: `${old.id}${randomUUID().slice(0, 4)}` }),
  'a real one in the queue of outcomes': async ({ outcomes, old }) =>
    outcomes.add('outcome', old.data, { jobId: randomUUID() }),
  huge: async ({ orders, old }) =>
    orders.add('order', { ...old.data, body: 'x'.repeat(8_000_000) }, { jobId: `${old.id}2` }),
  'hostile to those who copy objects': async ({ orders, old }) => {
    const data = JSON.parse('{"__proto__":{"body":"x"},"constructor":{"prototype":{"key":"y"}}}') as object
    await orders.add('order', data, { jobId: `${old.id}3` })
  },
  'no object': async ({ orders, old }) => orders.add('order', null, { jobId: `${old.id}4` }),
  'an outcome': async ({ outcomes, old, incident }) =>
    outcomes.add('outcome', outcomeOf(incident, old.id), { jobId: `${old.id}.${randomUUID()}` }),
  'an outcome signed by nobody known': async ({ outcomes, old, incident }) => {
    const body = JSON.stringify(outcomeOf(incident, old.id))
    await outcomes.add('outcome', { body, key: 'ab'.repeat(8), signature: 'AAAA' }, { jobId: randomUUID() })
  },
  'a notice of a forgery': async ({ outcomes }) => {
    const notice = { worker: 'worker-1', what: 'work order', why: 'Go away.', digest: '', jobId: '' }
    await outcomes.add('notice', notice, { jobId: randomUUID() })
  },
}

fault({
  id: 'F32',
  title: 'work that somebody inside Redis made up',
  ci: 2,
  nightly: 330,
  variants: Object.keys(forgeries),
  async run(run) {
    const { world, variant, struck, succeeds, proves } = run
    const { stage } = world
    const incident = await run.asked()
    await incident.approve()
    await proves(incident)
    const victim = world.nextAccount()

    const redis = new Redis(stage.redis.url, { maxRetriesPerRequest: null })
    const orders = new Queue('orders', { connection: redis, prefix })
    const outcomes = new Queue('outcomes', { connection: redis, prefix })
    try {
      const [done] = incident.entries('StepDone')
      const job = (await orders.getJob(done?.event.order ?? '')) as { readonly data: Envelope } | undefined
      if (job === undefined || done === undefined) throw new Error('the order is not in Redis any more')
      const old = { id: done.event.order, data: job.data }
      const refusals = () => entriesOf(stage, 'system', 'ForgeryRefused').length
      const before = { refusals: refusals(), calls: stage.autentico.control.calls.length }
      await forgeries[variant]?.({ world, redis, orders, outcomes, old, incident, victim, random: run.random })
      await until(() => (refusals() > before.refusals ? true : undefined), 'the refusal in the ledger')
      struck()
      // Refused before Autentico heard of it, be it only by a read.
      const asked = stage.autentico.control.calls.slice(before.calls).map(({ path }) => path)
      expect(asked.filter((path) => path.includes(idOf(stage, victim)))).toEqual([])
      expect(changes(stage, victim)).toEqual([])
    } finally {
      await orders.close()
      await outcomes.close()
      redis.disconnect()
    }
    // Real work goes on beside it.
    await succeeds(async () => void (await incident.ask(2)))
    await succeeds(async () => incident.approve())
    await proves(incident, 2)
  },
})

function orderOn(
  { stage }: World,
  incident: Case,
  { id, victim }: { readonly id: string; readonly victim: string },
): object {
  const person = (user: string) => ({ slack: { team: 'T0ACME', user }, name: user })
  return {
    id,
    incident: incident.id,
    mode: 'run',
    action: 'revoke-sessions',
    target: { id: idOf(stage, victim), username: victim, email: '' },
    requestedBy: person('U0ANA'),
    approvedBy: [person('U0BAO')],
    cause: { seq: 9000, hash: 'ab'.repeat(32) },
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    drill: true,
  }
}

function outcomeOf(incident: Case, order: string): object {
  return {
    order,
    incident: incident.id,
    worker: 'worker-1',
    attempt: 1,
    at: new Date().toISOString(),
    final: true,
    result: { kind: 'done', did: ['Revoked everything.'], checks: [], evidence: [], requestIds: [], notes: [] },
  }
}
