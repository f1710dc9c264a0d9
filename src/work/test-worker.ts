/** A worker as a process of its own, for tests that kill it. It is told everything in one message and says when it has started. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { dirname } from 'node:path'
import { z } from 'zod'
import { connectAutentico } from '#/autentico/connect.ts'
import { startWorker } from './worker.ts'

const orders = z.object({
  name: z.string(),
  url: z.string(),
  idp: z.string(),
  credentials: z.object({ clientId: z.string(), clientSecret: z.string(), username: z.string(), password: z.string() }),
  databasePath: z.string(),
  journalFile: z.string(),
  signingKey: z.string(),
  botKey: z.string(),
  sealTo: z.string(),
})

const message = await new Promise<unknown>((resolve) => process.once('message', resolve))
const { name, url, idp, credentials, databasePath, journalFile, ...keys } = orders.parse(message)
const signingKey = createPrivateKey(keys.signingKey)
await startWorker({
  name,
  url,
  journalFile,
  reach: { directory: dirname(journalFile), known: { admins: [], clients: [] } },
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  autentico: connectAutentico({ url: idp, credentials: { kind: 'password', ...credentials }, databasePath }),
  signingKey,
  workerKeys: [createPublicKey(signingKey)],
  botKeys: [createPublicKey(keys.botKey)],
  sealTo: createPublicKey(keys.sealTo),
})
process.send?.('started')
