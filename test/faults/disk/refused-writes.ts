import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { until } from '#/drill/crew.ts'

/** Lets the kernel answer writes of a running process to these files with an error, until it is disposed. */
export type RefusedWrites = AsyncDisposable & {
  /** How many calls were refused, or seen, so far. */
  readonly count: () => number
}

/**
 * Through strace, which stands between a process and the kernel: the program makes its real calls and gets a real error. Throws where
 * strace is missing or may not look into a process.
 */
export async function refuseWrites(
  pid: number | undefined,
  error: string,
  files: readonly string[],
): Promise<RefusedWrites> {
  const calls = 'pwrite64,pwritev,ftruncate,fallocate'
  return traced(pid, ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}`, ...paths(files)], 'INJECTED')
}

/** As {@link refuseWrites}, for bringing a folder to the disk: what was put into it may be gone after a power loss. */
export async function refuseSyncs(pid: number | undefined, error: string, folder: string): Promise<RefusedWrites> {
  return traced(pid, ['-e', 'trace=fsync', '-e', `inject=fsync:error=${error}`, ...paths([folder])], 'INJECTED')
}

/** Counts how often a running process has the kernel bring a file to the disk. Throws as {@link refuseWrites} does. */
export async function countSyncs(pid: number | undefined, file: string): Promise<RefusedWrites> {
  return traced(pid, ['-e', 'trace=fsync,fdatasync', ...paths([file])], 'sync(')
}

/** Writes down what a running process does, as strace says it, until it is disposed. Throws as {@link refuseWrites} does. */
export async function recordCalls(
  pid: number | undefined,
  what: readonly string[],
  to: string,
): Promise<AsyncDisposable> {
  return traced(pid, ['-o', to, ...what])
}

function paths(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => ['-P', file])
}

async function traced(pid: number | undefined, what: readonly string[], sign?: string): Promise<RefusedWrites> {
  if (pid === undefined) throw new Error('the program has no process')
  const strace = spawn('/usr/bin/env', ['strace', '-f', '-qq', '-p', String(pid), ...what], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let seen = 0
  createInterface({ input: strace.stderr }).on('line', (line) => {
    if (sign !== undefined && line.includes(sign)) seen += 1
  })
  await attached(strace, pid)
  return {
    count: () => seen,
    async [Symbol.asyncDispose]() {
      if (strace.exitCode !== null) return
      strace.kill('SIGTERM')
      await once(strace, 'exit')
    },
  }
}

async function attached(strace: ChildProcess, pid: number): Promise<void> {
  const said: string[] = []
  strace.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const [ended] = await Promise.race([
    once(strace, 'error').then(([error]) => [String(error)]),
    once(strace, 'exit').then(([code]) => [`it ended with ${String(code)}: ${said.join('')}`]),
    until(() => (isTraced(pid) ? true : undefined), 'strace to look into the program').then(() => [undefined]),
  ])
  if (ended !== undefined)
    throw new Error(`this fault needs strace (Debian: apt-get install strace), allowed to trace: ${ended}`)
}

function isTraced(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every(
    (task) => !/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')),
  )
}
