import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { scriptClientId } from '#/drill/autentico/seed.ts'
import { type Autentico, connectAutentico } from './connect.ts'

let folder: string
let server: LocalAutentico & AsyncDisposable
let autentico: Autentico & AsyncDisposable

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-connect-'))
  server = await startLocalAutentico({ dir: folder })
  autentico = connect(server.databaseFile)
})

afterEach(async () => {
  await autentico[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function connect(databasePath?: string): Autentico & AsyncDisposable {
  return connectAutentico({ url: server.url, credentials: { kind: 'password', ...server.credentials }, databasePath })
}

function idOf(username: string): string {
  const account = server.accounts[username]
  if (account === undefined) throw new Error(`The drill has no ${username}.`)
  return account.id
}

async function signIn(username: string): Promise<void> {
  const body = new URLSearchParams({
    grant_type: 'password',
    client_id: scriptClientId,
    username,
    password: server.accounts[username]?.password ?? '',
  })
  const answer = await fetch(`${server.url}/oauth2/token`, { method: 'POST', body })
  expect(answer.status).toBe(200)
}

function sql(text: string): void {
  const db = new SQLite(server.databaseFile)
  db.exec(text)
  db.close()
}

const cookie = 'c00kie-c00kie-c00kie-c00kie-c00kie-c00kie-1'

function openDoors(id: string): void {
  sql(`
    UPDATE users SET totp_secret = 'JBSWY3DPEHPK3PXP', totp_verified = 1 WHERE id = '${id}';
    INSERT INTO passkey_credentials (id, user_id, name, credential) VALUES ('pk-${id}', '${id}', 'Laptop', '{}');
    INSERT INTO trusted_devices (id, user_id, expires_at) VALUES ('device-cookie', '${id}', datetime('now', '+30 days'));
    INSERT INTO mfa_challenges (id, user_id, method, login_state, expires_at) VALUES ('mc', '${id}', 'totp', '{}', datetime('now', '+10 minutes'));
    INSERT INTO password_reset_tokens (id, user_id, token_hash, expires_at) VALUES ('pr', '${id}', 'hash', datetime('now', '+1 hour'));
    INSERT INTO idp_sessions (id, user_id, user_agent, ip_address) VALUES ('${cookie}', '${id}', 'Safari', '203.0.113.9');`)
}

test('capabilities: the admin API, the bot and the database are found, and the look-up is missing', async () => {
  const found = await autentico.capabilities()
  expect(found).toMatchObject({ adminApi: true, database: true, lookup: false, auditing: true, magicLinks: true })
  expect(found.bot?.username).toBe(server.credentials.username)
  expect(found.findings.map((one) => [one.name, one.ok])).toEqual([
    ['transport', true],
    ['admin-api', true],
    ['bot', true],
    ['mfa-of-bot', false],
    ['lookup', false],
    ['audit', true],
    ['settings', true],
    ['database', true],
  ])
})

test('capabilities: a copy of the database is not the database', async () => {
  await using before = connect()
  await before.users.list()
  const copy = join(folder, 'copy.db')
  sql('PRAGMA wal_checkpoint(TRUNCATE)')
  copyFileSync(server.databaseFile, copy)
  await using mistaken = connect(copy)
  const found = await mistaken.capabilities()
  expect(found.database).toBe(false)
  expect(found.findings.at(-1)?.sentence).toContain('not the one of this server')
})

test('capabilities: wrong credentials and a wrong address are told, not thrown', async () => {
  const wrong = { ...server.credentials, kind: 'password', password: 'wrong-password' } as const
  await using stranger = connectAutentico({ url: server.url, credentials: wrong })
  const found = await stranger.capabilities()
  expect(found.adminApi).toBe(false)
  expect(JSON.stringify(found)).toContain('AUTENTICO_PASSWORD')
  expect(JSON.stringify(found)).not.toContain('wrong-password')
})

test('the facts and the snapshot of an account tell all and give nothing away', async () => {
  const bobb = idOf('bobb')
  await signIn('bobb')
  await signIn('bobb')
  openDoors(bobb)

  const facts = await autentico.facts(bobb)
  expect(facts).toMatchObject({
    account: { username: 'bobb', role: 'user' },
    suspended: false,
    isBot: false,
    isLastAdmin: false,
    liveSessions: 2,
    idpSessions: 1,
    unrevokedTokens: 2,
    doors: { passkeys: 1, trustedDevices: 1, mfaChallenges: 1, totpSecretPresent: true },
    totpVerified: true,
    requireMfa: false,
  })
  expect(Date.parse(facts?.accessTokenExpiresLatest ?? '')).toBeGreaterThan(Date.now())

  const snapshot = JSON.stringify(await autentico.snapshot(bobb))
  expect(JSON.parse(snapshot)).toMatchObject({ userId: bobb, user: { username: 'bobb' }, doors: { passkeys: 1 } })
  for (const secret of [cookie, 'device-cookie', 'JBSWY3DPEHPK3PXP', server.accounts['bobb']?.password, 'eyJ']) {
    expect(snapshot).not.toContain(secret)
  }
})

test('the bot knows itself, and the last administrator is known as such', async () => {
  const bot = await autentico.whoami()
  expect(await autentico.facts(bot.userId)).toMatchObject({ isBot: true, isLastAdmin: false })
  await autentico.users.deactivate(idOf('admin'))
  await autentico.users.deactivate(idOf('chi'))
  expect(await autentico.facts(bot.userId)).toMatchObject({ isBot: true, isLastAdmin: true })
  expect((await autentico.database?.deactivatedAccounts())?.map((one) => one.username).toSorted()).toEqual([
    'admin',
    'chi',
  ])
})

test('an account is found exactly where another contains its name', async () => {
  expect(await autentico.users.find('bobb')).toMatchObject({ kind: 'found', account: { id: idOf('bobb') } })
  expect(await autentico.users.find('bob')).toMatchObject({
    kind: 'none',
    nearest: [{ username: 'bobb' }, { username: 'bobby' }],
  })
  expect(await autentico.users.find('%')).toMatchObject({ kind: 'none' })
  expect((await autentico.users.search('user-', 4)).map((one) => one.username)).toHaveLength(4)
})

test('containment is proven step by step, and only then', async () => {
  const bobb = { id: idOf('bobb'), username: 'bobb' }
  await signIn('bobb')
  openDoors(bobb.id)
  const verdicts = async () => [
    ...(await autentico.proofs.revoked(bobb)),
    ...(await autentico.proofs.mfaCleared(bobb.id)),
    ...(await autentico.proofs.doorsClosed(bobb.id, { includeFederated: true })),
  ]
  expect((await verdicts()).filter((one) => one.proven === true).map((one) => one.name)).toEqual([
    'no-federated-identities',
  ])

  await autentico.users.setPassword(bobb.id, 'a-long-random-password')
  expect(await autentico.proofs.noLiveSessions(bobb.id)).toMatchObject({ proven: false })
  await autentico.users.revokeSessions(bobb.id)
  await autentico.database?.closeDoors(bobb.id, { includeFederated: true })
  await autentico.users.clearMfa(bobb.id)
  expect((await verdicts()).filter((one) => one.proven !== true)).toEqual([])
})

test('a suspension is proven with and without a database, and an unknown id is none', async () => {
  const alice = { id: idOf('alice'), username: 'alice' }
  expect(await autentico.proofs.suspended(alice)).toMatchObject({ proven: false })
  expect(await autentico.users.deactivate(alice.id)).toBe('deactivated')
  expect(await autentico.users.deactivate(alice.id)).toBe('already-or-unknown')
  expect(await autentico.proofs.suspended(alice)).toMatchObject({ proven: true })
  expect(await autentico.proofs.suspended({ id: 'nobody', username: 'nobody' })).toMatchObject({ proven: false })
  expect(await autentico.facts(alice.id)).toMatchObject({ suspended: true, totpVerified: 'unknown' })

  await using without = connect()
  expect(await without.proofs.suspended(alice)).toMatchObject({ proven: true })
  expect(await without.facts(alice.id)).toBeUndefined()

  expect(await autentico.users.reactivate(alice.id)).toBe('reactivated')
  expect(await autentico.users.reactivate(alice.id)).toBe('already')
  await expect(autentico.users.reactivate('nobody')).rejects.toMatchObject({ status: 404 })
})

test('a locked account is unlocked, and an unlock may be repeated', async () => {
  sql(
    `UPDATE users SET failed_login_attempts = 5, locked_until = datetime('now', '+15 minutes') WHERE username = 'bobby'`,
  )
  expect(await autentico.users.unlock(idOf('bobby'))).toMatchObject({ failedLoginAttempts: 0, lockedUntil: undefined })
  expect(await autentico.users.unlock(idOf('bobby'))).toMatchObject({ failedLoginAttempts: 0 })
})

test('the bot goes on after its own sessions were revoked', async () => {
  const { userId } = await autentico.whoami()
  await autentico.users.revokeSessions(userId)
  expect(await autentico.users.read(idOf('alice'))).toMatchObject({ username: 'alice' })
})

test('what the bot does is found in the audit log of the account', async () => {
  const since = new Date(Date.now() - 60_000)
  await autentico.users.revokeSessions(idOf('alice'))
  const events = await autentico.audit.ofAccount(
    { id: idOf('alice'), username: 'alice' },
    { since, until: new Date(Date.now() + 60_000) },
  )
  expect(events.map((one) => one.event)).toContain('all_user_sessions_revoked')
  expect(events.every((one) => one.createdAt !== '')).toBe(true)
})

test('a copy of the database is not trusted: what it shows would prove nothing', async () => {
  const copy = join(folder, 'copy.db')
  sql(`VACUUM INTO '${copy}'`)
  await using misled = connect(copy)
  expect((await misled.trusted()).database).toBeUndefined()
  expect((await autentico.trusted()).database).toBeDefined()
})

test('a database that is not there is left out, and the rest goes on', async () => {
  await using without = connect(join(folder, 'nowhere.db'))
  const trusted = await without.trusted()
  expect(trusted.database).toBeUndefined()
  expect(await trusted.facts(idOf('bobb'))).toMatchObject({ account: { username: 'bobb' } })
})
