import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startLocalAutentico } from './local-autentico.ts'
import { announceRunning, autenticoVariables, gone, type ReadyLine, restartAutenticoProcess } from './own-process.ts'

/**
 * Runs the local Autentico as a process of its own, until SIGTERM or SIGINT: `main.ts --dir <folder>`. Started again with the same
 * folder and port it goes on where it was, also after `kill -9`; `main.ts restart --dir <folder>` does that for one that runs. When it
 * is ready it prints one line of JSON; the control token and the seeded passwords are in it, so the line is for the process
 * that started it and for no log. With `--owner` it also ends when that process has.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: 'company' },
    'rate-limit': { type: 'boolean', default: false },
    'control-token': { type: 'string' },
    owner: { type: 'string' },
  },
})
const { dir, owner, 'rate-limit': rateLimit, 'control-token': controlToken } = values
if (dir === undefined) throw new Error('--dir must name the folder that the database shall be in')

try {
  if (positionals[0] === 'restart') await restartAutenticoProcess(dir)
  else await run(dir)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function run(dir: string): Promise<void> {
  const variables = autenticoVariables(process.env)
  const autentico = await startLocalAutentico({
    dir,
    port: Number(values.port),
    seed: values.seed === 'empty' ? 'empty' : 'company',
    rateLimit,
    variables,
    warn: (line) => void process.stderr.write(`WARN ${line}\n`),
    ...(controlToken === undefined ? {} : { controlToken }),
  })
  const { url, databaseFile, environmentFile, credentials, accounts, loot } = autentico
  const args = ['--dir', dir, '--port', new URL(url).port, '--seed', values.seed]
  // In one word: a random token may begin with a hyphen.
  args.push(`--control-token=${autentico.controlToken}`)
  if (rateLimit) args.push('--rate-limit')
  if (owner !== undefined) args.push('--owner', owner)
  announceRunning(dir, { pid: process.pid, url, args, variables })
  const line: ReadyLine = {
    url,
    databaseFile,
    environmentFile,
    credentials,
    accounts,
    controlToken: autentico.controlToken,
    ...(loot === undefined ? {} : { loot }),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)

  const asked = [once(process, 'SIGTERM'), once(process, 'SIGINT')]
  await Promise.race([...asked, ...(owner === undefined ? [] : [gone(Number(owner))])])
  await autentico[Symbol.asyncDispose]()
  announceRunning(dir, { url, args, variables })
  // The watch over the owner would go on.
  process.exit()
}
