import { until } from '#/drill/crew.ts'
import { openBulkSite, wholeOrder } from '../../support/bulk-site.ts'
import type { Figure } from '../figure.ts'
import { weigh, weighable } from './weight.ts'

const people = 10_000
const early = 2_000
const late = 9_000
const patienceMs = 200_000

/** One worker revokes the sessions of ten thousand users; what it holds near the end stands beside what it held near the beginning. */
const bulkMemory: Figure = {
  name: `memory at user ${late} beside ${early}`,
  unit: 'MiB',
  target: { atMost: 1.1 },
  pairs: 1,
  prepare: async () => {
    await using building = new AsyncDisposableStack()
    const site = building.use(await openBulkSite({ count: people }))
    const worker = await site.worker(weighable)
    building.defer(async () => void (await worker.stop()))
    await site.queue.issue(wholeOrder('revoke-everybody', { seq: 31, basis: { everybody: true } }))
    const weighedAt = async (n: number): Promise<number> => {
      await until(() => (site.isOut(n) ? true : undefined), `user ${n} to be signed out`, patienceMs)
      return weigh(worker.pid)
    }
    const [floor, ours] = [await weighedAt(early), await weighedAt(late)]
    const parts = building.move()
    return {
      ours: async () => Promise.resolve(ours),
      floor: async () => Promise.resolve(floor),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    }
  },
}

export const figures: readonly Figure[] = [bulkMemory]
