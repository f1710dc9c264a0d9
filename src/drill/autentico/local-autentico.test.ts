import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { type LocalAutentico, type LocalAutenticoOptions, startLocalAutentico } from './local-autentico.ts'

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function start(options: Partial<LocalAutenticoOptions> = {}): Promise<LocalAutentico> {
  const autentico = await startLocalAutentico({ dir: folder(), seed: 'empty', ...options })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
  })
  return autentico
}

// A connection that is kept alive would be a dead one after a restart.
type Sent = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: URLSearchParams }

async function request(url: string, { headers, ...sent }: Sent = {}): Promise<Response> {
  return fetch(url, { ...sent, headers: { ...headers, Connection: 'close' } })
}

type Started = Pick<LocalAutentico, 'url' | 'credentials'>
type Tokens = { readonly access_token: string; readonly refresh_token: string }

async function signIn({ url, credentials }: Started): Promise<Tokens> {
  const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64')
  const response = await request(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams({
      grant_type: 'password',
      username: credentials.username,
      password: credentials.password,
    }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Tokens
}

async function admin({ url }: Started, { access_token }: Tokens, path: string, method = 'GET'): Promise<Response> {
  return request(`${url}/admin/api${path}`, { method, headers: { Authorization: `Bearer ${access_token}` } })
}

async function keyModulus(url: string): Promise<string | undefined> {
  const response = await request(`${url}/oauth2/.well-known/jwks.json`)
  const { keys } = (await response.json()) as { readonly keys: readonly { readonly n: string }[] }
  return keys[0]?.n
}

test('the company has alice with all that an ordinary employee has, and a crowd', async () => {
  const autentico = await start({ seed: 'company' })
  const tokens = await signIn(autentico)
  const alice = autentico.accounts['alice']?.id ?? ''
  const json = async (path: string): Promise<unknown> => (await admin(autentico, tokens, path)).json()

  expect(await json(`/users/${alice}`)).toMatchObject({ data: { email: 'alice@acme.test', totp_verified: true } })
  expect(await json(`/sessions?user_id=${alice}`)).toMatchObject({ data: [{}, {}, {}] })
  expect(await json(`/users/${alice}/idp-sessions`)).toMatchObject({ data: [{}, {}] })
  expect(await json('/users?role=admin&sort=username')).toMatchObject({
    data: { items: [{ username: 'admin' }, { username: 'chi' }, { username: 'incident-bot' }], total: 3 },
  })
  expect(await json('/users?search=bobb')).toMatchObject({ data: { total: 2 } })
  expect(await json('/users?limit=1')).toMatchObject({ data: { total: 38 } })
  expect(await json('/audit-logs?event=login_failed')).toMatchObject({ data: { total: expect.any(Number) as unknown } })
  const db = new Database(autentico.databaseFile, { readonly: true })
  const count = (table: string): unknown =>
    db.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE user_id = ?`).get(alice)
  expect(count('passkey_credentials')).toEqual({ n: 2 })
  expect(count('trusted_devices')).toEqual({ n: 2 })
  expect(count('federated_identities')).toEqual({ n: 1 })
  const { first } = db.prepare<[], { first: string }>('SELECT MIN(created_at) AS first FROM audit_logs').get() ?? {
    first: '',
  }
  db.close()
  expect(Date.now() - new Date(first).getTime()).toBeGreaterThan(20 * 86_400_000)
})

test('secrets lie in files that only their owner reads', async () => {
  const autentico = await start()
  expect(statSync(autentico.environmentFile).mode & 0o777).toBe(0o600)
  expect(statSync(join(autentico.environmentFile, '..', 'seed.json')).mode & 0o777).toBe(0o600)
})

test('tokens survive a restart on the same files', async () => {
  const autentico = await start()
  const tokens = await signIn(autentico)
  const before = await keyModulus(autentico.url)
  await autentico.restart()
  expect((await admin(autentico, tokens, '/stats')).status).toBe(200)
  expect(await keyModulus(autentico.url)).toBe(before)
})

test('a PKCS#8 key is silently replaced, which ends access tokens but not refresh tokens', async () => {
  const autentico = await start()
  const tokens = await signIn(autentico)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  replaceKey(autentico.environmentFile, pem)
  await autentico.restart()
  expect(await keyModulus(autentico.url)).not.toBe(privateKey.export({ format: 'jwk' }).n)
  expect((await admin(autentico, tokens, '/stats')).status).toBe(401)
  const refreshed = await request(`${autentico.url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
  })
  expect(refreshed.status).toBe(200)
})

test('a PKCS#1 key is published after a restart', async () => {
  const autentico = await start()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  replaceKey(autentico.environmentFile, privateKey.export({ type: 'pkcs1', format: 'pem' }).toString())
  await autentico.restart()
  expect(await keyModulus(autentico.url)).toBe(privateKey.export({ format: 'jwk' }).n)
})

function replaceKey(file: string, pem: string): void {
  const line = `AUTENTICO_PRIVATE_KEY=${Buffer.from(pem).toString('base64')}`
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^AUTENTICO_PRIVATE_KEY=.*$/m, line))
}

test('the server does not start without its secrets, and says which one is missing', async () => {
  const dir = folder()
  writeFileSync(join(dir, '.env'), 'AUTENTICO_ACCESS_TOKEN_SECRET=a\nAUTENTICO_CSRF_SECRET_KEY=c\n')
  await expect(startLocalAutentico({ dir })).rejects.toThrow('AUTENTICO_REFRESH_TOKEN_SECRET must be set')
})

test('the limiter lets 20 through and then asks to slow down, but never the admin API', async () => {
  const autentico = await start({ rateLimit: true, now: () => new Date('2026-11-23T12:00:00Z') })
  const tokens = await signIn(autentico)
  const headers = { 'X-Forwarded-For': '192.0.2.1' }
  const ask = async (): Promise<Response> => fetch(`${autentico.url}/oauth2/userinfo`, { headers })
  const statuses: number[] = []
  for (let n = 0; n < 11; n += 1) statuses.push((await ask()).status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  const refused = await ask()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toEqual({
    error: 'too_many_requests',
    error_description: 'Rate limit exceeded, please slow down',
  })
  for (let n = 0; n < 30; n += 1) expect((await admin(autentico, tokens, '/stats')).status).toBe(200)
})

test('the short lifetime of access tokens that a drill asks for is kept', async () => {
  const autentico = await start({ accessTokenSeconds: 7 })
  expect(await signIn(autentico)).toMatchObject({ expires_in: 7 })
})

test('as a process of its own it goes on where it was after kill -9', async () => {
  const dir = folder()
  const first = await launch(dir, '0')
  const tokens = await signIn(first)
  await first.kill()
  const second = await launch(dir, new URL(first.url).port)
  expect(second.url).toBe(first.url)
  expect((await admin(second, tokens, '/stats')).status).toBe(200)
  const calls = await request(`${second.url}/_control/calls`, {
    headers: { Authorization: `Bearer ${second.controlToken}` },
  })
  expect(await calls.json()).toMatchObject({ data: [{ path: '/admin/api/stats', status: 200 }] })
  await second.kill()
})

type Process = Started & { readonly controlToken: string; readonly kill: () => Promise<void> }

async function launch(dir: string, port: string): Promise<Process> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--dir', dir, '--port', port, '--seed', 'empty'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const started = JSON.parse(line.toString('utf8')) as Omit<Process, 'kill'>
  return {
    ...started,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
