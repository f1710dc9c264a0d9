import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'

/** What a private Redis is started with. */
export type PrivateRedisOptions = {
  /** Where its files go; must exist and stays. Default: a folder of its own under /tmp, removed when it ends. */
  readonly dir?: string
  /** 0 (default): a unix socket and no port. 'any': a free TCP port on 127.0.0.1. Else that TCP port. */
  readonly port?: number | 'any'
  /** What Redis does when its memory is full. The queue needs `noeviction`, the default; others serve to show that they are refused. */
  readonly policy?: 'noeviction' | 'allkeys-lru' | 'volatile-lru'
  /** Keep what is written over a restart and a crash (default: no). */
  readonly appendOnly?: boolean
  /** The server program. Default: REDIS_SERVER_BIN, else redis-server or valkey-server on PATH. */
  readonly program?: string
}

/** A Redis of our own that nobody else uses. It ends with `stop`, and also when this process ends in any way, kill -9 included. */
export type PrivateRedis = AsyncDisposable & {
  /** For REDIS_URL and for ioredis: the absolute path of a unix socket, or `redis://127.0.0.1:port`. The same after a restart. */
  readonly url: string
  /** Ends it in order and removes its folder if that was its own. May be called again. */
  readonly stop: () => Promise<void>
  /** Ends it at once, as a crash would; `restart` brings it back. */
  readonly kill: () => Promise<void>
  /** Ends it in order if it runs, and starts it again at the same address. */
  readonly restart: () => Promise<void>
  /** Stops it where it is, connections open, as a machine does that hangs; `thaw` lets it go on. */
  readonly freeze: () => void
  readonly thaw: () => void
}

/** No Redis could be started; the message says why and what to do. */
export class RedisNotStarted extends Error {
  override readonly name = 'RedisNotStarted'
}

/** Starts a Redis and resolves when it accepts connections. Throws `RedisNotStarted`. */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const program = options.program ?? findRedisServer(process.env)
  if (program === undefined) {
    throw new RedisNotStarted(
      'No redis-server here. Install it (Debian: sudo apt-get install redis-server, macOS: brew install redis) or name it in REDIS_SERVER_BIN.',
    )
  }
  // Short, because the path of a unix socket may have 107 bytes at most, and the temporary folder of macOS is long.
  const dir = options.dir ?? (await mkdtemp('/tmp/responder-redis-'))
  const own = options.dir === undefined ? dir : ''
  const port = options.port === 'any' ? await freePort() : (options.port ?? 0)
  const socket = join(dir, 'redis.sock')
  if (port === 0 && Buffer.byteLength(socket) > 107) {
    throw new RedisNotStarted(
      `The path of the socket is too long (107 bytes at most): ${socket}. Choose a shorter folder.`,
    )
  }
  const start = async () => startServer([program, ...settings({ ...options, dir, port, socket })], own)
  const removeOwn = async () => {
    if (own !== '') await rm(own, { recursive: true, force: true })
  }
  let server = await start().catch(async (error: unknown) => {
    await removeOwn()
    throw error
  })

  const stop = async () => {
    await end(server, 'SIGTERM')
    await removeOwn()
  }
  return {
    url: port === 0 ? socket : `redis://127.0.0.1:${port}`,
    stop,
    kill: async () => end(server, 'SIGKILL'),
    restart: async () => {
      await end(server, 'SIGTERM')
      server = await start()
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    [Symbol.asyncDispose]: stop,
  }
}

/** The Redis (or Valkey) server program: REDIS_SERVER_BIN, else the first on PATH. */
export function findRedisServer(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['REDIS_SERVER_BIN']
  if (named !== undefined && named !== '') return named
  const folders = (env['PATH'] ?? '').split(delimiter)
  return ['redis-server', 'valkey-server']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

type Settings = PrivateRedisOptions & { readonly dir: string; readonly port: number; readonly socket: string }

function settings({ dir, port, socket, policy = 'noeviction', appendOnly = false }: Settings): readonly string[] {
  const address = port === 0 ? ['--unixsocket', socket, '--unixsocketperm', '700'] : ['--bind', '127.0.0.1']
  const files = ['--dir', dir, '--save', '', '--appendonly', appendOnly ? 'yes' : 'no']
  return [
    '--port',
    String(port),
    ...address,
    ...files,
    '--maxmemory-policy',
    policy,
    '--daemonize',
    'no',
    '--logfile',
    '',
  ]
}

/**
 * The watcher waits on a pipe that only we hold open. When we end in any way the pipe closes, and it ends Redis (whose
 * process id is the shell's, because of `exec`) and removes the folder in $1. A line in the pipe means: ended in order.
 */
const watched = `
own=$1; shift
{ read -r word || {
    kill -TERM $$; tries=0
    while kill -0 $$ && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ -z "$own" ] || rm -rf -- "$own"
  } } <&3 >/dev/null 2>&1 &
exec "$@" 3<&-`

/** Starts the server under the watcher, in a session of its own: Ctrl-C in a terminal must not end it before its users. */
async function startServer(command: readonly string[], own: string): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', watched, 'sh', own, ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.once('exit', () => pipeOf(child).end('ended\n'))
  pipeOf(child).on('error', () => undefined) // The watcher may be gone already; then there is nobody to tell.
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  // Reading goes on after that, or a full pipe would stop the server one day.
  if (child.stdout === null) throw new Error('a child with a pipe for its output has one')
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (said.length < 50) said.push(line)
      if (/ready to accept connections/i.test(line)) resolve() // The wording differs between TCP and a unix socket.
    })
    child.once('error', reject)
    child.once('exit', () => reject(new RedisNotStarted(`${command[0]} ended at once:\n${said.slice(-8).join('\n')}`)))
  })
  return child
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  // One that is frozen takes no other signal before it goes on.
  child.kill('SIGCONT')
  await exited
}

function pipeOf(child: ChildProcess): Writable {
  return child.stdio[3] as Writable
}

/** A port nobody uses now. Another program may take it before Redis does; then Redis says so and does not start. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
