import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The real program as a process of its own. */
export type Program = AsyncDisposable & {
  /** Every line it has logged so far. */
  readonly lines: readonly string[]
  /** Asks it to end, as a supervisor does, and waits. Resolves with its exit code. */
  readonly stop: () => Promise<number | null>
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>
  readonly pid: number | undefined
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<number | null>
  readonly isOver: () => boolean
}

const main = join(import.meta.dirname, '../main.ts')

/**
 * Starts `main.ts start` with exactly this environment (and PATH) and resolves when it says that it is ready. Throws with what it said
 * when it ends before that. `signal` ends it at once, ready or not.
 */
export async function startProgram(
  env: Readonly<Record<string, string>>,
  {
    args = ['start'],
    readyWhen = 'the bot is ready',
    signal,
  }: { readonly args?: readonly string[]; readonly readyWhen?: string; readonly signal?: AbortSignal } = {},
): Promise<Program> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  // A drill that is killed must not leave a bot behind.
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  signal?.addEventListener('abort', orphaned, { once: true })
  const lines: string[] = []
  const ended = new Promise<number | null>((resolve) => {
    // Not `exit`: what it said last is still in the pipe then.
    child.once('close', (code) => resolve(code))
    child.once('error', ({ message }) => {
      lines.push(message)
      resolve(null)
    })
  }).finally(() => {
    process.off('exit', orphaned)
    signal?.removeEventListener('abort', orphaned)
  })
  const ready = Promise.withResolvers<void>()
  if (signal?.aborted === true) orphaned()
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (line.includes(readyWhen)) ready.resolve()
  })
  void ended.then((code) =>
    ready.reject(new Error(`the program ended with ${code ?? 'a signal'} before it was ready:\n${lines.join('\n')}`)),
  )
  await ready.promise
  return {
    lines,
    pid: child.pid,
    ended,
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => end(child, 'SIGTERM', ended),
    kill: async () => void (await end(child, 'SIGKILL', ended)),
    [Symbol.asyncDispose]: async () => void (await end(child, 'SIGTERM', ended)),
  }
}

/** What the program needs to start at all, and what saves memory (setup/memory.mjs); everything else it is given. */
export function inherited(): Readonly<Record<string, string>> {
  const names = ['PATH', 'NODE_COMPILE_CACHE', 'NODE_OPTIONS', 'LD_PRELOAD', 'MALLOC_CONF', 'MALLOC_ARENA_MAX']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

async function end(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<number | null>): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal)
  return ended
}
