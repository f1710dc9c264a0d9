import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from './local-autentico.ts'

const path = '/admin/api/users/some-user/revoke-sessions'

async function start(): Promise<{
  readonly autentico: LocalAutentico
  readonly revoke: (at?: AbortSignal) => Promise<Response>
  readonly read: (at: string) => Promise<{ readonly data: { readonly email: string } }>
  readonly put: (at: string, body: object) => Promise<Response>
}> {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  const autentico = await startLocalAutentico({ dir, seed: 'empty' })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  const { clientId, clientSecret, username, password } = autentico.credentials
  const answer = await fetch(`${autentico.url}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  })
  const { access_token } = (await answer.json()) as { readonly access_token: string }
  const revoke = async (signal?: AbortSignal): Promise<Response> => {
    const headers = { Authorization: `Bearer ${access_token}` }
    return fetch(autentico.url + path, { method: 'POST', headers, ...(signal === undefined ? {} : { signal }) })
  }
  const headers = { Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' }
  const read = async (at: string): Promise<{ readonly data: { readonly email: string } }> =>
    (await (await fetch(autentico.url + at, { headers })).json()) as { readonly data: { readonly email: string } }
  const put = async (at: string, body: object): Promise<Response> =>
    fetch(autentico.url + at, { method: 'PUT', headers, body: JSON.stringify(body) })
  return { autentico, revoke, read, put }
}

/** How often the server has really revoked. */
function effects({ databaseFile }: LocalAutentico): number {
  const db = new Database(databaseFile, { readonly: true })
  const sql = `SELECT COUNT(*) AS n FROM audit_logs WHERE event = 'all_user_sessions_revoked'`
  const row = db.prepare<[], { n: number }>(sql).get()
  db.close()
  return row?.n ?? 0
}

function idOfBot({ databaseFile }: LocalAutentico): string {
  const db = new Database(databaseFile, { readonly: true })
  const id = db.prepare<[], string>(`SELECT id FROM users LIMIT 1`).pluck().get() ?? ''
  db.close()
  return id
}

test('a status of the drill comes once, and nothing has happened', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ method: 'POST', path, how: { status: 503, body: 'busy', headers: { 'Retry-After': '2' } } })
  const failed = await revoke()
  expect(failed.status).toBe(503)
  expect(failed.headers.get('retry-after')).toBe('2')
  expect(effects(autentico)).toBe(0)
  expect((await revoke()).status).toBe(204)
})

test('a fault strikes as often as asked, by pattern, and only that method', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path: /\/revoke-sessions$/g, times: 2, how: { status: 500 } })
  autentico.control.fail({ method: 'DELETE', path, how: { status: 418 } })
  expect([(await revoke()).status, (await revoke()).status, (await revoke()).status]).toEqual([500, 500, 204])
})

test('a connection cut before the effect leaves nothing done, one cut after it leaves it done', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: 'reset-before' })
  await expect(revoke()).rejects.toThrow('fetch failed')
  expect(effects(autentico)).toBe(0)
  autentico.control.fail({ path, how: 'reset-after-effect' })
  await expect(revoke()).rejects.toThrow('fetch failed')
  expect(effects(autentico)).toBe(1)
})

test('a time-out never answers, with or without the effect', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: 'timeout' })
  autentico.control.fail({ path, how: 'timeout-after-effect' })
  await expect(revoke(AbortSignal.timeout(100))).rejects.toThrow('timeout')
  expect(effects(autentico)).toBe(0)
  await expect(revoke(AbortSignal.timeout(100))).rejects.toThrow('timeout')
  expect(effects(autentico)).toBe(1)
})

test('the interface page answers 200 and nothing has happened', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: 'html' })
  const answer = await revoke()
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
  expect(effects(autentico)).toBe(0)
})

test('a truncated answer breaks off in the middle of its body', async () => {
  const { autentico } = await start()
  autentico.control.fail({ path: '/healthz', how: 'truncate' })
  const answer = await fetch(`${autentico.url}/healthz`)
  expect(answer.status).toBe(200)
  await expect(answer.text()).rejects.toThrow('terminated')
})

test('a delayed answer is the real one', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: { delayMs: 20 } })
  expect((await revoke()).status).toBe(204)
  expect(effects(autentico)).toBe(1)
})

test('an answer that is whole and then kills its connection is the real one', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: 'reset-after-answer' })
  expect((await revoke()).status).toBe(204)
  expect((await revoke()).status).toBe(204)
  expect(effects(autentico)).toBe(2)
})

test('an answer that has no body breaks off in its head', async () => {
  const { autentico, revoke } = await start()
  autentico.control.fail({ path, how: 'truncate' })
  await expect(revoke()).rejects.toThrow('fetch failed')
  expect(effects(autentico)).toBe(1)
})

test('a flood has as many bytes as asked, and ends when nobody takes it any more', async () => {
  const { autentico, revoke } = await start()
  const megabyte = 1024 * 1024
  autentico.control.fail({ path, times: 2, how: { floodBytes: megabyte } })
  expect((await (await revoke()).arrayBuffer()).byteLength).toBe(megabyte + 2)
  await (await revoke()).body?.cancel()
  expect(effects(autentico)).toBe(2)
})

test('what is read lags behind what was done for as long as asked, and is true again after it', async () => {
  const { autentico, read, put } = await start()
  const id = idOfBot(autentico)
  const email = async (): Promise<unknown> => (await read(`/admin/api/users/${id}`)).data.email
  const before = await email()
  autentico.control.fail({ method: 'PUT', path: `/admin/api/users/${id}`, how: { lagMs: 60_000 } })
  expect((await put(`/admin/api/users/${id}`, { email: 'new@acme.test' })).status).toBe(200)
  expect(await email()).toBe(before)
  autentico.control.heal()
  expect(await email()).toBe('new@acme.test')
})

test('calls of the admin API are recorded with the request id that the caller saw', async () => {
  const { autentico, revoke } = await start()
  const answer = await revoke()
  autentico.control.fail({ path, how: 'reset-after-effect' })
  await revoke().catch(() => undefined)
  const requestId = answer.headers.get('x-request-id')
  expect(autentico.control.calls).toMatchObject([
    { method: 'POST', path, status: 204, requestId },
    { method: 'POST', path, status: 0 },
  ])
})

test('another process works the control doors over HTTP, but only with their token', async () => {
  const { autentico, revoke } = await start()
  const post = async (door: string, token: string, body: unknown): Promise<Response> =>
    fetch(`${autentico.url}/_control/${door}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
  const fault = { method: 'POST', pathPattern: 'revoke-sessions$', times: 2, how: { status: 502 } }
  expect((await post('fail', 'wrong', fault)).status).toBe(401)
  expect((await post('fail', autentico.controlToken, { how: 'html' })).status).toBe(400)
  expect((await post('fail', autentico.controlToken, fault)).status).toBe(204)
  expect((await revoke()).status).toBe(502)
  expect((await post('heal', autentico.controlToken, {})).status).toBe(204)
  expect((await revoke()).status).toBe(204)
})

test('the control token opens nothing else', async () => {
  const { autentico } = await start()
  const headers = { Authorization: `Bearer ${autentico.controlToken}` }
  expect((await fetch(`${autentico.url}/admin/api/stats`, { headers })).status).toBe(401)
})
