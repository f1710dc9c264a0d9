import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How a command ended. `said` is the end of its output, cut short and without what could be a secret. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly said: string }
  /** By a signal that was not ours. */
  | { readonly kind: 'killed'; readonly signal: string; readonly said: string }
  /** It went on beyond the time limit and was ended, with what it had started. */
  | { readonly kind: 'too-long'; readonly said: string }
  /** There is no such program, or it may not be run. */
  | { readonly kind: 'not-started'; readonly code: string }

/**
 * Runs an argument vector, never through a shell, with nothing of this process's environment but what finding programs and
 * talking to systemd and Docker needs: our own variables are secrets, and some have the names of Autentico's.
 *
 * What the command starts in the background goes on after it, and may go on writing.
 */
export async function runCommand(
  command: readonly string[],
  { limitMs }: { readonly limitMs: number },
): Promise<CommandEnd> {
  // Not a pipe: whoever still writes when we close it would be killed by that.
  await using output = await nameless()
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    stdio: ['ignore', output.fd, output.fd],
    env: environment(),
    // A group of its own: it outlives a stop of ours, and can be ended as a whole.
    detached: true,
  })
  const ended = new Promise<{ readonly code: number | null; readonly signal: string | null } | NodeJS.ErrnoException>(
    (resolve) => {
      child.once('error', resolve)
      child.once('exit', (code, signal) => resolve({ code, signal }))
    },
  )
  const over = new AbortController()
  const end = (signal: NodeJS.Signals): void => {
    over.abort()
    endGroup(child.pid, signal)
  }
  const stops = [setTimeout(() => end('SIGTERM'), limitMs), setTimeout(() => end('SIGKILL'), limitMs + 2_000)]
  const how = await ended
  for (const stop of stops) clearTimeout(stop)
  if (how instanceof Error) return { kind: 'not-started', code: how.code ?? how.name }
  const said = await lastWords(output)
  if (over.signal.aborted) {
    // It may have ended politely, and left behind what it started.
    endGroup(child.pid, 'SIGKILL')
    return { kind: 'too-long', said }
  }
  if (how.code === null) return { kind: 'killed', signal: how.signal ?? 'a signal', said }
  return { kind: 'exited', code: how.code, said }
}

const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
]

function environment(): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(passedOn.map((name) => [name, process.env[name]])), LANG: 'C' }
}

/** A file that has no name any more, so that nobody else reads it and a crash leaves nothing. */
async function nameless(): Promise<FileHandle> {
  const file = join(tmpdir(), `autentico-responder-${randomUUID()}`)
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600)
  await rm(file)
  return handle
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // There is nobody left in it.
  }
}

const longestSaid = 400

async function lastWords(output: FileHandle): Promise<string> {
  const { size } = await output.stat()
  const length = Math.min(size, 8 * 1024)
  const { buffer, bytesRead } = await output.read(Buffer.alloc(length), 0, length, size - length)
  const words = withoutSecrets(buffer.toString('utf8', 0, bytesRead))
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return words.length <= longestSaid ? words : `…${words.slice(1 - longestSaid).toWellFormed()}`
}

/** Better one container's id too many than one secret: nobody needs it to see what went wrong. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(/-----BEGIN[\s\S]*?(?:-----END[^\n]*|$)/g, '[removed]')
    .replaceAll(/((?:secret|token|password|passwd|key)\w*["']?\s*[=:]\s*)\S+/gi, '$1[removed]')
    .replaceAll(/[\w+/-]{20,}={0,2}/g, (run) => (/\d/.test(run) && /[A-Za-z]/.test(run) ? '[removed]' : run))
}
