import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ProcessVariables } from './environment.ts'
import type { LocalAutentico, LocalAutenticoOptions } from './local-autentico.ts'

/** What the process says of itself, on one line, when it is ready. */
export type ReadyLine = Pick<
  LocalAutentico,
  'url' | 'databaseFile' | 'environmentFile' | 'credentials' | 'accounts' | 'loot' | 'controlToken'
>

export type OwnProcessOptions = Pick<LocalAutenticoOptions, 'dir' | 'port' | 'seed' | 'rateLimit' | 'controlToken'> & {
  /** Variables of the process, which win over its environment file; only names that begin with AUTENTICO_ are handed on. */
  readonly env?: ProcessVariables
}

/** A local Autentico that runs in a process of its own, which anybody may restart with `restartCommand`. */
export type AutenticoProcess = ReadyLine &
  AsyncDisposable & {
    /** For AUTENTICO_RESTART_COMMAND: ends the server and starts it again on the same files, port and variables; starts it if it is down. */
    readonly restartCommand: readonly string[]
    /** What the server has to say, over all its starts. */
    readonly logFile: string
    /** Runs the restart command. Throws with what the server said when it does not come up. */
    readonly restart: () => Promise<void>
    /** Asks the server to end, as a supervisor does, and waits. May be called again. */
    readonly stop: () => Promise<void>
  }

const main = join(import.meta.dirname, 'main.ts')

/**
 * Starts the local Autentico as a process of its own, against `.env` and the database in `dir`. It ends with `stop`, and within two
 * seconds when this process ends in any way, also when it was restarted meanwhile.
 */
export async function startAutenticoProcess(options: OwnProcessOptions): Promise<AutenticoProcess> {
  const { port = 0, seed = 'company', rateLimit = false, controlToken, env = {} } = options
  const dir = resolve(options.dir)
  mkdirSync(dir, { recursive: true })
  const args = ['--dir', dir, '--port', String(port), '--seed', seed, '--owner', String(process.pid)]
  if (rateLimit) args.push('--rate-limit')
  if (controlToken !== undefined) args.push(`--control-token=${controlToken}`)
  const logFile = logFileIn(dir)
  const ready = await firstLine(spawnServer({ dir, args, variables: env, stdout: 'pipe' }), logFile)
  return {
    ...(JSON.parse(ready) as ReadyLine),
    restartCommand: [process.execPath, main, 'restart', '--dir', dir],
    logFile,
    restart: async () => restartAutenticoProcess(dir),
    stop: async () => endRunning(dir),
    [Symbol.asyncDispose]: async () => endRunning(dir),
  }
}

/** What a restart has to know of the process that runs in a folder, or ran there last. */
export type Running = {
  /** Absent when it has ended in order. */
  readonly pid?: number
  readonly url: string
  readonly args: readonly string[]
  readonly variables: ProcessVariables
}

const running = z.object({
  pid: z.number().int().positive().exactOptional(),
  url: z.string(),
  args: z.array(z.string()),
  variables: z.record(z.string(), z.string()),
})

/** Leaves word of the process for whoever restarts it. The file holds secrets if the variables do. */
export function announceRunning(dir: string, now: Running): void {
  const file = runningFileIn(dir)
  writeFileSync(`${file}.new`, JSON.stringify(now), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Restarts what was started last in this folder. Throws when nothing ever was, or with the log's end when it does not come up. */
export async function restartAutenticoProcess(dir: string): Promise<void> {
  const last = findRunning(dir)
  if (last === undefined) throw new Error(`no local Autentico was ever started in ${dir}`)
  await endRunning(dir)
  const child = spawnServer({ dir, args: last.args, variables: last.variables, stdout: 'ignore' })
  child.unref()
  const isUp = (): boolean => findRunning(dir)?.pid === child.pid
  await until(() => isUp() || hasEnded(child), 'start')
  if (!isUp()) throw new Error(`the local Autentico did not start:\n${lastWords(logFileIn(dir))}`)
}

/** The variables that a server takes from a process. */
export function autenticoVariables(env: ProcessVariables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[0].startsWith('AUTENTICO_') && entry[1] !== undefined,
    ),
  )
}

/** Resolves when the process with this id is gone. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(500)
}

type Spawned = {
  readonly dir: string
  readonly args: readonly string[]
  readonly variables: ProcessVariables
  readonly stdout: 'pipe' | 'ignore'
}

/** In a session of its own: Ctrl-C in a terminal must not end the server before its users. */
function spawnServer({ dir, args, variables, stdout }: Spawned): ChildProcess {
  const log = openSync(logFileIn(dir), 'a', 0o600)
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AUTENTICO_'))
  try {
    return spawn(process.execPath, [main, ...args], {
      env: { ...Object.fromEntries(others), ...autenticoVariables(variables) },
      stdio: ['ignore', stdout, log],
      detached: true,
    })
  } finally {
    closeSync(log)
  }
}

async function firstLine(child: ChildProcess, logFile: string): Promise<string> {
  if (child.stdout === null) throw new Error('a child with a pipe for its output has one')
  for await (const line of createInterface({ input: child.stdout })) {
    // From here on nothing of it keeps this process from ending.
    child.stdout.destroy()
    child.unref()
    return line
  }
  throw new Error(`the local Autentico did not start:\n${lastWords(logFile)}`)
}

async function endRunning(dir: string): Promise<void> {
  const last = findRunning(dir)
  // An id alone proves little: after a crash another program may have it.
  if (last?.pid === undefined || !isAlive(last.pid) || !(await answers(last.url))) return
  process.kill(last.pid, 'SIGTERM')
  await until(() => findRunning(dir)?.pid === undefined, 'end')
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { headers: { Connection: 'close' } })).ok
  } catch {
    return false
  }
}

function findRunning(dir: string): Running | undefined {
  const file = runningFileIn(dir)
  return existsSync(file) ? running.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const giveUp = AbortSignal.timeout(20_000)
  while (!isSo()) {
    if (giveUp.aborted) throw new Error(`the local Autentico did not ${what} within 20 seconds`)
    await sleep(10)
  }
}

function lastWords(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}

function logFileIn(dir: string): string {
  return join(dir, 'autentico.log')
}

function runningFileIn(dir: string): string {
  return join(dir, 'running.json')
}
