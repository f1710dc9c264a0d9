import { accessSync, constants } from 'node:fs'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { delimiter, join } from 'node:path'
import { listenOnLoopback, stopListening } from './loopback.ts'
import { localNginx } from './nginx.ts'
import { freePort } from './watched.ts'

/** The reverse proxy in front of the local Autentico. */
export type Front = AsyncDisposable & {
  /** Where people reach Autentico, without a trailing slash. */
  readonly url: string
  /** What tells the worker of it. */
  readonly env: Readonly<Record<string, string>>
  /** Begins to pass requests on. */
  readonly leadTo: (upstream: string) => Promise<void>
}

/** A real nginx that the worker may change, where there is one; else a plain proxy of somebody else's. */
export async function prepareFront({ dir }: { readonly dir: string }): Promise<Front> {
  const nginx = findNginx(process.env)
  return nginx === undefined ? plainFront() : nginxFront(nginx, dir)
}

/** The nginx program: NGINX_BIN, else the first on PATH or where Debian keeps it. */
export function findNginx(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['NGINX_BIN']
  if (named !== undefined && named !== '') return isProgram(named) ? named : undefined
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']
  return folders.map((folder) => join(folder, 'nginx')).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function nginxFront(program: string, dir: string): Promise<Front> {
  const folder = join(dir, 'nginx')
  const { url, configPath, testCommand, reloadCommand, start } = localNginx({ program, folder, port: await freePort() })
  const closing = new AsyncDisposableStack()
  return {
    url,
    env: {
      PROXY_KIND: 'nginx',
      PROXY_CONFIG_PATH: configPath,
      PROXY_TEST_COMMAND: JSON.stringify(testCommand),
      PROXY_RELOAD_COMMAND: JSON.stringify(reloadCommand),
      // Of this machine's addresses one is to be let in, and one is not.
      ...(process.platform === 'linux' ? { PROXY_PROBE_FROM: '127.0.0.1,127.0.0.2' } : {}),
    },
    async leadTo(upstream) {
      closing.use(await start({ upstream, inServer: `include ${folder}/conf.d/*autentico-responder.locations;` }))
    },
    [Symbol.asyncDispose]: async () => closing.disposeAsync(),
  }
}

/** Passes everything on as it is. The worker may not change it, so what it is to do is handed over as a file. */
async function plainFront(): Promise<Front> {
  const { server, url } = await listenOnLoopback(0)
  let upstream = ''
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url: path = '/', socket } = request
    const forwarded = [headers['x-forwarded-for'], socket.remoteAddress].filter((one) => one !== undefined).join(', ')
    const onward = ask(upstream + path, { method, headers: { ...headers, 'x-forwarded-for': forwarded } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  })
  return {
    url,
    env: {},
    leadTo: async (to) => {
      upstream = to
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: async () => stopListening(server),
  }
}
