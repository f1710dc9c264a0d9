import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { type Autentico, connectAutentico } from './connect.ts'
import { changeEnvironment } from './environment-file.ts'
import type { Check } from './proof.ts'
import { type Scripted, scriptedServer, unsignedToken } from './scripted-server.ts'
import { quickSigningKey } from './test-key.ts'

let folder: string
let server: LocalAutentico & AsyncDisposable

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-old-tokens-'))
  server = await startLocalAutentico({ dir: folder, seed: 'empty' })
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function connect(now?: () => Date): Autentico & AsyncDisposable {
  return connectAutentico({
    url: server.url,
    credentials: { kind: 'password', ...server.credentials },
    ...(now === undefined ? {} : { now }),
  })
}

const proven = (checks: readonly Check[] | undefined) =>
  Object.fromEntries((checks ?? []).map((one) => [one.name, one.proven]))

async function change(set: Readonly<Record<string, string>>): Promise<void> {
  await changeEnvironment({ file: server.environmentFile, set, now: new Date() })
  await server.restart()
}

/** The first call after a restart may still meet the old connection. */
async function settled(autentico: Autentico): Promise<void> {
  await expect
    .poll(async () =>
      autentico.publishedKey().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
}

test('while nothing has changed both tokens are alive, and no proof of anything', async () => {
  await using autentico = connect()
  const old = await autentico.oldTokens()
  expect(proven(await old?.tried())).toEqual({
    'old-access-token-refused': false,
    'old-refresh-token-refused': false,
    'refresh-secret-changed': false,
  })
})

test('another signing key ends the access token; the refresh token still opens a new one', async () => {
  await using autentico = connect()
  const old = await autentico.oldTokens()
  await change({ AUTENTICO_PRIVATE_KEY: quickSigningKey().value })
  await settled(autentico)
  expect(proven(await old?.tried())).toEqual({
    'old-access-token-refused': true,
    'old-refresh-token-refused': false,
    'refresh-secret-changed': false,
  })
})

test('another key and another refresh secret end both', async () => {
  await using autentico = connect()
  const old = await autentico.oldTokens()
  await change({ AUTENTICO_PRIVATE_KEY: quickSigningKey().value, AUTENTICO_REFRESH_TOKEN_SECRET: 'another' })
  await settled(autentico)
  expect(proven(await old?.tried())).toEqual({
    'old-access-token-refused': true,
    'old-refresh-token-refused': true,
    'refresh-secret-changed': true,
  })
})

test('revoked tokens are refused, which shows nothing of the secret', async () => {
  await using autentico = connect()
  const old = await autentico.oldTokens()
  const { userId } = await autentico.whoami()
  await autentico.users.revokeSessions(userId)
  expect(proven(await old?.tried())).toEqual({
    'old-access-token-refused': true,
    'old-refresh-token-refused': true,
    'refresh-secret-changed': 'unknown',
  })
})

test('tried again, the refresh token is not sent again, and the bot`s other tokens live on', async () => {
  await using autentico = connect()
  await autentico.users.list()
  const token = await autentico.whoami()
  const old = await autentico.oldTokens()
  const first = await old?.tried()
  expect(proven(await old?.tried())).toMatchObject({ 'old-refresh-token-refused': false })
  expect(proven(first)).toMatchObject({ 'old-refresh-token-refused': false })
  const seen: number[] = []
  await autentico.tracing(({ status }) => void seen.push(status)).users.read(token.userId)
  expect(seen).toEqual([200])
})

test('a token that has ended by itself is no proof', async () => {
  let now = new Date()
  await using autentico = connect(() => now)
  const old = await autentico.oldTokens()
  now = new Date(now.getTime() + 16 * 60_000)
  const [access] = (await old?.tried()) ?? []
  expect(access).toMatchObject({ proven: 'unknown' })
  expect(access?.detail).toContain('by itself')
})

test('a ready bearer obtains nothing', async () => {
  await using autentico = connectAutentico({ url: server.url, credentials: { kind: 'bearer', token: 'x' } })
  expect(await autentico.oldTokens()).toBeUndefined()
})

const refreshToken = 'a-refresh-token'

/** A sign-in that works, and then whatever is answered to the refresh; `accepts` the access token. */
async function odd(refresh: readonly Scripted[], { cookieOnly = false } = {}) {
  let refreshes = 0
  const scripted = await scriptedServer(({ path, body }) => {
    if (path !== '/oauth2/token') return { status: 200, json: { data: { items: [], total: 0 } } }
    if (body.includes('grant_type=refresh_token')) return refresh[refreshes++] ?? { status: 500, json: {} }
    const grant = { access_token: unsignedToken('bot'), token_type: 'Bearer', expires_in: 900 }
    return { status: 200, json: { ...grant, ...(cookieOnly ? {} : { refresh_token: refreshToken }) } }
  })
  const autentico = connectAutentico({
    url: scripted.url,
    credentials: { kind: 'password', ...server.credentials },
  })
  return {
    autentico,
    sent: () => scripted.seen.filter(({ body }) => body.includes('grant_type=refresh_token')).length,
    async [Symbol.asyncDispose]() {
      await autentico[Symbol.asyncDispose]()
      await scripted[Symbol.asyncDispose]()
    },
  }
}

test('a refresh whose answer is lost is never sent again', async () => {
  await using one = await odd([(response) => void response.destroy()])
  const old = await one.autentico.oldTokens()
  expect(proven(await old?.tried())).toMatchObject({ 'old-refresh-token-refused': 'unknown' })
  expect(proven(await old?.tried())).toMatchObject({ 'old-refresh-token-refused': 'unknown' })
  expect(one.sent()).toBe(1)
})

test('a refresh that the rate limit has kept from happening may be sent again', async () => {
  const refused: Scripted = {
    status: 400,
    json: { error: 'invalid_grant', error_description: 'Invalid or expired refresh token' },
  }
  await using one = await odd([{ status: 429, json: { error: 'too_many_requests' } }, refused])
  const old = await one.autentico.oldTokens()
  expect((await old?.tried())?.[1]).toMatchObject({ proven: 'unknown', again: true })
  expect(proven(await old?.tried())).toMatchObject({ 'refresh-secret-changed': true })
  expect(one.sent()).toBe(2)
})

test.each([
  ['a page', { status: 200, text: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a refusal of the client', { status: 401, json: { error: 'invalid_client' } }],
  ['MFA asked for', { status: 403, json: { error: 'mfa_required' } }],
  ['a fault', { status: 500, json: { error: 'server_error' } }],
] as const)('%s proves nothing of the refresh token', async (_what, answer) => {
  await using one = await odd([answer])
  const old = await one.autentico.oldTokens()
  const checks = await old?.tried()
  expect(proven(checks)).toMatchObject({ 'old-refresh-token-refused': 'unknown', 'refresh-secret-changed': 'unknown' })
  expect(JSON.stringify(checks)).not.toContain(refreshToken)
})

test('where refresh tokens are cookies there is none to try', async () => {
  await using one = await odd([], { cookieOnly: true })
  const old = await one.autentico.oldTokens()
  expect(proven(await old?.tried())).toMatchObject({
    'old-access-token-refused': false,
    'old-refresh-token-refused': 'unknown',
  })
  expect(one.sent()).toBe(0)
})
