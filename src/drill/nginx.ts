import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endWatched, spawnWatched } from './watched.ts'

/** A real nginx on loopback, with everything of it in one folder. */
export type LocalNginx = {
  readonly url: string
  /** Its main configuration. */
  readonly mainFile: string
  /** Where the worker may write. */
  readonly configPath: string
  readonly testCommand: readonly string[]
  readonly reloadCommand: readonly string[]
  /** Writes its configuration and waits until Autentico answers through it. `inServer` stands in the server of Autentico. */
  readonly start: (to: { readonly upstream: string; readonly inServer: string }) => Promise<AsyncDisposable>
}

/** Nothing is started yet. */
export function localNginx({
  program,
  folder,
  port,
}: {
  readonly program: string
  readonly folder: string
  readonly port: number
}): LocalNginx {
  mkdirSync(join(folder, 'conf.d'), { recursive: true })
  const url = `http://127.0.0.1:${port}`
  const mainFile = join(folder, 'nginx.conf')
  const nginx = [program, '-p', folder, '-e', join(folder, 'error.log'), '-c', mainFile]
  return {
    url,
    mainFile,
    configPath: join(folder, 'conf.d/autentico-responder.conf'),
    testCommand: [...nginx, '-t'],
    reloadCommand: [...nginx, '-s', 'reload'],
    async start({ upstream, inServer }) {
      writeFileSync(mainFile, nginxConfiguration({ folder, port, upstream, inServer }))
      await using building = new AsyncDisposableStack()
      const child = spawnWatched(nginx)
      building.defer(async () => endWatched(child, 'SIGTERM'))
      for (const end = performance.now() + 20_000; performance.now() < end; await pause(20)) {
        if (child.exitCode !== null)
          throw new Error(`nginx ended as soon as it was started; ${folder}/error.log says why`)
        if (await isWell(url)) return building.move()
      }
      throw new Error('nginx does not answer')
    },
  }
}

async function isWell(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false
  }
}

/**
 * nginx in front of Autentico as Autentico's documentation sets it up, on loopback, with everything it writes in `folder`. Its `conf.d` is
 * included where it belongs to all servers; `inServer` stands in the server of Autentico, such as the line that, once and by hand, includes
 * what the worker will write there.
 */
function nginxConfiguration(at: {
  readonly folder: string
  readonly port: number
  readonly upstream: string
  readonly inServer: string
}): string {
  const { folder, port, upstream, inServer } = at
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
    access_log off;
    ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n    ')}
    include ${folder}/conf.d/*.conf;
    server {
        listen 127.0.0.1:${port};
        ${inServer}
        location / {
            proxy_pass ${upstream};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
    }
}
`
}
