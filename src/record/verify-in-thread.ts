import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Head } from '#/ledger/chain.ts'
import type { KeptCheckpoint, Verification } from '#/ledger/verify.ts'

/** What is to be verified: the whole ledger of a data directory, or only what came behind `from`. */
export type VerifyTask = {
  readonly dataDir: string
  readonly from?: Head | undefined
  /** Checkpoints that were kept elsewhere. */
  readonly checkpoints?: readonly KeptCheckpoint[]
}

/**
 * Verifies in a thread of its own, so that no click waits for it meanwhile. Rejects when there is no ledger to read, when the thread
 * breaks, and when `signal` ends it.
 */
export async function verifyInThread(task: VerifyTask, signal: AbortSignal): Promise<Verification> {
  signal.throwIfAborted()
  const thread = new Worker(new URL('./verify-thread.ts', import.meta.url), { workerData: task })
  const stop = () => void thread.terminate()
  signal.addEventListener('abort', stop, { once: true })
  try {
    // `once` rejects on an error of the thread; one that ends without a word would be waited for without end.
    const silent = once(thread, 'exit').then(() => {
      throw new Error('the thread that verifies the ledger ended without a result')
    })
    silent.catch(() => undefined)
    const [report] = (await Promise.race([once(thread, 'message'), silent])) as [Verification]
    return report
  } finally {
    signal.removeEventListener('abort', stop)
    await thread.terminate()
  }
}
