import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { copyDatabase } from './copy-database.ts'
import { type LocalAutentico, startLocalAutentico } from './local-autentico.ts'
import { plantDoors, stealAdmin } from './steal-admin.ts'
import { stealKey } from './steal-key.ts'
import type { Thief } from './thief.ts'

async function company(): Promise<LocalAutentico> {
  const dir = mkdtempSync(join(tmpdir(), 'thieves-'))
  const autentico = await startLocalAutentico({ dir })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  return autentico
}

function sql({ databaseFile }: LocalAutentico, text: string): void {
  const db = new Database(databaseFile, { timeout: 1_000 })
  db.exec(text)
  db.close()
}

/** Every door by what came of it. */
async function doorsOf(thief: Thief): Promise<Readonly<Record<'in' | 'out', readonly string[]>>> {
  const tried = { in: [] as string[], out: [] as string[] }
  for (const door of thief.doors) tried[(await thief.attempt(door)).got].push(door)
  return tried
}

const everybodyOut = `UPDATE tokens SET revoked_at = CURRENT_TIMESTAMP; UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP;
  UPDATE idp_sessions SET deactivated_at = CURRENT_TIMESTAMP`

test('with an administrator’s login every door opens; what was planted outlives a revocation', async () => {
  const autentico = await company()
  const planted = await plantDoors(autentico, { admin: 'admin' })
  const thief = await stealAdmin(autentico, { admin: 'admin', planted, password: true })
  expect((await doorsOf(thief)).out).toEqual([])

  sql(autentico, everybodyOut)
  sql(autentico, `UPDATE users SET password = 'none' WHERE username = 'admin'`)
  const left = ['administrator bobby', 'client of mallory’s', 'provider of mallory’s']
  expect((await doorsOf(thief)).in).toEqual(left)

  sql(autentico, `UPDATE users SET role = 'user' WHERE id = '${planted.adminId}'`)
  sql(autentico, `UPDATE clients SET is_active = 0 WHERE client_id = '${planted.clientId}'`)
  sql(autentico, `UPDATE federation_providers SET enabled = 0 WHERE id = '${planted.providerId}'`)
  expect((await doorsOf(thief)).in).toEqual([])
})

test('what was planted lies in the audit log of the night before, and older entries stay where they are', async () => {
  const autentico = await company()
  const now = new Date()
  const entries = () => {
    const db = new Database(autentico.databaseFile, { timeout: 1_000 })
    const rows = db
      .prepare<[string], { event: string; created_at: string }>(
        'SELECT event, created_at FROM audit_logs WHERE actor_id = ? ORDER BY created_at, id',
      )
      .all(autentico.accounts['admin']?.id ?? '')
    db.close()
    return rows
  }
  const before = entries()
  await plantDoors(autentico, { admin: 'admin', now })
  const night = entries().filter(({ event }) => /client_created|federation_created|user_updated/.test(event))
  expect(night.map(({ event }) => event)).toEqual(['client_created', 'federation_created', 'user_updated'])
  for (const { created_at } of night) expect(Date.parse(`${created_at}Z`)).toBeLessThan(now.getTime() - 7 * 3_600_000)
  expect(entries()).toEqual(expect.arrayContaining(before))
})

test('a stolen key forges tokens for services until another key is published; logins do not depend on it', async () => {
  const autentico = await company()
  const thief = await stealKey(autentico)
  expect((await doorsOf(thief)).out).toEqual([])

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
  const changed = readFileSync(autentico.environmentFile, 'utf8').replace(
    /^AUTENTICO_PRIVATE_KEY=.*$/m,
    `AUTENTICO_PRIVATE_KEY=${Buffer.from(pem).toString('base64')}`,
  )
  writeFileSync(autentico.environmentFile, changed)
  await autentico.restart()
  // Connections from before the restart are dropped as they are used.
  await vi.waitFor(async () => expect((await fetch(`${autentico.url}/healthz`)).ok).toBe(true))
  expect((await doorsOf(thief)).in).toEqual(['single sign-on cookie'])
  sql(autentico, everybodyOut)
  expect((await doorsOf(thief)).in).toEqual([])
})

test('what lies in a copy of the database opens doors until everybody is signed out', async () => {
  const autentico = await company()
  const thief = await copyDatabase(autentico)
  expect((await doorsOf(thief)).out).toEqual([])
  const again = await copyDatabase(autentico)
  sql(autentico, everybodyOut)
  expect((await doorsOf(again)).in).toEqual([])
})
