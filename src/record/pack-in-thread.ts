import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { IncidentId } from '#/incident/events.ts'

/** The pack of an incident as of the first `size` entries of the ledger. */
export type PackTask = { readonly dataDir: string; readonly incident: IncidentId; readonly size: number }

/** Makes an evidence pack in a thread of its own, so that no click waits for it. The same task gives the same bytes. Rejects with why not. */
export async function packInThread(task: PackTask, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted()
  const thread = new Worker(new URL('./pack-thread.ts', import.meta.url), { workerData: task })
  const stop = () => void thread.terminate()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const silent = once(thread, 'exit').then(() => {
      throw new Error('the thread that makes a pack ended without one')
    })
    silent.catch(() => undefined)
    const [bytes] = (await Promise.race([once(thread, 'message'), silent])) as [Uint8Array]
    return bytes
  } finally {
    signal.removeEventListener('abort', stop)
    await thread.terminate()
  }
}
