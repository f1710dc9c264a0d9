import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type LocalAutentico, startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { scriptClientId } from '#/drill/autentico/seed.ts'
import { type Autentico, connectAutentico } from './connect.ts'
import type { Check } from './proof.ts'

let folder: string
let server: LocalAutentico & AsyncDisposable
let autentico: Autentico & AsyncDisposable
let db: Database

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-everybody-'))
  server = await startLocalAutentico({ dir: folder, crowd: 3 })
  autentico = connect(server.databaseFile)
  db = new SQLite(server.databaseFile)
})

afterEach(async () => {
  db.close()
  await autentico[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function connect(databasePath?: string): Autentico & AsyncDisposable {
  return connectAutentico({ url: server.url, credentials: { kind: 'password', ...server.credentials }, databasePath })
}

/** So many more people, each with an authenticator, a half-finished login and a trusted device; every tenth is deactivated. */
function crowd(count: number): void {
  db.transaction(() => {
    for (let number = 0; number < count; number += 1) {
      const id = `zz${String(number).padStart(18, '0')}`
      const gone = number % 10 === 0 ? `datetime('now')` : 'NULL'
      db.exec(`
        INSERT INTO users (id, username, email, totp_secret, totp_verified, deactivated_at)
        VALUES ('${id}', '${id}', '${id}@acme.test', 'JBSWY3DPEHPK3PXP', 1, ${gone});
        INSERT INTO mfa_challenges (id, user_id, method, login_state, expires_at) VALUES ('mc-${id}', '${id}', 'totp', '{}', datetime('now', '+10 minutes'));
        INSERT INTO trusted_devices (id, user_id, expires_at) VALUES ('td-${id}', '${id}', datetime('now', '+30 days'));`)
    }
  })()
}

const count = (what: string): unknown => db.prepare(`SELECT COUNT(*) FROM ${what}`).pluck().get()
const botId = async (): Promise<string> => (await autentico.whoami()).userId

async function last<T>(all: AsyncIterable<T>): Promise<{ readonly steps: number; readonly last: T | undefined }> {
  let steps = 0
  let one: T | undefined
  for await (one of all) steps += 1
  return { steps, last: one }
}

test('everybody`s authenticator is cleared in batches, deactivated people`s too, and the bot`s stays', async () => {
  crowd(1_200)
  const bot = await botId()
  db.exec(`UPDATE users SET totp_secret = 'BOTSECRET', totp_verified = 1 WHERE id = '${bot}'`)
  const before = await autentico.clearEverybody.left()
  expect(before?.totp).toBeGreaterThanOrEqual(1_200)

  const done = await last(autentico.clearEverybody.totp())
  expect(done.steps).toBe(3)
  expect(done.last).toMatchObject({ cleared: before?.totp, of: before?.totp, secretsStay: false })
  expect(done.last?.endedLogins).toBeGreaterThanOrEqual(1_200)
  expect(count(`users WHERE totp_secret <> ''`)).toBe(1)
  expect(db.prepare('SELECT totp_secret FROM users WHERE id = ?').pluck().get(bot)).toBe('BOTSECRET')
  expect(await autentico.clearEverybody.left()).toMatchObject({ totp: 0 })
})

test('stopped between two batches, it goes on where it was', async () => {
  crowd(700)
  for await (const _progress of autentico.clearEverybody.totp()) break
  const { totp } = (await autentico.clearEverybody.left()) ?? { totp: 0 }
  expect(totp).toBeGreaterThanOrEqual(200)
  expect(await last(autentico.clearEverybody.totp())).toMatchObject({ last: { cleared: totp } })
  expect(await last(autentico.clearEverybody.totp())).toMatchObject({ steps: 1, last: { cleared: 0 } })
})

test('a batch that fails leaves its people as they were', async () => {
  crowd(20)
  db.exec(
    `CREATE TRIGGER stop BEFORE UPDATE ON users WHEN OLD.id = 'zz000000000000000019' BEGIN SELECT RAISE(ABORT, 'stop'); END`,
  )
  await expect(last(autentico.clearEverybody.totp())).rejects.toMatchObject({ name: 'DatabaseUnusable' })
  expect(count(`users WHERE totp_secret <> '' AND id LIKE 'zz%'`)).toBe(20)
  expect(count(`mfa_challenges WHERE id LIKE 'mc-zz%'`)).toBe(20)
})

test('without the database each is reset through the API, and it is said that the secrets stay', async () => {
  crowd(20)
  const bot = await botId()
  await using api = connect()
  await api.whoami()
  db.exec(`UPDATE users SET totp_verified = 1, totp_secret = 'JBSWY3DPEHPK3PXP' WHERE id = '${bot}'`)
  const done = await last(api.clearEverybody.totp())
  expect(done.last).toMatchObject({ secretsStay: true })
  expect(done.last?.cleared).toBeGreaterThanOrEqual(18)
  expect(count(`users WHERE totp_verified = 1 AND deactivated_at IS NULL AND id <> '${bot}'`)).toBe(0)
  expect(count(`users WHERE totp_verified = 1 AND id = '${bot}'`)).toBe(1)
  expect(count(`users WHERE totp_secret <> '' AND id LIKE 'zz%'`)).toBe(20)
  expect(api.clearEverybody.trustedDevices).toBeUndefined()
  expect(await api.clearEverybody.left()).toBeUndefined()
  expect(await api.readableSecrets()).toBeUndefined()
})

/** Somebody of the company signs in by password; the answer has the tokens. */
async function signIn(username: string): Promise<void> {
  const password = server.accounts[username]?.password ?? ''
  const body = new URLSearchParams({ grant_type: 'password', client_id: scriptClientId, username, password })
  expect((await fetch(`${server.url}/oauth2/token`, { method: 'POST', body })).status).toBe(200)
}

/** Revokes the sessions of everybody, the bot's own last if it may. */
async function revokeEverybody(of: Autentico, { bot = true } = {}): Promise<void> {
  const own = (await of.whoami()).userId
  for await (const { id } of of.everyUser.active()) if (id !== own) await of.users.revokeSessions(id)
  if (bot) await of.users.revokeSessions(own)
}

const proven = (checks: readonly Check[]) => checks.map((one) => one.proven)

test('everybody is signed out, the bot last and in again, and both ways of reading prove it', async () => {
  await using api = connect()
  for (const name of ['bobb', 'bobby', 'ana']) await signIn(name)
  db.exec(
    `INSERT INTO idp_sessions (id, user_id, user_agent, ip_address) SELECT 'cookie', id, 'x', 'x' FROM users WHERE username = 'ana'`,
  )
  await autentico.whoami()
  await api.whoami()
  // All of it a minute ago: times are kept in whole seconds, and the bot signs in again within this one.
  db.exec(`
    UPDATE sessions SET created_at = datetime('now', '-1 minute');
    UPDATE idp_sessions SET created_at = datetime('now', '-1 minute');
    UPDATE tokens SET issued_at = datetime('now', '-1 minute')`)
  const before = new Date(Date.now() - 30_000)
  for (const one of [autentico, api])
    expect(proven(await one.proofs.everybodyRevoked({ before }))).toEqual([false, false, false])

  await revokeEverybody(autentico)
  for (const one of [autentico, api])
    expect(proven(await one.proofs.everybodyRevoked({ before }))).toEqual([true, true, true])
  // The bot's new session is from afterwards.
  expect(Number(count('sessions WHERE deactivated_at IS NULL'))).toBeGreaterThan(0)
})

test('a bot with a ready bearer spares itself, and the proof spares it too', async () => {
  const token = await tokenOfBot()
  await using bearer = connectAutentico({
    url: server.url,
    credentials: { kind: 'bearer', token },
    databasePath: server.databaseFile,
  })
  const bot = (await bearer.whoami()).userId
  const before = new Date()
  await revokeEverybody(bearer, { bot: false })
  expect(proven(await bearer.proofs.everybodyRevoked({ before, except: bot }))).toEqual([true, true, true])
  expect(proven(await bearer.proofs.everybodyRevoked({ before }))).toEqual([false, true, false])
})

async function tokenOfBot(): Promise<string> {
  const { clientId, clientSecret, username, password } = server.credentials
  const body = new URLSearchParams({
    grant_type: 'password',
    client_id: clientId,
    client_secret: clientSecret,
    username,
    password,
  })
  const answer = await fetch(`${server.url}/oauth2/token`, { method: 'POST', body })
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token
}

test('what a client got for itself belongs to nobody, and does not count', async () => {
  await revokeEverybody(autentico)
  db.exec(`INSERT INTO tokens (id, access_token, refresh_token, access_token_type, refresh_token_expires_at, access_token_expires_at, issued_at, scope, grant_type)
           VALUES ('own', 'own', '', 'Bearer', '', datetime('now', '+5 minutes'), datetime('now', '-20 minutes'), 'x', 'client_credentials')`)
  const before = new Date(Date.now() - 60_000)
  await using api = connect()
  for (const one of [autentico, api])
    expect(proven(await one.proofs.everybodyRevoked({ before }))).toEqual([true, true, true])
})

test('every trusted device is forgotten, in batches', async () => {
  crowd(1_100)
  const before = (await autentico.clearEverybody.left())?.trustedDevices
  const forget = autentico.clearEverybody.trustedDevices
  if (forget === undefined) throw new Error('There is a database.')
  const done = await last(forget())
  expect(done).toMatchObject({ steps: 3, last: { forgotten: before, of: before } })
  expect(count('trusted_devices')).toBe(0)
})

test('everybody comes, the deactivated after the others', async () => {
  crowd(250)
  const everybody: string[] = []
  const deactivated: string[] = []
  for await (const one of autentico.everyUser.all()) {
    if (one.deactivated) deactivated.push(one.account.id)
    everybody.push(one.account.id)
  }
  expect(everybody).toHaveLength(Number(count('users')))
  expect(new Set(everybody).size).toBe(everybody.length)
  expect(deactivated).toHaveLength(25)
  expect(await autentico.everyUser.count()).toMatchObject({ deactivated: 25 })
})

test('what lies readable in the database is counted, kind by kind, and no secret is shown', async () => {
  crowd(10)
  db.exec(`INSERT OR REPLACE INTO settings (key, value) VALUES ('private_key', 'secret-key')`)
  const secrets = (await autentico.readableSecrets()) ?? []
  const rows = Object.fromEntries(secrets.map((one) => [one.kind, one.rows]))
  expect(rows).toMatchObject({
    'smtp-password': 1,
    'provider-secrets': 1,
    'private-key': 1,
    sessions: count('sessions WHERE deactivated_at IS NULL'),
    'totp-secrets': count(`users WHERE totp_secret <> ''`),
    'trusted-devices': count('trusted_devices'),
  })
  expect(rows['totp-secrets']).toBeGreaterThanOrEqual(10)
  expect(secrets.slice(0, 2).map(({ endedBy }) => endedBy)).toEqual(['person', 'person'])
  expect(JSON.stringify(secrets)).not.toMatch(/drill-mail-password|secret-key|JBSWY3DP/)
})
