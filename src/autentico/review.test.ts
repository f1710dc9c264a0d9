import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '#/drill/autentico/local-autentico.ts'
import { portalClientId, scriptClientId } from '#/drill/autentico/seed.ts'
import { blindSpots } from './audit-coverage.ts'
import { type Autentico, connectAutentico } from './connect.ts'
import { redFlags } from './red-flags.ts'
import { riskySettings } from './risky-settings.ts'

let folder: string
let server: LocalAutentico & AsyncDisposable
let autentico: Autentico & AsyncDisposable
let withoutDatabase: Autentico & AsyncDisposable

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-review-'))
  server = await startLocalAutentico({ dir: folder, crowd: 3 })
  const credentials = { kind: 'password', ...server.credentials } as const
  autentico = connectAutentico({ url: server.url, credentials, databasePath: server.databaseFile })
  withoutDatabase = connectAutentico({ url: server.url, credentials })
})

afterEach(async () => {
  await autentico[Symbol.asyncDispose]()
  await withoutDatabase[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function idOf(username: string): string {
  const account = server.accounts[username]
  if (account === undefined) throw new Error(`The drill has no ${username}.`)
  return account.id
}

function sql(text: string): void {
  const db = new SQLite(server.databaseFile)
  db.exec(text)
  db.close()
}

function stored(text: string): unknown {
  const db = new SQLite(server.databaseFile)
  const value = db.prepare(text).pluck().get()
  db.close()
  return value
}

const since = new Date(Date.now() - 3_600_000)

test('of the clients the two that Autentico comes with and the bot`s own are in order, a planted one is not', async () => {
  sql(`INSERT INTO clients (id, client_id, client_name, client_type, redirect_uris, grant_types, allowed_audiences, created_at)
       VALUES ('x', 'helper', 'Helper', 'confidential', '["https://*.evil.test/"]', '["password","client_credentials"]',
               '["autentico-admin"]', '2026-06-18 10:00:00')`)
  const reviewed = await autentico.clients.review({ known: [portalClientId, scriptClientId] })
  const flags = Object.fromEntries(reviewed.map((one) => [one.client.id, one.flags.map(({ flag }) => flag)]))
  expect(flags).toEqual({
    helper: ['not-known', 'opens-admin-api', 'takes-passwords', 'needs-no-user', 'wildcard-redirect'],
    'meeting-room-screen': ['not-known', 'device-codes'],
    [scriptClientId]: ['takes-passwords'],
    [portalClientId]: [],
    'autentico-admin': [],
    'autentico-account': [],
    'incident-bot': [],
  })
  expect(reviewed[0]).toMatchObject({ client: { id: 'helper' }, createdAt: '2026-06-18 10:00:00' })
  expect((await withoutDatabase.clients.review({ known: [] }))[0]).toMatchObject({ createdAt: undefined })
})

const seeded = {
  id: 'autentico-admin',
  name: 'Admin',
  type: 'public',
  active: true,
  redirectUris: ['https://id.acme.test/sso/admin/callback'],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: 'openid',
  audiences: [],
  allowsSignup: undefined,
}
const expected = { known: [], own: undefined, issuer: 'https://id.acme.test/sso/oauth2' }

test.each([
  ['as it comes', {}, []],
  ['another address', { redirectUris: ['https://evil.test/sso/admin/callback'] }, ['changed']],
  ['a look-alike address', { redirectUris: ['https://id.acme.test.evil.test/sso/admin/callback'] }, ['changed']],
  ['one address more', { redirectUris: [...seeded.redirectUris, 'https://evil.test/'] }, ['changed']],
  ['no address', { redirectUris: [] }, ['changed']],
  ['the password grant', { grantTypes: ['authorization_code', 'password'] }, ['takes-passwords']],
  ['a grant without users', { grantTypes: ['client_credentials'] }, ['changed', 'needs-no-user']],
  ['sign-up', { allowsSignup: true }, ['allows-signup']],
])('the client that Autentico comes with, with %s', (_what, change, flags) => {
  expect(redFlags({ ...seeded, ...change }, expected).map(({ flag }) => flag)).toEqual(flags)
})

test('being expected takes away no other flag', () => {
  const client = { ...seeded, id: 'portal', audiences: ['autentico-admin', 'autentico-account'] }
  const flags = redFlags(client, { ...expected, known: ['portal'] }).map(({ flag }) => flag)
  expect(flags).toEqual(['opens-admin-api', 'opens-account-api'])
})

test('a client is disabled once, and reads back so', async () => {
  expect(await autentico.clients.disable(portalClientId)).toBe('disabled')
  expect(await autentico.clients.read(portalClientId)).toMatchObject({ active: false })
  expect(await autentico.clients.disable(portalClientId)).toBe('already')
  expect(await autentico.clients.read(scriptClientId)).toMatchObject({ active: true })
})

test.each([['autentico-admin'], ['autentico-account'], ['incident-bot']])('%s is never disabled', async (id) => {
  await expect(autentico.clients.disable(id)).rejects.toMatchObject({ name: 'NotSent' })
  expect(await autentico.clients.read(id)).toMatchObject({ active: true })
})

test('a client that is not there is not disabled, and neither is one whose name contains it', async () => {
  await expect(autentico.clients.disable('port')).rejects.toMatchObject({ status: 404 })
  expect((await autentico.clients.list()).every(({ active }) => active)).toBe(true)
})

test('a provider is switched off with its secret kept, once', async () => {
  const [provider] = await autentico.federation.list()
  if (provider === undefined) throw new Error('The drill has no provider.')
  expect(provider).toMatchObject({ enabled: true, linked: 1 })
  const secret = stored('SELECT client_secret FROM federation_providers')
  expect(await autentico.federation.disable(provider.id)).toEqual({ kind: 'disabled' })
  expect(await autentico.federation.disable(provider.id)).toEqual({ kind: 'already' })
  expect(await autentico.federation.list()).toMatchObject([{ enabled: false }])
  expect(stored('SELECT client_secret FROM federation_providers')).toBe(secret)
  await expect(autentico.federation.disable('nobody')).rejects.toMatchObject({ status: 404 })
})

test('without the database a provider is left to a person, and its secret stays', async () => {
  const [provider] = await withoutDatabase.federation.list()
  if (provider === undefined) throw new Error('The drill has no provider.')
  expect(provider.linked).toBeUndefined()
  expect(await withoutDatabase.federation.disable(provider.id)).toMatchObject({ kind: 'by-hand' })
  expect(stored(`SELECT client_secret <> '' AND enabled FROM federation_providers`)).toBe(1)
})

test('the list of administrators has the hidden ones, with when they changed, only where there is a database', async () => {
  const bobb = idOf('bobb')
  sql(
    `UPDATE users SET role = 'admin', deactivated_at = '2026-06-19 01:02:03', updated_at = '2026-06-18 10:00:00' WHERE id = '${bobb}'`,
  )
  const { admins, complete } = await autentico.admins.list()
  expect(complete).toBe(true)
  expect(admins.map(({ username }) => username).toSorted()).toEqual(['admin', 'bobb', 'chi', 'incident-bot'])
  expect(admins.filter(({ isBot }) => isBot).map(({ username }) => username)).toEqual(['incident-bot'])
  expect(admins.find(({ id }) => id === bobb)).toMatchObject({
    changedAt: '2026-06-18T10:00:00.000Z',
    deactivatedAt: '2026-06-19T01:02:03.000Z',
  })
  const shown = await withoutDatabase.admins.list()
  expect(shown).toMatchObject({ complete: false })
  expect(shown.admins.map(({ username }) => username)).not.toContain('bobb')
})

test('an administrator is demoted once, the bot never, and nobody who is not shown', async () => {
  const chi = idOf('chi')
  expect(await autentico.admins.demote(chi)).toBe('demoted')
  expect(await autentico.users.read(chi)).toMatchObject({ role: 'user' })
  expect(await autentico.admins.demote(chi)).toBe('already')
  const { userId } = await autentico.whoami()
  await expect(autentico.admins.demote(userId)).rejects.toMatchObject({ name: 'NotSent' })
  await autentico.users.deactivate(chi)
  await expect(autentico.admins.demote(chi)).rejects.toMatchObject({ status: 404 })
})

test('the accounts that are locked now are found, the longest first; past locks do not count', async () => {
  const lock = (name: string, at: string) => sql(`UPDATE users SET locked_until = ${at} WHERE id = '${idOf(name)}'`)
  lock('bobb', `datetime('now', '+10 minutes')`)
  lock('bobby', `datetime('now', '+20 minutes')`)
  lock('ana', `datetime('now', '-1 minutes')`)
  const locked = await autentico.lockedAccounts()
  expect(locked.map(({ account }) => account.username)).toEqual(['bobby', 'bobb'])
  await autentico.users.unlock(idOf('bobby'))
  expect((await autentico.lockedAccounts()).map(({ account }) => account.username)).toEqual(['bobb'])
})

test('the settings that open doors are named with why, and secrets are not among them', async () => {
  const risky = riskySettings(await autentico.settings.read())
  expect(risky.map(({ key }) => key)).toEqual([
    'require_mfa',
    'trust_device_enabled',
    'magic_link_enabled',
    'smtp_host',
    'smtp_username',
    'smtp_from',
  ])
  expect(JSON.stringify(risky)).not.toContain('drill-mail-password')
})

test.each([
  ['audit_log_retention', '0', true],
  ['audit_log_retention', '720h', false],
  ['account_lockout_max_attempts', '0', true],
  ['account_lockout_max_attempts', '5', false],
  ['access_token_expiration', '15m', false],
  ['access_token_expiration', '24h', true],
  ['access_token_audience', '["api"]', true],
  ['access_token_audience', '[]', false],
  ['pkce_enforce_s256', 'false', true],
  ['allow_self_signup', 'true', true],
  ['cors_allowed_origins', '', false],
])('the setting %s = %j: risky is %s', (key, value, isRisky) => {
  expect(riskySettings(new Map([[key, value]]))).toHaveLength(isRisky ? 1 : 0)
})

test('the audit log is believed while nothing speaks against it', async () => {
  sql(`UPDATE settings SET updated_at = '2020-01-01 00:00:00'`)
  const coverage = await autentico.auditCoverage(since)
  expect(coverage).toMatchObject({ verdict: 'on', settingsChanges: [], coversFrom: since.toISOString() })
})

test('with auditing off nothing can be ruled out', async () => {
  await autentico.settings.put('audit_log_retention', '0')
  expect(await autentico.auditCoverage(since)).toMatchObject({ verdict: 'off', settingsChanges: [] })
})

test('auditing that was off and is on again leaves one event, and the time at which the retention was written', async () => {
  await autentico.settings.put('audit_log_retention', '0')
  await autentico.settings.put('audit_log_retention', '720h')
  const coverage = await autentico.auditCoverage(since)
  expect(coverage).toMatchObject({
    verdict: 'interrupted',
    settingsChanges: [{ event: 'settings_updated', actorUsername: 'incident-bot' }],
  })
  expect(Date.parse(coverage.retentionWrittenAt ?? '')).toBeGreaterThan(since.getTime())
  expect(coverage.sentence).toMatch(
    /written at \d{4}-\d\d-\d\d \d\d:\d\d UTC in this time \(settings were changed by incident-bot\)/,
  )
  expect(await withoutDatabase.auditCoverage(since)).toMatchObject({ verdict: 'interrupted' })
})

test('a change of another setting does not interrupt the log where the database shows which one it was', async () => {
  sql(`UPDATE settings SET updated_at = '2020-01-01 00:00:00'`)
  await autentico.settings.put('sso_enabled', 'false')
  expect(await autentico.auditCoverage(since)).toMatchObject({ verdict: 'on', settingsChanges: [{}] })
  expect(await withoutDatabase.auditCoverage(since)).toMatchObject({ verdict: 'interrupted' })
})

test('events older than the retention are gone', async () => {
  sql(`UPDATE settings SET value = '1h', updated_at = '2020-01-01 00:00:00' WHERE key = 'audit_log_retention'`)
  const asked = new Date(Date.now() - 7_200_000)
  const coverage = await autentico.auditCoverage(asked)
  expect(coverage.verdict).toBe('from')
  expect(Date.parse(coverage.coversFrom)).toBeGreaterThan(asked.getTime() + 3_500_000)
})

test('what no audit log shows is told once each', () => {
  expect(new Set(blindSpots).size).toBe(blindSpots.length)
})
