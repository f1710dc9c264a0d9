import { describe, expect, test } from 'vitest'
import type { Recorded } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { WorkOrder } from '#/work/work-order.ts'
import { play, standard } from '../../test/support/given.ts'
import {
  type Act,
  allProven,
  approves,
  asks,
  brokenGlass,
  contained,
  firstThreeProven,
  held,
  holds,
  minute,
  notifies,
  openOrder,
  person,
  reports,
  running,
  settles,
  shownRequest,
  standing,
  start,
  steps,
  stops,
  under,
  underWay,
  withdraws,
} from '../../test/support/stories.ts'
import { createDispatcher, entryOf } from './dispatcher.ts'

const orderTtlMs = 60 * 60_000

/** What is issued when the dispatcher sees a whole story, in the state after it. */
async function issued(
  acts: readonly Act[],
  times = 1,
): Promise<{
  readonly orders: readonly WorkOrder[]
  readonly incident: OpenedIncident
  readonly recorded: readonly Recorded[]
}> {
  const { incident, recorded } = play(...acts)
  const orders: WorkOrder[] = []
  const { handle } = createDispatcher({
    find: (id) => (id === incident.id ? incident : undefined),
    entry: (seq) => recorded.find((one) => one.seq === seq),
    keepStopped: async () => undefined,
    release: async () => undefined,
    cancel: async () => ({ gone: true }),
    settle: () => undefined,
    issue: async (order) => void orders.push(await Promise.resolve(order)),
    expected: () => [],
    sealTo: (order) => ({ key: `the key of ${order}` }),
    wait: () => undefined,
    orderTtlMs,
  })
  for (let time = 0; time < times; time += 1) await handle(recorded)
  return { orders, incident, recorded }
}

test('an approved step becomes one order that names who asked, who approved, and the entry that gave it', async () => {
  const { orders, incident, recorded } = await issued([...underWay, ...running(steps.sessions)])
  const id = openOrder(incident, 'run')
  const cause = recorded.find(({ seq }) => seq === entryOf(id))
  expect(orders).toHaveLength(1)
  expect(orders[0]).toMatchObject({
    id,
    mode: 'run',
    action: 'revoke-sessions',
    target: incident.target,
    requestedBy: person('ana'),
    approvedBy: [person('bao')],
    cause: { seq: cause?.seq, hash: cause?.hash },
    basis: { sessions: 3 },
  })
  expect(Date.parse(orders[0]?.expiresAt ?? '') - Date.parse(orders[0]?.issuedAt ?? '')).toBe(orderTtlMs)
})

test('seen twice, an order has the same id, so that the queue takes it for one', async () => {
  const { orders } = await issued([...underWay, ...running(steps.sessions)], 2)
  expect(new Set(orders.map(({ id }) => id)).size).toBe(1)
  expect(orders[1]).toEqual(orders[0])
})

test('before anybody has approved, only looking is ordered', async () => {
  const { orders } = await issued([...underWay, asks(steps.sessions)])
  expect(orders.map(({ mode }) => mode)).toEqual(['prepare'])
  expect(orders[0]?.approvedBy).toEqual([])
})

test('what was withdrawn, or has ended, is not issued any more', async () => {
  expect((await issued([...underWay, asks(steps.sessions), withdraws()])).orders).toEqual([])
  expect((await issued([...underWay, ...shownRequest(steps.sessions)])).orders).toEqual([])
})

test('the sweep is ordered for later, and its time to live begins then', async () => {
  const { orders } = await issued(allProven)
  const [sweep] = orders
  expect(orders).toHaveLength(1)
  expect(sweep).toMatchObject({ action: 'sweep', notBefore: minute(10) })
  expect(Date.parse(sweep?.expiresAt ?? '') - Date.parse(minute(10))).toBe(orderTtlMs)
})

test('an order after the new password names when that was set', async () => {
  const { orders } = await issued([...firstThreeProven, ...running(steps.passkeys)])
  expect(orders[0]?.params).toEqual({ passwordResetAt: start })
})

test('an order names everybody who approved, and how many it takes', async () => {
  const rules = { ...standard, standard: { ...standard.standard, approvals: 2 } }
  const { orders } = await issued([
    under(rules),
    ...underWay,
    ...shownRequest(steps.sessions),
    approves(standing('bao')),
    approves(standing('chi')),
  ])
  expect(orders.at(-1)).toMatchObject({ mode: 'run', approvedBy: [person('bao'), person('chi')], approvalsNeeded: 2 })
})

describe('taking back what was approved', () => {
  const takingBack = [...underWay, ...running(steps.sessions), withdraws()]

  /** What the dispatcher does about a withdrawal when the queue gives this answer. */
  async function takesBack(acts: readonly Act[], gone: boolean) {
    const { incident, recorded } = play(...acts)
    const did: string[] = []
    const { handle } = createDispatcher({
      find: () => incident,
      entry: (seq) => recorded.find((one) => one.seq === seq),
      keepStopped: async () => undefined,
      release: async () => undefined,
      issue: async ({ id, mode }) => void did.push(`issued ${mode} ${await Promise.resolve(id)}`),
      cancel: async () => Promise.resolve({ gone }),
      settle: (_id, order, what) => void did.push(`${order} is ${what.gone ? 'gone' : 'with a worker'}`),
      expected: () => [],
      sealTo: (order) => ({ key: `the key of ${order}` }),
      wait: () => undefined,
      orderTtlMs,
    })
    await handle(recorded)
    return { did, order: openOrder(incident, 'run') }
  }

  test('hands the order to nobody, asks the queue, and records what it said', async () => {
    for (const gone of [true, false]) {
      const { did, order } = await takesBack(takingBack, gone)
      expect(did.filter((one) => !one.startsWith('issued prepare'))).toEqual([
        `${order} is ${gone ? 'gone' : 'with a worker'}`,
      ])
    }
  })

  test('an order that a worker was halted with before it had begun is gone', async () => {
    const halted = reports('run', { kind: 'halted', begun: false, attempt: 1 })
    const { did, order } = await takesBack(
      [...underWay, ...running(steps.sessions), stops(), halted, withdraws()],
      false,
    )
    expect(did.at(-1)).toBe(`${order} is gone`)
  })
})

test('an order that makes a secret has a key of its own for it, and no other order has', async () => {
  const { orders } = await issued([...contained, notifies, ...running(steps.notify)])
  const [order] = orders.filter(({ action }) => action === 'restore-access')
  expect(order?.sealTo).toBe(`the key of ${order?.id}`)
  expect((await issued([...underWay, ...running(steps.sessions)])).orders[0]?.sealTo).toBeUndefined()
})

test('an order whose secret would have no key waits and says why, holds up no other, and is handed out once the disk takes one', async () => {
  const { incident, recorded } = play(...contained, notifies, ...running(steps.notify))
  const said: string[] = []
  const orders: WorkOrder[] = []
  const disk = { full: true }
  const { handle, again, isHeldUp } = createDispatcher({
    find: () => incident,
    entry: (seq) => recorded.find((one) => one.seq === seq),
    keepStopped: async () => undefined,
    release: async () => undefined,
    cancel: async () => Promise.resolve({ gone: true }),
    settle: () => undefined,
    issue: async (order) => void orders.push(await Promise.resolve(order)),
    expected: () => [],
    sealTo: (order) => (disk.full ? { why: 'Its disk is full.' } : { key: `the key of ${order}` }),
    wait: (_id, order, why) => void said.push(`${order}: ${why}`),
    orderTtlMs,
  })
  const id = openOrder(incident, 'run')
  await handle(recorded)
  await again()
  expect(said).toEqual([`${id}: Its disk is full.`, `${id}: Its disk is full.`])
  expect([isHeldUp(id), orders]).toEqual([true, []])

  disk.full = false
  await again()
  expect([isHeldUp(id), orders.map((order) => order.sealTo)]).toEqual([false, [`the key of ${id}`]])
  await again()
  expect(orders).toHaveLength(1)
})

test('a hold becomes an order that says until when, ends with its time, and names nobody who approved', async () => {
  const { orders, incident } = await issued([...underWay, holds()])
  const [order] = orders
  expect(order).toMatchObject({ action: 'hold-account', requestedBy: person('ana'), approvedBy: [] })
  expect(order?.hold).toEqual({ until: minute(30), placedBy: openOrder(incident, 'hold') })
  expect(order?.expiresAt).toBe(minute(30))
})

test('its lift says which order placed it, and how that found the account', async () => {
  const { orders, recorded } = await issued([...held, withdraws(), settles])
  const placed = recorded.find(({ event }) => event.type === 'HoldApplied')?.event
  expect(orders).toHaveLength(1)
  expect(orders[0]).toMatchObject({
    action: 'lift-hold',
    hold: { until: minute(30), wasActive: true, placedBy: placed?.type === 'HoldApplied' ? placed.order : '' },
  })
})

test('what is done alone says why and since when it was announced, and names nobody who approved', async () => {
  const { orders } = await issued(brokenGlass)
  expect(orders[0]).toMatchObject({
    action: 'revoke-sessions',
    requestedBy: person('ana'),
    approvedBy: [],
    alone: { reason: 'Nobody answers, and the attacker is in.', announcedAt: minute(0), brokenAt: minute(10) },
  })
})
