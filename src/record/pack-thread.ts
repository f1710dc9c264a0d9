import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedgerReader } from '#/ledger/reader.ts'
import { writePack } from '#/pack/write-pack.ts'
import { readPrivateKey } from '#/work/keys.ts'
import { packSource } from './evidence-pack.ts'
import type { PackTask } from './pack-in-thread.ts'

// A thread of its own: started with one task, it answers with the bytes of one pack, or with why there is none, and ends.
const { dataDir, incident, size } = workerData as PackTask
using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
const key = readPrivateKey(join(dataDir, 'keys', 'ledger.pem'), 'ed25519')
const source = packSource(ledger, incident, { dataDir, key, size })
if (source === undefined) throw new Error(`${incident} was not open by entry ${size}`)
const chunks: Uint8Array[] = []
await writePack(source, (bytes) => void chunks.push(bytes))
parentPort?.postMessage(Buffer.concat(chunks))
