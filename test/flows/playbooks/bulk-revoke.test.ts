import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type BulkSite, endOf, openBulkSite, wholeOrder } from '../../support/bulk-site.ts'

const people = 10_000

/** Users between two places from which the work is taken up again: so many may be done once more after each death. */
const stretch = 400

/** On a machine that does other things as well; an idle one needs a tenth of it. */
const patienceMs = 200_000

let site: BulkSite

beforeAll(async () => {
  site = await openBulkSite({ count: people })
})

afterAll(async () => site[Symbol.asyncDispose]())

function everybody(seq: number) {
  return wholeOrder('revoke-everybody', { seq, basis: { everybody: true } })
}

async function untilOut(n: number): Promise<void> {
  await until(() => (site.isOut(n) ? true : undefined), `user ${n} to be signed out`, patienceMs)
}

test(
  'ten thousand users, and the worker killed three times in the middle: everybody is done, nobody is forgotten',
  async () => {
    const order = everybody(31)
    let worker = await site.worker()
    await site.queue.issue(order)
    // Within a stretch each time, and not at its end.
    for (const n of [1_730, 4_390, 7_210]) {
      await untilOut(n)
      await worker.kill()
      expect(site.isOut(people)).toBe(false)
      worker = await site.worker()
    }
    const ended = await until(() => endOf(site.outcomes, order, 'done'), 'the end', patienceMs)
    await worker.stop()

    expect(ended.checks.filter(({ proven }) => proven !== true)).toEqual([])
    expect(ended.files).toBeUndefined()
    expect(ended.did[0]).toMatch(/^Revoked every session of 10,\d{3} users\.$/)
    expect(site.stillIn()).toBe(0)
    const revocations = await site.revocations()
    expect(site.users.filter((id) => !revocations.has(id))).toEqual([])
    const again = [...revocations.values()].reduce((sum, times) => sum + times - 1, 0)
    expect(again).toBeLessThanOrEqual(3 * stretch)
    // It said how far it was, and after each death went on from there.
    const told = site.outcomes.flatMap(({ result }) => (result.kind === 'progress' ? [result] : []))
    expect(told.length).toBeGreaterThan(0)
    for (const { total, failed } of told) expect({ total, failed }).toEqual({ total: revocations.size - 1, failed: 0 })
    const steps = told.slice(1).map(({ done }, index) => done - (told[index]?.done ?? 0))
    expect(steps.filter((step) => step < 0).length).toBeLessThanOrEqual(3)
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(-stretch)
  },
  2 * patienceMs,
)
