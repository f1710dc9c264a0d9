import type { AutenticoConnection } from '#/autentico/connect.ts'
import type { Config } from '#/config.ts'
import type { Part } from '#/health/parts.ts'
import type { OrderWorker } from '#/work/worker.ts'
import type { Health } from './health.ts'

/** Adds what a worker shows: whether it takes orders, and whether Autentico answers. */
export function showWorker(
  { board, metrics }: Health,
  {
    worker,
    autentico,
    role,
  }: { readonly worker: OrderWorker; readonly autentico: AutenticoConnection; readonly role: Config['role'] },
): void {
  board.add({
    name: 'worker',
    needed: role === 'worker',
    look: () =>
      worker.hearing()
        ? { ok: true, sentence: 'The worker takes orders.' }
        : { ok: false, sentence: 'The worker takes no orders: it waits for Redis, or is about to connect anew.' },
  })
  // Starting the worker again would not bring Autentico back, so it counts as degraded only.
  board.add({ name: 'autentico', needed: false, look: askingSparingly(async () => autentico.reachable()) })
  metrics.total({
    name: 'order_consumer_rebuilt_total',
    help: 'How often the worker had gone deaf and was connected anew.',
    read: () => worker.rebuilt(),
  })
}

const askEveryMs = 10_000

/** While Autentico answers it is asked now and then; while it does not, at every look. */
function askingSparingly(reachable: () => Promise<boolean>): Part['look'] {
  let answeredAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - answeredAt > askEveryMs) {
      if (!(await reachable()))
        return { ok: false, sentence: 'Autentico does not answer. What is approved waits, and goes on by itself.' }
      answeredAt = performance.now()
    }
    return { ok: true, sentence: 'Autentico answers.' }
  }
}
