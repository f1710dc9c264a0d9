import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { verifyOn } from '#/ledger/verify-on.ts'
import { verifyDataDir } from './verify-data-dir.ts'
import type { VerifyTask } from './verify-in-thread.ts'

// A thread of its own: started with one task, it answers with one report and ends.
const task = workerData as VerifyTask
const report =
  task.from === undefined
    ? await verifyDataDir(task.dataDir, { checkpoints: task.checkpoints ?? [] })
    : verifyOn({ file: join(task.dataDir, 'ledger.sqlite'), from: task.from })
parentPort?.postMessage(report)
