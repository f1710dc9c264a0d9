import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { verdictOn } from '../setup/tally.ts'

const root = dirname(import.meta.dirname)

/** One locked package, so that a checkout without it is not ready. */
const lock = JSON.stringify({ packages: { '': {}, 'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' } } })

test('a ready checkout runs the script at once: its arguments, its output, its exit code', async () => {
  const checkout = makeCheckout({ installed: lock })
  const run = await ended(checkout.run(['script.mjs', '--dev', 'word']))

  expect(run).toEqual({ code: 7, signal: null, out: '--dev word\n', err: '' })
  expect(checkout.calls()).toEqual([])
})

test('variables come from .env only when asked for, and those already set win', async () => {
  const checkout = makeCheckout({ installed: lock })
  writeFileSync(join(checkout.dir, '.env'), 'COLOUR=red\nSIZE=small\n')
  writeFileSync(join(checkout.dir, 'says.mjs'), `console.log(process.env.COLOUR, process.env.SIZE)`)

  expect((await ended(checkout.run(['--env', 'says.mjs'], { SIZE: 'large' }))).out).toBe('red large\n')
  expect((await ended(checkout.run(['says.mjs'], { SIZE: 'large' }))).out).toBe('undefined large\n')
})

test('what an operator runs saves memory, with jemalloc where it is, and what was set already wins', async () => {
  const checkout = makeCheckout({ installed: lock })
  const says = `const { LD_PRELOAD = '', MALLOC_ARENA_MAX = '', NODE_OPTIONS = '' } = process.env
console.log([LD_PRELOAD, MALLOC_ARENA_MAX, NODE_OPTIONS].join('|'))`
  writeFileSync(join(checkout.dir, 'says.mjs'), says)
  const run = async (args: readonly string[], set: Readonly<Record<string, string>> = {}) => {
    const env = { LD_PRELOAD: undefined, MALLOC_ARENA_MAX: undefined, NODE_OPTIONS: undefined, ...set }
    return (await ended(checkout.run([...args, 'says.mjs'], env))).out
  }

  expect(await run(['--env'])).toMatch(/^(\S+\/libjemalloc\.so\.2\||\|2)\|--max-semi-space-size=8\n$/)
  expect(await run(['--env'], { NODE_OPTIONS: '--no-warnings' })).toMatch(/\|--no-warnings\n$/)
  expect(await run([])).toBe('||\n')
})

test('a signal reaches the script, and its end by a signal is ours', async () => {
  const child = makeCheckout({ installed: lock }).run(['waits.mjs'])
  await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')

  expect(await ended(child)).toMatchObject({ code: null, signal: 'SIGTERM' })
})

test.each([
  ['packages are missing', undefined],
  ['the lock file names another version', lock.replace('1.0.0', '0.9.0')],
  ['the lock file names other content', lock.replace('sha512-a', 'sha512-b')],
])('npm installs when %s, without running any script of a package', async (_why, installed) => {
  const checkout = makeCheckout({ installed })
  const run = await ended(checkout.run(['script.mjs']))

  expect(run).toMatchObject({ code: 7, err: 'Installing packages (once)…\n' })
  expect(checkout.calls()).toEqual([expect.stringMatching(/^install --no-save --ignore-scripts .*--omit=dev/)])
})

test('tools for tests are asked for only by what needs them', async () => {
  const withTools = lock.replace('"1.0.0"', '"1.0.0","dev":true')
  const checkout = makeCheckout({ locked: withTools, installed: JSON.stringify({ packages: {} }) })

  await ended(checkout.run(['script.mjs']))
  expect(checkout.calls()).toEqual([])

  await ended(checkout.run(['--dev', 'script.mjs']))
  expect(checkout.calls()).toEqual([expect.not.stringContaining('--omit=dev')])
})

test('two at once install once, and both run', async () => {
  // This npm goes on only when a second set-up stands at the lock.
  const atLock = `readdirSync('.runtime').filter((name) => name.startsWith('lock.')).length`
  const npm = `import { readdirSync } from 'node:fs'
while (${atLock} < 2) await new Promise(setImmediate)
${installs}`
  const checkout = makeCheckout({ installed: undefined, npm })
  const both = await Promise.all([ended(checkout.run(['script.mjs'])), ended(checkout.run(['script.mjs']))])

  expect(both.map(({ code }) => code)).toEqual([7, 7])
  expect(checkout.calls()).toHaveLength(1)
})

test('the lock of a set-up that was killed is taken over', async () => {
  const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(gone, 'exit')
  const checkout = makeCheckout({ installed: undefined })
  mkdirSync(join(checkout.dir, '.runtime'))
  writeFileSync(join(checkout.dir, '.runtime/lock'), String(gone.pid))

  expect(await ended(checkout.run(['script.mjs']))).toMatchObject({ code: 7 })
})

test('when npm fails, its own words are the message and nothing is run', async () => {
  const checkout = makeCheckout({ installed: undefined, npm: `console.error('no network'); process.exit(1)` })
  const run = await ended(checkout.run(['script.mjs']))

  expect(run).toMatchObject({ code: 69, out: '' })
  expect(run.err).toContain('npm install failed (exit 1):\nno network')
})

test('when npm installs something else than the lock file names, nothing is run', async () => {
  const run = await ended(makeCheckout({ installed: undefined, npm: '' }).run(['script.mjs']))

  expect(run).toMatchObject({ code: 69, out: '' })
  expect(run.err).toContain('something else than package-lock.json names')
})

test.each([
  [['--rediss', 'script.mjs'], 'Unknown option --rediss'],
  [['--redis'], 'No script given'],
])('what is typed wrong is named: %j', async (args, message) => {
  const run = await ended(makeCheckout({ installed: lock }).run(args))

  expect(run.code).toBe(69)
  expect(run.err).toContain(message)
})

test('a REDIS_SERVER_BIN that is no program is named', async () => {
  const checkout = makeCheckout({ installed: lock })
  const run = await ended(checkout.run(['--redis', 'script.mjs'], { REDIS_SERVER_BIN: '/nowhere/redis' }))

  expect(run).toMatchObject({ code: 69, out: '' })
  expect(run.err).toContain('/nowhere/redis')
})

test.each([
  ['--chromium', 'CHROMIUM_PATH'],
  ['--strace', 'STRACE_BIN'],
  ['--proxies', 'NGINX_BIN'],
  ['--proxies', 'CADDY_BIN'],
])('with %s, a %s that is no program is named', async (option, variable) => {
  const checkout = makeCheckout({ installed: lock })
  const run = await ended(checkout.run([option, 'script.mjs'], { [variable]: '/nowhere/program' }))

  expect(run).toMatchObject({ code: 69, out: '' })
  expect(run.err).toContain(`${variable} names /nowhere/program`)
})

/** A machine whose only program is an apt-get that answers like this; everything else is not on PATH. */
function withAptGet(checkout: Checkout, answers: string): Readonly<Record<string, string>> {
  const bin = join(checkout.dir, 'bin')
  mkdirSync(bin)
  const program = `#!/bin/sh\necho "$*" >> ${join(checkout.dir, 'calls')}\n${answers}\n`
  writeFileSync(join(bin, 'apt-get'), program, { mode: 0o755 })
  writeFileSync(join(checkout.dir, 'says.mjs'), `console.log(process.env.CHROMIUM_PATH)`)
  return { PATH: bin, CHROMIUM_PATH: '' }
}

const installsPrograms = existsSync('/usr/bin/apt-get') && process.getuid?.() === 0

test.runIf(installsPrograms)(
  'Chromium is installed with the fonts it needs, and the script is told where',
  async () => {
    const checkout = makeCheckout({ installed: lock })
    const chromium = join(checkout.dir, 'bin/chromium')
    // This archive has no Chromium without a frame.
    const answers = `case "$*" in *headless*) exit 100;; esac\n: > ${chromium}; /bin/chmod +x ${chromium}`
    const run = await ended(checkout.run(['--chromium', 'says.mjs'], withAptGet(checkout, answers)))

    expect(run).toMatchObject({
      code: 0,
      out: `${chromium}\n`,
      err: expect.not.stringContaining('No Chromium') as string,
    })
    expect(checkout.calls().filter((call) => call.includes('install'))).toEqual([
      expect.stringMatching(/chromium-headless-shell .*emoji/),
      expect.stringMatching(/chromium .*emoji/),
    ])
  },
)

test.runIf(installsPrograms)('nginx and Caddy are installed, and the script is told where', async () => {
  const checkout = makeCheckout({ installed: lock })
  const [nginx, caddy] = [join(checkout.dir, 'bin/nginx'), join(checkout.dir, 'bin/caddy')]
  const answers = `: > ${nginx}; : > ${caddy}; /bin/chmod +x ${nginx} ${caddy}`
  const env = { ...withAptGet(checkout, answers), NGINX_BIN: '', CADDY_BIN: '' }
  writeFileSync(join(checkout.dir, 'says.mjs'), `console.log(process.env.NGINX_BIN, process.env.CADDY_BIN)`)
  const run = await ended(checkout.run(['--proxies', 'says.mjs'], env))

  // A real nginx is found beside the PATH.
  expect(run).toMatchObject({ code: 0, out: expect.stringMatching(`/nginx ${caddy}\n$`) as string })
  expect(checkout.calls().filter((call) => call.includes('install'))).toEqual([expect.stringContaining('nginx caddy')])
})

test.runIf(process.platform === 'linux')(
  'without Chromium the script runs all the same, and how to get one is said',
  async () => {
    const checkout = makeCheckout({ installed: lock })
    const env = withAptGet(checkout, 'echo no network >&2; exit 1')
    const run = await ended(checkout.run(['--chromium', 'says.mjs'], env))

    expect(run.code).toBe(0)
    expect(run.err).toContain('No Chromium here. Install it with:')
  },
)

const unit = { project: 'unit', result: 'passed' } as const
const flow = { project: 'flow', result: 'passed' } as const
const whole = { expected: ['unit', 'flow'], narrowed: false, errors: 0 }

test('a run in which everything passed says so in the closing line', () => {
  const counted = [unit, flow, { project: 'flow', result: 'skipped' } as const]

  expect(verdictOn({ ...whole, counted })).toEqual({
    line: '2 passed, 0 failed, 1 skipped',
    complaints: [],
    exitCode: 0,
  })
})

test.each([
  ['a test failed', { counted: [unit, flow, { project: 'unit', result: 'failed' } as const] }, '2 passed, 1 failed'],
  ['an error came from outside any test', { counted: [unit, flow], errors: 2 }, '2 passed, 2 failed'],
  ['a project ran nothing', { counted: [unit] }, '1 passed, 1 failed'],
  [
    'a project only skipped',
    { counted: [unit, { project: 'flow', result: 'skipped' } as const] },
    '1 passed, 1 failed, 1 skipped',
  ],
  ['nothing ran', { counted: [], narrowed: true }, '0 passed, 1 failed'],
])('a run does not pass when %s', (_why, run, line) => {
  expect(verdictOn({ ...whole, ...run })).toMatchObject({ line, exitCode: 1 })
})

test('a run narrowed to one file need not touch every project', () => {
  expect(verdictOn({ ...whole, counted: [unit], narrowed: true })).toMatchObject({ exitCode: 0 })
})

test('a test run that cannot begin still ends with the closing line', async () => {
  const child = spawn(process.execPath, [join(root, 'setup/test.ts'), '--project', 'nowhere'], { cwd: root })
  const run = await ended(child)

  expect(run.out.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed')
  expect(run.code).toBe(1)
})

const Service = z.object({
  image: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})
const Compose = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean() }).nullable()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
})
const compose = Compose.parse(parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')))

test('compose runs the two roles apart, with a Redis between them that keeps its queue', () => {
  const { bot, worker, redis, autentico } = compose.services

  expect(bot?.command).toEqual(['start', '--role', 'bot'])
  expect(worker?.command).toEqual(['start', '--role', 'worker'])
  expect(redis?.command?.join(' ')).toContain('--appendonly yes')
  expect(redis?.command?.join(' ')).toContain('--maxmemory-policy noeviction')
  expect(redis?.volumes).toEqual(['redis-data:/data'])
  expect(autentico).toMatchObject({ image: 'ghcr.io/eugenioenko/autentico:2.1.3', profiles: ['autentico'] })
})

test('compose opens nothing to the outside, and gives the bot no way to Autentico', () => {
  const { bot, redis } = compose.services
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? [])

  expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  expect(redis?.networks).toEqual(['queue'])
  expect(compose.networks['queue']).toEqual({ internal: true })
  expect(bot?.networks).not.toContain('autentico')
})

test('compose asks each role whether it is ready, where that role answers', () => {
  for (const role of ['bot', 'worker']) {
    const { environment, healthcheck } = compose.services[role] ?? {}
    const address = environment?.['HEALTH_ADDRESS'] ?? ''
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(healthcheck?.test.join(' ')).toContain(`http://${address}/readyz`)
  }
})

test('compose holds no secret: each comes from a file that git does not keep', () => {
  const secret = /TOKEN|SECRET|PASSWORD/
  const given = Object.values(compose.services).flatMap(({ environment = {} }) => Object.entries(environment))
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n')

  for (const [name, value] of given.filter(([name]) => secret.test(name))) {
    expect(name).toMatch(/_FILE$/)
    expect(value).toMatch(/^\/run\/secrets\//)
  }
  expect(given.filter(([name]) => secret.test(name)).length).toBeGreaterThan(3)
  expect(Object.values(compose.secrets).every(({ file }) => file.startsWith('./secrets/'))).toBe(true)
  expect(ignored).toEqual(expect.arrayContaining(['/secrets/', '/keys/', '/autentico.env', '.env']))
})

type Checkout = {
  readonly dir: string
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string | undefined>>) => ChildProcess
  /** The arguments of every call of npm (or apt-get) so far, one line each. */
  readonly calls: () => readonly string[]
}

/** An npm that installs by noting that it did. */
const installs = `import { appendFileSync, copyFileSync } from 'node:fs'
appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
copyFileSync('package-lock.json', 'node_modules/.package-lock.json')`

/** A small checkout with the real set-up and an npm of its own that installs nothing but notes each call. */
function makeCheckout(state: {
  readonly installed: string | undefined
  readonly locked?: string
  readonly npm?: string
}): Checkout {
  const dir = mkdtempSync('/tmp/responder-setup-')
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  cpSync(join(root, 'setup'), join(dir, 'setup'), { recursive: true })
  mkdirSync(join(dir, 'node_modules'))
  writeFileSync(join(dir, 'package-lock.json'), state.locked ?? lock)
  if (state.installed !== undefined) writeFileSync(join(dir, 'node_modules/.package-lock.json'), state.installed)
  writeFileSync(join(dir, 'script.mjs'), `console.log(process.argv.slice(2).join(' ')); process.exit(7)`)
  writeFileSync(join(dir, 'waits.mjs'), `console.log('waits'); setInterval(() => {}, 60_000)`)
  mkdirSync(join(dir, 'npm'))
  writeFileSync(join(dir, 'npm/package.json'), '{ "type": "module" }')
  writeFileSync(join(dir, 'npm/npm-cli.js'), state.npm ?? installs)
  return {
    dir,
    run: (args, env = {}) =>
      spawn(process.execPath, [join(dir, 'setup/run.mjs'), ...args], {
        env: { ...process.env, npm_execpath: join(dir, 'npm/npm-cli.js'), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    calls: () => {
      try {
        return readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n')
      } catch {
        return []
      }
    },
  }
}

async function ended(child: ChildProcess) {
  if (child.stdout === null || child.stderr === null) throw new Error('this test reads the output through pipes')
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code: child.exitCode, signal: child.signalCode, out, err }
}
