import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Program } from '#/drill/program.ts'
import type { IncidentId } from '#/incident/events.ts'
import { type BulkSite, endOf, openBulkSite, wholeOrder } from '../../support/bulk-site.ts'

const people = 1_200
const stretch = 400
const patienceMs = 100_000

let site: BulkSite
let worker: Program

beforeAll(async () => {
  site = await openBulkSite({ count: people })
  worker = await site.worker()
})

afterAll(async () => {
  await worker.stop()
  await site[Symbol.asyncDispose]()
})

function everybody(seq: number) {
  return wholeOrder('revoke-everybody', { seq, basis: { everybody: true } })
}

async function ends(order: ReturnType<typeof everybody>) {
  return until(() => endOf(site.outcomes, order, 'done'), `the end of ${order.id}`, patienceMs)
}

function callOf(n: number): string {
  return `/admin/api/users/${site.users[n - 1]}/revoke-sessions`
}

test('those who fail once are tried again, and those who fail for good are named in a file and not proven', async () => {
  const faults = [
    { n: 3, times: 1, how: { status: 500 } },
    { n: 450, times: 1, how: 'reset-after-effect' },
    { n: 460, times: 2, how: { status: 503 } },
    ...[700, 701, 1_199].map((n) => ({ n, times: 99, how: { status: 503 } })),
  ]
  for (const { n, times, how } of faults)
    await site.control('POST', 'fail', { method: 'POST', path: callOf(n), times, how })
  const order = everybody(51)
  await site.queue.issue(order)
  const ended = await ends(order)
  await site.control('POST', 'heal')

  const missed = ended.checks.find(({ name }) => name === 'nobody-missed')
  expect(missed).toMatchObject({ proven: false })
  expect(missed?.detail).toMatch(/^3 users could not be done: person-0700 .*person-0701 .*person-1199 /)
  expect(ended.files).toMatchObject([{ name: 'not-revoked.csv', privateOnly: true }])
  expect(site.stillIn()).toBe(3)
}, 120_000)

test('with Autentico away in the middle the order waits, and goes on by itself from where it was', async () => {
  site.revive()
  const order = everybody(61)
  await site.queue.issue(order)
  await until(() => (site.isOut(500) ? true : undefined), 'the middle', patienceMs)
  await site.idp.stop()
  await until(
    () => site.outcomes.find((one) => one.order === order.id && one.result.kind === 'waiting'),
    'the order to wait',
    patienceMs,
  )
  expect(site.isOut(people)).toBe(false)
  await site.idp.restart()
  const ended = await ends(order)
  expect(ended.checks.filter(({ proven }) => proven !== true)).toEqual([])
  expect(site.stillIn()).toBe(0)
  // A started Autentico counts its calls anew: those of the first stretch were not made again.
  expect((await site.revocations()).has(site.users[0] ?? '')).toBe(false)
}, 120_000)

test('an emergency stop in the middle halts the work within one stretch', async () => {
  site.revive()
  const order = everybody(71)
  await site.queue.issue(order)
  await until(() => (site.isOut(100) ? true : undefined), 'the middle', patienceMs)
  await site.stops.publish({ incident: order.incident as IncidentId, seq: 72, at: new Date().toISOString() })
  await until(
    () => site.outcomes.find((one) => one.order === order.id && one.result.kind === 'halted'),
    'the work to halt',
    patienceMs,
  )
  expect(site.isOut(people)).toBe(false)
  expect(people - site.stillIn()).toBeLessThanOrEqual(2 * stretch)

  await site.stops.clear(order.incident as IncidentId)
  await site.queue.issue({ ...order, resumed: 73 })
  await ends(order)
  expect(site.stillIn()).toBe(0)
}, 120_000)
