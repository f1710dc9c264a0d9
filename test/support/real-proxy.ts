import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { localNginx } from '#/drill/nginx.ts'
import { scrub } from '#/incident/scrub.ts'
import type { ProxySetup } from '#/proxy/apply.ts'
import { commands } from '#/proxy/command.ts'
import type { LimitsForm } from '#/proxy/limits.ts'
import { readLimits } from '#/proxy/limits.ts'
import { nginxInclude } from '#/proxy/nginx.ts'
import { isWell } from '#/proxy/probe.ts'
import type { Wish } from '#/proxy/rendered.ts'
import { readSite, type Site } from '#/proxy/site.ts'
import { freePort } from './free-port.ts'

/** A real proxy in front of `upstream`, on a port and in a folder of its own, with nothing of ours in its configuration yet. */
export type RealProxy = AsyncDisposable & {
  readonly site: Site
  readonly setup: Omit<ProxySetup, 'now'>
  /** Its main configuration. */
  readonly mainFile: string
  readonly folder: string
}

/** What keeps the stories from being played here, as the words of the test that is left out; undefined when they can be. */
export function missingProxy(name: 'nginx' | 'caddy'): string | undefined {
  if (binary(name) !== '') return undefined
  return `needs ${name}, which is not here: install it, or name the program in ${name.toUpperCase()}_BIN, and start with npm test`
}

/** nginx as Autentico's documentation sets it up, and the line that includes our files. `inServer` stands there as well. */
export async function startNginx(options: {
  readonly upstream: string
  readonly inServer?: string
  /** Default: any free one. */
  readonly port?: number
}): Promise<RealProxy> {
  const { upstream, inServer = '' } = options
  const folder = mkdtempSync(join(tmpdir(), 'responder-nginx-'))
  const port = options.port ?? (await freePort())
  const { mainFile, configPath, testCommand, reloadCommand, start } = localNginx({
    program: binary('nginx'),
    folder,
    port,
  })
  const site = siteAt({ port, upstream, configPath })
  await using building = new AsyncDisposableStack()
  building.defer(() => rmSync(folder, { recursive: true, force: true }))
  building.use(await start({ upstream, inServer: `${nginxInclude(configPath)}\n${inServer}` }))
  return realProxy({ folder, mainFile, site, kind: 'nginx', testCommand, reloadCommand }, building.move())
}

/** Caddy as Autentico's documentation sets it up, and the line that imports our file. */
export async function startCaddy({ upstream }: { readonly upstream: string }): Promise<RealProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'responder-caddy-'))
  const [port, adminPort] = [await freePort(), await freePort()]
  const site = siteAt({ port, upstream, configPath: join(folder, 'autentico-responder.caddy') })
  const mainFile = join(folder, 'Caddyfile')
  writeFileSync(
    mainFile,
    `{
	admin 127.0.0.1:${adminPort}
	storage file_system ${folder}
}
http://127.0.0.1:${port} {
	import ${join(folder, '*autentico-responder.caddy')}
	reverse_proxy ${upstream.replace('http://', '')}
}
`,
  )
  const caddy = binary('caddy')
  await using building = new AsyncDisposableStack()
  building.defer(() => rmSync(folder, { recursive: true, force: true }))
  // Caddy keeps its last configuration below HOME.
  const env = { ...process.env, HOME: folder }
  const child = spawn(caddy, ['run', '--config', mainFile], { stdio: 'ignore', env })
  building.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await answers(site.url, () => child.exitCode === null)
  const program: Program = {
    folder,
    mainFile,
    site,
    kind: 'caddy',
    testCommand: [caddy, 'validate', '--config', mainFile],
    reloadCommand: [caddy, 'reload', '--config', mainFile, '--address', `127.0.0.1:${adminPort}`],
  }
  return realProxy(program, building.move())
}

/** What to render for that proxy. Of this machine's addresses 127.0.0.1 is allowed, 127.0.0.2 is not. */
export function wishFor({ site, setup }: RealProxy, given: Partial<LimitsForm> = {}): Wish {
  const read = readLimits({ requests: '10', per: 'second', burst: '40', networks: '127.0.0.1', ...given })
  if (read.kind !== 'limits') throw new Error(read.problems.map(({ sentence }) => sentence).join(' '))
  return { kind: setup.kind, limits: read.limits, site }
}

type Program = Pick<RealProxy, 'folder' | 'mainFile' | 'site'> &
  Pick<ProxySetup, 'kind' | 'testCommand' | 'reloadCommand'>

function realProxy({ folder, mainFile, site, ...commandsOf }: Program, closing: AsyncDisposable): RealProxy {
  return {
    site,
    mainFile,
    folder,
    setup: { ...commandsOf, noteFile: `${site.configPath}.pending`, run: commands({ scrub }) },
    [Symbol.asyncDispose]: async () => closing[Symbol.asyncDispose](),
  }
}

async function answers(url: string, lives: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (!lives()) throw new Error('Caddy ended as soon as it was started')
    if (await isWell(url)) return
    await pause(20)
  }
  throw new Error('Caddy does not answer')
}

function siteAt(given: { readonly port: number; readonly upstream: string; readonly configPath: string }): Site {
  const { port, upstream, configPath } = given
  const read = readSite({ url: `http://127.0.0.1:${port}`, upstream, oauthPath: '/oauth2', configPath })
  if (read.kind !== 'site') throw new Error(read.problems.join(' '))
  return read.site
}

function binary(name: 'nginx' | 'caddy'): string {
  return process.env[`${name.toUpperCase()}_BIN`] ?? ''
}
