import type { ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { endWatched, freePort, spawnWatched } from './watched.ts'

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
    await endWatched(server, 'SIGTERM')
    await removeOwn()
  }
  return {
    url: port === 0 ? socket : `redis://127.0.0.1:${port}`,
    stop,
    kill: async () => endWatched(server, 'SIGKILL'),
    restart: async () => {
      await endWatched(server, 'SIGTERM')
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

/** Starts the server and waits until it accepts connections. */
async function startServer(command: readonly string[], own: string): Promise<ChildProcess> {
  const child = spawnWatched(command, own)
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
