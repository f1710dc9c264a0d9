import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { connectAutentico } from './connect.ts'
import { changeEnvironment } from './environment-file.ts'
import { administrationPage, type Scripted, scriptedServer, unsignedToken } from './scripted-server.ts'
import { quickSigningKey } from './test-key.ts'

const main = join(import.meta.dirname, '../drill/autentico/main.ts')

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-restart-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
})

const started = z.object({
  url: z.string(),
  environmentFile: z.string(),
  credentials: z.object({
    clientId: z.string(),
    clientSecret: z.string(),
    username: z.string(),
    password: z.string(),
  }),
})

/** A local Autentico as a process of its own, with its process id in the file that a restart looks into. */
async function startServer(): Promise<z.infer<typeof started>> {
  const child = spawn(process.execPath, [main, '--dir', folder, '--seed', 'empty'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  writeFileSync(join(folder, 'pid'), String(child.pid))
  onTestFinished(() => endAll(child))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return started.parse(JSON.parse(line.toString('utf8')))
}

/** The process begun by a restart is nobody's child here; its id is in the file. */
function endAll(child: ChildProcess): void {
  child.kill('SIGKILL')
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Ends the server, like a supervisor, and begins it anew unless told otherwise; returns before it answers. */
function supervisor(url: string, { again = true }: { readonly again?: boolean } = {}): readonly string[] {
  const script = `
    import { spawn } from 'node:child_process'
    import { readFileSync, writeFileSync } from 'node:fs'
    process.kill(Number(readFileSync('pid', 'utf8')), 'SIGTERM')
    if (${again}) {
      const args = [${JSON.stringify(main)}, '--dir', '.', '--seed', 'empty', '--port', ${JSON.stringify(new URL(url).port)}]
      let child
      // Until the old one has let go of the port.
      for (;;) {
        child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
        if (await new Promise((resolve) => {
          child.stdout.once('data', () => resolve(true))
          child.once('exit', () => resolve(false))
        })) break
      }
      writeFileSync('pid', String(child.pid))
    } else writeFileSync('pid', '0')
    process.exit(0)`
  const file = join(folder, 'supervisor.mjs')
  writeFileSync(file, `process.chdir(${JSON.stringify(folder)})\n${script}`)
  return [process.execPath, file]
}

function node(script: string): readonly string[] {
  return [process.execPath, '--input-type=module', '--eval', script]
}

/** Ends well at once, also on a busy machine. */
const nothing: readonly string[] = ['true']

test('after a restart with another key Autentico is up, and the bot has signed in anew', async () => {
  const server = await startServer()
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  const before = await autentico.whoami()
  const made = quickSigningKey()
  await changeEnvironment({ file: server.environmentFile, set: { AUTENTICO_PRIVATE_KEY: made.value }, now: new Date() })

  const seen: string[] = []
  const traced = autentico.tracing(({ call, status }) => void seen.push(`${status} ${call}`))
  expect(await traced.restart({ command: supervisor(server.url), limitMs: 15_000 })).toMatchObject({
    kind: 'up',
    newProcess: 'seen',
  })
  expect(seen).toEqual(['401 GET /admin/api/idp-sessions', '200 POST /oauth2/token', '200 GET /admin/api/idp-sessions'])
  expect(await autentico.publishedKey()).toMatchObject({ fingerprint: made.fingerprint })
  expect((await autentico.whoami()).userId).toBe(before.userId)
})

test('a command that does nothing is found out, because the same process goes on answering', async () => {
  const server = await startServer()
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  const restarted = await autentico.restart({ command: nothing, limitMs: 2_000 })
  expect(restarted).toMatchObject({ kind: 'not-healthy' })
  expect(restarted.kind === 'not-healthy' && restarted.sentence).toContain('the same process')
})

test('an Autentico that does not come back is not up', async () => {
  const server = await startServer()
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  const restarted = await autentico.restart({ command: supervisor(server.url, { again: false }), limitMs: 5_000 })
  expect(restarted).toMatchObject({ kind: 'not-healthy' })
  expect(restarted.kind === 'not-healthy' && restarted.sentence).toContain('did not answer within 5 seconds')
})

const ok: Scripted = { status: 200, json: { status: 'ok', database: 'ok' } }
const total: Scripted = { status: 200, json: { data: { items: [], total: 0 } } }

/** A server whose answers have no ids of Autentico. */
async function scripted(health: (index: number) => Scripted, admin: Scripted = total) {
  let looks = 0
  const server = await scriptedServer((seen) => (seen.path === '/healthz' ? health(looks++) : admin))
  const autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'bearer', token: unsignedToken('bot') },
  })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  return autentico
}

test('without ids of its own the word of the command is believed, and it is said so', async () => {
  const autentico = await scripted(() => ok)
  expect(await autentico.restart({ command: nothing, limitMs: 10_000 })).toMatchObject({
    kind: 'up',
    newProcess: 'assumed',
  })
})

test('without ids of its own, having been away counts', async () => {
  const autentico = await scripted((index) => (index === 2 ? { status: 502, text: 'Bad Gateway' } : ok))
  expect(await autentico.restart({ command: nothing, limitMs: 10_000 })).toMatchObject({
    kind: 'up',
    newProcess: 'seen',
  })
})

test.each([
  ['a page', administrationPage, 'did not answer'],
  ['degraded', { status: 503, json: { status: 'degraded', database: 'unavailable' } }, 'not healthy'],
  ['not ok', { status: 200, json: { status: 'starting' } }, 'not healthy'],
] as const)('%s is not healthy', async (_what, answer, sentence) => {
  const autentico = await scripted(() => answer)
  const restarted = await autentico.restart({ command: nothing, limitMs: 1_000 })
  expect(restarted.kind === 'not-healthy' && restarted.sentence).toContain(sentence)
})

test('a bot that is no longer let in is told why', async () => {
  const autentico = await scripted(() => ok, { status: 401, json: { error: 'invalid_token' } })
  const restarted = await autentico.restart({ command: nothing, limitMs: 10_000 })
  expect(restarted.kind === 'not-healthy' && restarted.sentence).toContain('AUTENTICO_ADMIN_TOKEN')
})

test('a command that fails is told with its exit code and its last words, without secrets', async () => {
  const autentico = await scripted(() => ok)
  const script = `
    console.log('x'.repeat(20_000))
    console.log('password: hunter2 and a key LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVk')
    console.error('Unit not found.')
    process.exit(3)`
  const restarted = await autentico.restart({ command: node(script), limitMs: 10_000 })
  expect(restarted).toMatchObject({ kind: 'command-failed', exitCode: 3, answers: true })
  const sentence = restarted.kind === 'command-failed' ? restarted.sentence : ''
  expect(sentence).toContain('Unit not found.')
  expect(sentence).not.toMatch(/hunter2|LS0t/)
  expect(sentence.length).toBeLessThan(600)
})

test('a program that is not there, and one that is killed, have failed', async () => {
  const autentico = await scripted(() => administrationPage)
  expect(await autentico.restart({ command: [join(folder, 'missing')], limitMs: 10_000 })).toMatchObject({
    kind: 'command-failed',
    exitCode: undefined,
    answers: false,
    sentence: expect.stringContaining('ENOENT') as string,
  })
  const killed = await autentico.restart({ command: node(`process.kill(process.pid, 'SIGKILL')`), limitMs: 10_000 })
  expect(killed).toMatchObject({ kind: 'command-failed', sentence: expect.stringContaining('SIGKILL') as string })
})

test('a command that hangs is ended, and whatever it had started with it', async () => {
  const autentico = await scripted(() => ok)
  const marker = join(folder, 'inner')
  const script = `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    const inner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    writeFileSync(${JSON.stringify(marker)}, String(inner.pid))
    setInterval(() => {}, 1000)`
  const restarted = await autentico.restart({ command: node(script), limitMs: 4_000 })
  expect(restarted).toMatchObject({ kind: 'command-failed', exitCode: undefined })
  expect(restarted.kind === 'command-failed' && restarted.sentence).toContain('did not end in time')
  const inner = Number(readFileSync(marker, 'utf8'))
  await vi.waitFor(() => expect(isRunning(inner)).toBe(false), { timeout: 5_000 })
})

function isRunning(pid: number): boolean {
  // One that has ended and that nobody has waited for is a zombie.
  const file = `/proc/${pid}/stat`
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'))
}

test('the command does not see our variables, and no shell sees the command', async () => {
  const autentico = await scripted(() => ok)
  vi.stubEnv('AUTENTICO_PASSWORD', 'bot-password')
  const print = `console.log(Object.keys(process.env).join(' '), process.argv.at(-1)); process.exit(1)`
  const command = [process.execPath, '--eval', print, '$HOME;`id`']
  const restarted = await autentico.restart({ command, limitMs: 10_000 })
  const sentence = restarted.kind === 'command-failed' ? restarted.sentence : ''
  expect(sentence).toContain('PATH')
  expect(sentence).toContain('$HOME;`id`')
  expect(sentence).not.toContain('AUTENTICO_PASSWORD')
})
