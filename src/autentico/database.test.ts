import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareDatabase } from '#/drill/autentico/schema.ts'
import { autenticoDatabase } from './database.ts'
import { schemaProblem } from './doors.ts'

let folder: string
let file: string
/** The server's own connection, which stays open as in real life. */
let server: Database

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-database-'))
  file = join(folder, 'autentico.db')
  server = new SQLite(file)
  prepareDatabase(server)
  for (const name of ['alice', 'mallory']) seedAccount(name)
})

afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** One of everything, for the account whose id and username are `name`. */
function seedAccount(name: string): void {
  server.exec(`
    INSERT INTO users (id, username, email, is_email_verified, role, totp_secret, totp_verified, two_factor_enabled, last_login,
                       email_verification_token, email_verification_expires_at)
    VALUES ('${name}', '${name}', '${name}@acme.test', 1, 'user', 'JBSWY3DPEHPK3PXP', 1, 1, '2026-06-18 20:15:04.123456789 +0200 CEST m=+0.1',
            'hash', datetime('now', '+1 day'));
    INSERT INTO passkey_credentials (id, user_id, name, credential) VALUES ('pk1-${name}', '${name}', '', '{}'), ('pk2-${name}', '${name}', '', '{}');
    INSERT INTO passkey_challenges (id, user_id, challenge_data, type, expires_at) VALUES ('pc-${name}', '${name}', '{}', 'authentication', datetime('now'));
    INSERT INTO trusted_devices (id, user_id, expires_at) VALUES ('td-${name}', '${name}', datetime('now'));
    INSERT INTO mfa_challenges (id, user_id, method, login_state, expires_at) VALUES ('mc-${name}', '${name}', 'totp', '{}', datetime('now'));
    INSERT INTO auth_codes (code, user_id, redirect_uri, expires_at) VALUES ('ac-${name}', '${name}', 'http://x', datetime('now'));
    INSERT INTO password_reset_tokens (id, user_id, token_hash, expires_at) VALUES ('pr-${name}', '${name}', 'h1${name}', datetime('now'));
    INSERT INTO magic_link_tokens (id, user_id, token_hash, expires_at) VALUES ('ml-${name}', '${name}', 'h2${name}', datetime('now'));
    INSERT INTO device_codes (code, user_code, client_id, expires_at, user_id) VALUES ('dc-${name}', 'uc-${name}', 'c', datetime('now'), '${name}');
    INSERT INTO user_consents (id, user_id, client_id, scopes) VALUES ('co-${name}', '${name}', 'c', 'openid');
    INSERT OR IGNORE INTO federation_providers (id, name, issuer, client_id, client_secret) VALUES ('rogue', 'Rogue', 'https://rogue.test', 'c', 'provider-secret');
    INSERT INTO federated_identities (id, provider_id, provider_user_id, user_id, email) VALUES ('fi-${name}', 'rogue', 'sub-${name}', '${name}', '${name}@rogue.test');
  `)
}

const open = {
  passkeys: 2,
  passkeyChallenges: 1,
  trustedDevices: 1,
  mfaChallenges: 1,
  authCodes: 1,
  passwordResetTokens: 1,
  magicLinkTokens: 1,
  deviceCodes: 1,
  emailVerification: 1,
  totpSecretPresent: true,
  totpVerified: true,
  selfLinking: ['Rogue'],
  consents: 1,
}

test('the doors of an account are counted, a federated identity masked and without its provider secret', async () => {
  const doors = await autenticoDatabase({ path: file }).doors('alice')
  expect(doors).toEqual({
    ...open,
    federatedIdentities: [{ provider: 'Rogue', issuer: 'https://rogue.test', email: 'a…@rogue.test' }],
  })
  expect(await autenticoDatabase({ path: file }).doors('nobody')).toBeUndefined()
})

test('closing the doors removes every one of them and touches nobody else', async () => {
  const database = autenticoDatabase({ path: file })
  const before = await database.doors('mallory')
  expect(await database.closeDoors('alice', { includeFederated: false })).toEqual({
    passkeys: 2,
    passkeyChallenges: 1,
    trustedDevices: 1,
    mfaChallenges: 1,
    authCodes: 1,
    passwordResetTokens: 1,
    magicLinkTokens: 1,
    deviceCodes: 1,
    emailVerification: 1,
    totpSecret: 1,
    federatedIdentities: 0,
    selfLinking: 0,
  })
  const after = await database.doors('alice')
  expect(after).toMatchObject({ passkeys: 0, deviceCodes: 0, emailVerification: 0, totpSecretPresent: false })
  expect(after?.federatedIdentities).toHaveLength(1)
  expect(await database.doors('mallory')).toEqual(before)
})

test('closing the doors twice is harmless, and federated identities go when asked for', async () => {
  const database = autenticoDatabase({ path: file })
  await database.closeDoors('alice', { includeFederated: false })
  const again = await database.closeDoors('alice', { includeFederated: true })
  expect(again).toMatchObject({ passkeys: 0, totpSecret: 0, federatedIdentities: 1, selfLinking: 1 })
  expect(await database.doors('mallory')).toMatchObject({ federatedIdentities: [{ provider: 'Rogue' }] })
})

test('a provider that is enabled cannot link itself again once the links are gone', async () => {
  const database = autenticoDatabase({ path: file })
  await database.closeDoors('alice', { includeFederated: true })
  expect(await database.doors('alice')).toMatchObject({ federatedIdentities: [], selfLinking: [] })
  expect(server.prepare(`SELECT is_email_verified FROM users WHERE id = 'alice'`).pluck().get()).toBe(0)
})

test('where no provider is enabled the address stays verified', async () => {
  server.exec('UPDATE federation_providers SET enabled = 0')
  const database = autenticoDatabase({ path: file })
  expect(await database.doors('alice')).toMatchObject({ selfLinking: [] })
  expect(await database.closeDoors('alice', { includeFederated: true })).toMatchObject({ selfLinking: 0 })
  expect(server.prepare(`SELECT is_email_verified FROM users WHERE id = 'alice'`).pluck().get()).toBe(1)
})

test('pending MFA goes without the rest', async () => {
  const database = autenticoDatabase({ path: file })
  expect(await database.removePendingMfa('alice')).toEqual({ mfaChallenges: 1 })
  expect(await database.doors('alice')).toMatchObject({ ...open, mfaChallenges: 0 })
})

test('the TOTP secret and the trusted devices go without the rest', async () => {
  const database = autenticoDatabase({ path: file })
  expect(await database.clearTotpSecretAndTrustedDevices('alice')).toEqual({ totpSecret: 1, trustedDevices: 1 })
  expect(await database.doors('alice')).toMatchObject({
    ...open,
    totpSecretPresent: false,
    totpVerified: false,
    trustedDevices: 0,
  })
})

test.each([['nobody'], [''], ["alice' OR '1'='1"], ['%']])('for the id %j nothing is changed', async (id) => {
  const database = autenticoDatabase({ path: file })
  await expect(database.closeDoors(id, { includeFederated: true })).rejects.toMatchObject({ status: 404 })
  expect(await database.doors('alice')).toMatchObject(open)
})

test('a failure in the middle leaves everything as it was', async () => {
  server.exec(`CREATE TRIGGER stop BEFORE DELETE ON device_codes BEGIN SELECT RAISE(ABORT, 'stop'); END`)
  const database = autenticoDatabase({ path: file })
  await expect(database.closeDoors('alice', { includeFederated: true })).rejects.toMatchObject({
    name: 'DatabaseUnusable',
  })
  expect(await database.doors('alice')).toMatchObject(open)
})

test('times are understood in the form Go writes them and in the form of SQLite', async () => {
  const database = autenticoDatabase({ path: file })
  expect(await database.lastLogin('alice')).toEqual(new Date('2026-06-18T18:15:04.123Z'))
  expect(await database.deactivatedAt('alice')).toBeUndefined()
  server.exec(`UPDATE users SET role = 'admin', deactivated_at = '2026-06-19 01:02:03' WHERE id = 'mallory'`)
  expect(await database.deactivatedAt('mallory')).toEqual(new Date('2026-06-19T01:02:03Z'))
  expect(await database.deactivatedAccounts()).toMatchObject([{ id: 'mallory', role: 'admin' }])
})

test('a file that does not exist is named, and not created', async () => {
  const database = autenticoDatabase({ path: join(folder, 'missing.db') })
  expect(await database.capability()).toMatchObject({ usable: false })
  await expect(database.doors('alice')).rejects.toThrow('does not exist')
  await expect(database.doors('alice')).rejects.toMatchObject({ name: 'DatabaseUnusable' })
})

test('a file that is no database, or no database of Autentico, is refused', async () => {
  const text = join(folder, 'text.db')
  writeFileSync(text, 'this is not a database, however long it may be'.repeat(50))
  expect(await autenticoDatabase({ path: text }).capability()).toMatchObject({ usable: false })

  const other = join(folder, 'other.db')
  const db = new SQLite(other)
  db.exec('CREATE TABLE users (id TEXT); PRAGMA user_version = 10')
  db.close()
  const capability = await autenticoDatabase({ path: other }).capability()
  expect(capability).toMatchObject({ usable: false })
  expect(JSON.stringify(capability)).toContain('passkey_credentials')
})

test('a schema too old is refused; an older one without magic links is served as it is; a newer one is told', async () => {
  const database = autenticoDatabase({ path: file })
  server.pragma('user_version = 5')
  expect(await database.capability()).toMatchObject({ usable: false })

  server.exec('DROP TABLE magic_link_tokens')
  server.pragma('user_version = 8')
  expect(await database.capability()).toEqual({ usable: true, schema: 8, newerThanKnown: false })
  expect(await database.doors('alice')).toMatchObject({ magicLinkTokens: 0, passkeys: 2 })
  expect(await database.closeDoors('alice', { includeFederated: false })).toMatchObject({
    magicLinkTokens: 0,
    passkeys: 2,
  })

  server.pragma('user_version = 9')
  expect(schemaProblem(server)).toContain('magic_link_tokens')
  server.exec('CREATE TABLE magic_link_tokens (id TEXT, user_id TEXT)')
  server.pragma('user_version = 11')
  expect(await database.capability()).toMatchObject({ usable: true, newerThanKnown: true })
})

test('a database locked by others is waited for, and then given up with nothing changed', async () => {
  server.exec('BEGIN IMMEDIATE')
  let now = 0
  const impatient = autenticoDatabase({ path: file, busyMs: 10, now: () => new Date((now += 10)) })
  await expect(impatient.closeDoors('alice', { includeFederated: false })).rejects.toMatchObject({
    name: 'AutenticoUnavailable',
  })

  const patient = autenticoDatabase({ path: file }).closeDoors('alice', { includeFederated: false })
  server.exec('COMMIT')
  expect(await patient).toMatchObject({ passkeys: 2 })
})

test('only the file of the server that issued a token knows it', async () => {
  server.exec(`
    INSERT INTO tokens (id, user_id, access_token, refresh_token, access_token_type, refresh_token_expires_at, access_token_expires_at, scope, grant_type)
    VALUES ('t1', 'alice', 'the-token', 'r', 'Bearer', datetime('now'), datetime('now'), 'openid', 'password')`)
  const database = autenticoDatabase({ path: file })
  expect(await database.knowsToken('the-token')).toBe(true)
  expect(await database.knowsToken('another')).toBe(false)
})
