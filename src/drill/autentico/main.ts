import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startLocalAutentico } from './local-autentico.ts'

/**
 * Runs the local Autentico as a process of its own, until SIGTERM or SIGINT. Started again with the same folder and port
 * it goes on where it was, also after `kill -9`. When it is ready it prints one line of JSON; the control token and the
 * seeded passwords are in it, so the line is for the process that started it and for no log.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: 'company' },
    'rate-limit': { type: 'boolean', default: false },
    'control-token': { type: 'string' },
  },
})
if (values.dir === undefined) throw new Error('--dir must name the folder that the database shall be in')

const controlToken = values['control-token']
await using autentico = await startLocalAutentico({
  dir: values.dir,
  port: Number(values.port),
  seed: values.seed === 'empty' ? 'empty' : 'company',
  rateLimit: values['rate-limit'],
  ...(controlToken === undefined ? {} : { controlToken }),
})
const { url, databaseFile, environmentFile, credentials, accounts, loot } = autentico
const line = { url, databaseFile, environmentFile, credentials, accounts, loot, controlToken: autentico.controlToken }
process.stdout.write(`${JSON.stringify(line)}\n`)

await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
