import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { type Attempt, steal } from './attacker.ts'
import { type LocalAutentico, startLocalAutentico } from './local-autentico.ts'
import type { Target } from './robbery.ts'
import { deviceClientId, scriptClientId } from './seed.ts'

async function company(): Promise<LocalAutentico> {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  const autentico = await startLocalAutentico({ dir })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  return autentico
}

function alice(autentico: LocalAutentico): Target {
  const account = autentico.accounts['alice']
  if (account === undefined || autentico.loot === undefined) throw new Error('alice must be seeded')
  const { url, databaseFile, loot } = autentico
  return { url, databaseFile, account: { ...account, username: 'alice' }, ...loot, scriptClientId, deviceClientId }
}

function got(attempts: readonly Attempt[], wanted: Attempt['got']): readonly string[] {
  return attempts.filter((attempt) => attempt.got === wanted).map(({ door, detail }) => `${door}: ${detail}`)
}

test('before containment every door is open', async () => {
  const mallory = await steal(alice(await company()))
  const attempts = await mallory.attempts()
  expect(attempts).toHaveLength(mallory.doors.length)
  expect(got(attempts, 'out')).toEqual([])
})

test('after the full clean-up every door is closed', async () => {
  const autentico = await company()
  const target = alice(autentico)
  const mallory = await steal(target)
  const admin = await adminApi(autentico)
  await admin('PUT', `/users/${target.account.id}`, { password: 'a-long-new-password-nobody-knows' })
  await admin('POST', `/users/${target.account.id}/revoke-sessions`)
  scrub(autentico, target.account.id)
  await admin('PUT', `/users/${target.account.id}`, { totp_verified: false })
  await admin('POST', `/users/${target.account.id}/revoke-sessions`)
  expect(got(await mallory.attempts(), 'in')).toEqual([])
})

test('revoking and a new password alone leave the doors open that need neither', async () => {
  const autentico = await company()
  const target = alice(autentico)
  const mallory = await steal(target)
  const admin = await adminApi(autentico)
  await admin('PUT', `/users/${target.account.id}`, { password: 'a-long-new-password-nobody-knows' })
  await admin('POST', `/users/${target.account.id}/revoke-sessions`)
  const open = (await mallory.attempts()).filter((attempt) => attempt.got === 'in').map(({ door }) => door)
  expect(open).toEqual([
    'passkey',
    'authorization code',
    'device code',
    'pending second factor',
    'magic link',
    'e-mail verification link',
    'federated identity',
    'password-reset link',
  ])
})

test('with the new password known, a trusted device still skips the second factor', async () => {
  const autentico = await company()
  const target = alice(autentico)
  const mallory = await steal(target)
  const admin = await adminApi(autentico)
  await admin('PUT', `/users/${target.account.id}`, { password: 'read-in-the-mailbox' })
  mallory.learns('read-in-the-mailbox')
  expect(await mallory.attempt('trusted device')).toMatchObject({ number: 17, got: 'in' })
})

test('resetting TOTP while a second factor is pending lets the attacker enrol', async () => {
  const autentico = await company()
  const target = alice(autentico)
  const mallory = await steal(target)
  const admin = await adminApi(autentico)
  await admin('POST', `/users/${target.account.id}/revoke-sessions`)
  withDatabase(autentico, (db) => db.prepare(`UPDATE users SET totp_secret = '' WHERE id = ?`).run(target.account.id))
  await admin('PUT', `/users/${target.account.id}`, { totp_verified: false })
  expect(await mallory.attempt('pending second factor')).toMatchObject({ number: 20, got: 'in' })
  expect(await admin('GET', `/users/${target.account.id}`)).toMatchObject({ data: { totp_verified: true } })
})

test('a deactivated account opens no door', async () => {
  const autentico = await company()
  const target = alice(autentico)
  const mallory = await steal(target)
  const admin = await adminApi(autentico)
  await admin('POST', `/users/${target.account.id}/deactivate`)
  expect(got(await mallory.attempts(), 'in')).toEqual([])
})

type AdminApi = (method: string, path: string, body?: unknown) => Promise<unknown>

async function adminApi({ url, credentials }: LocalAutentico): Promise<AdminApi> {
  const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64')
  const grant = { grant_type: 'password', username: credentials.username, password: credentials.password }
  const answer = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams(grant),
  })
  const { access_token } = (await answer.json()) as { readonly access_token: string }
  return async (method, path, body) => {
    const response = await fetch(`${url}/admin/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${access_token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect(response.ok).toBe(true)
    return response.status === 204 ? undefined : response.json()
  }
}

function withDatabase({ databaseFile }: LocalAutentico, edit: (db: Database.Database) => void): void {
  const db = new Database(databaseFile)
  db.pragma('foreign_keys = ON')
  edit(db)
  db.close()
}

/** What has to go besides what the admin API revokes. */
function scrub(autentico: LocalAutentico, userId: string): void {
  const tables = [
    'passkey_credentials',
    'passkey_challenges',
    'trusted_devices',
    'mfa_challenges',
    'auth_codes',
    'password_reset_tokens',
    'magic_link_tokens',
    'device_codes',
    'federated_identities',
  ]
  withDatabase(autentico, (db) => {
    for (const table of tables) db.prepare(`DELETE FROM ${table} WHERE user_id = ?`).run(userId)
    db.prepare('UPDATE federation_providers SET enabled = 0').run()
    db.prepare(
      `UPDATE users SET totp_secret = '', totp_verified = 0, two_factor_enabled = 0, email_verification_token = NULL,
       email_verification_expires_at = NULL WHERE id = ?`,
    ).run(userId)
  })
}
