import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { prepareCompany } from '../../autentico/company.ts'
import { startLocalAutentico } from '../../autentico/local-autentico.ts'
import type { Instance } from '../wire.ts'
import { type InstanceTarget, type InstanceWatch, type SigningKey, watchInstance } from './instance.ts'

const old: SigningKey = { keyId: 'autentico-key-1', fingerprint: 'a1'.repeat(32), short: 'a1a1 a1a1 a1a1 a1a1' }
const other: SigningKey = { keyId: 'autentico-key-2', fingerprint: 'b2'.repeat(32), short: 'b2b2 b2b2 b2b2 b2b2' }

async function watched(change: Partial<InstanceTarget> = {}): Promise<{
  readonly watch: InstanceWatch
  readonly sql: (statement: string) => void
  readonly world: { target: InstanceTarget | undefined; key: SigningKey | undefined }
}> {
  const dir = mkdtempSync(join(tmpdir(), 'instance-'))
  const autentico = await startLocalAutentico({ dir })
  const planted = await prepareCompany(autentico, { admin: 'admin' })
  const target: InstanceTarget = {
    incident: 'INC-1',
    botName: autentico.credentials.username,
    planted,
    exposes: [],
    exposedKey: old.fingerprint,
    ...change,
  }
  const world: { target: InstanceTarget | undefined; key: SigningKey | undefined } = { target, key: old }
  const watch = watchInstance({
    databaseFile: autentico.databaseFile,
    target: () => world.target,
    publishedKey: async () => {
      if (world.key === undefined) throw new Error('Autentico is stopped')
      return world.key
    },
    onChange: () => undefined,
    glanceMs: 10,
  })
  onTestFinished(async () => {
    watch[Symbol.dispose]()
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  const sql = (statement: string): void => {
    const db = new Database(autentico.databaseFile, { timeout: 1_000 })
    db.exec(statement)
    db.close()
  }
  return { watch, sql, world }
}

/** "1 of 4" by kind. */
function counts(instance: Instance | null): Readonly<Record<string, string>> {
  return Object.fromEntries((instance?.holdings ?? []).map(({ kind, count }) => [kind, count]))
}

/** What is in the attacker's hands, by kind. */
function held(instance: Instance | null): Readonly<Record<string, number>> {
  const rows = instance?.holdings ?? []
  return Object.fromEntries(rows.flatMap(({ kind, live }) => (live === 0 ? [] : [[kind, live]])))
}

test('what was planted counts where the incident is about it, and no longer once it is dealt with', async () => {
  const { watch, sql, world } = await watched({ exposes: ['planted'] })
  await vi.waitFor(() => expect(counts(watch.instance())['key']).toBe('a1a1 a1a1'))
  expect(counts(watch.instance())).toMatchObject({
    admins: '1 of 4',
    clients: '1 of 7',
    providers: '1 of 2',
    settings: '1 of 1',
    locked: 'none',
  })
  const admins = () => watch.instance()?.holdings.find(({ kind }) => kind === 'admins')
  expect(admins()).toMatchObject({
    hold: 'an administrator',
    lines: ['bobby, mallory’s', 'admin', 'chi', 'incident-bot'],
  })

  sql(`UPDATE users SET role = 'user' WHERE username = 'bobby'`)
  await vi.waitFor(() => expect(admins()).toMatchObject({ count: '3', live: 0, ever: 1, hold: '' }))
  const { target } = world
  if (target !== undefined) world.target = { ...target, incident: 'INC-2', exposes: [] }
  watch.look()
  expect(held(watch.instance())).toEqual({})
  expect(admins()).toMatchObject({ ever: 0 })
})

test('everybody’s logins, authenticators and the key are exposed until they are ended, cleared and replaced', async () => {
  const { watch, sql, world } = await watched({ exposes: ['key', 'people', 'authenticators'] })
  await vi.waitFor(() => expect(held(watch.instance())).toEqual({ key: 1, people: 302, authenticators: 3 }))
  expect(watch.instance()?.holdings.flatMap(({ hold }) => (hold === '' ? [] : [hold]))).toEqual([
    'the signing key',
    '302 people’s logins',
    '3 authenticators and trusted devices',
  ])

  world.key = undefined
  sql(
    `UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP; UPDATE idp_sessions SET deactivated_at = CURRENT_TIMESTAMP`,
  )
  sql(`UPDATE users SET totp_secret = ''; DELETE FROM trusted_devices`)
  await vi.waitFor(() => expect(held(watch.instance())).toEqual({ key: 1 }))
  world.key = other
  await vi.waitFor(() => expect(held(watch.instance())).toEqual({}), 5_000)
  expect(watch.instance()?.holdings[0]).toMatchObject({
    count: 'b2b2 b2b2',
    ever: 1,
    lines: ['autentico-key-2 · SHA-256 b2b2 b2b2 b2b2 b2b2…'],
  })
})

test('who is locked out is counted as long as that lasts, and nothing is shown without such an incident', async () => {
  const { watch, sql, world } = await watched({ exposes: ['locked'] })
  sql(`UPDATE users SET locked_until = datetime('now', '+10 minutes') WHERE username IN ('bobb', 'bobby');
    UPDATE users SET locked_until = datetime('now', '-1 minutes') WHERE username = 'ana'`)
  await vi.waitFor(() => expect(held(watch.instance())).toEqual({ locked: 2 }))
  world.target = undefined
  expect(watch.instance()).toBeNull()
})
