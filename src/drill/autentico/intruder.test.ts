import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { backdateAudit, type Foothold, intrude, intruderAddress } from './intruder.ts'
import { startLocalAutentico } from './local-autentico.ts'

async function start() {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const autentico = await startLocalAutentico({ dir, seed: 'empty' })
  onTestFinished(async () => autentico[Symbol.asyncDispose]())
  const admin = autentico.accounts['admin']
  if (admin === undefined) throw new Error('an empty seed has an admin')
  const { clientId, clientSecret } = autentico.credentials
  const foothold = { url: autentico.url, username: 'admin', password: admin.password, clientId, clientSecret }
  return { foothold, admin, databaseFile: autentico.databaseFile }
}

function open(file: string): Database.Database {
  const db = new Database(file)
  onTestFinished(() => void db.close())
  return db
}

async function entriesOn({ url }: Foothold, accessToken: string, day: string): Promise<unknown> {
  const response = await fetch(`${url}/admin/api/audit-logs?created_at_to=${day}&order=asc`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  })
  return response.json()
}

test('what an intruder left can be put into a window in the past, in its order', async () => {
  const { foothold, admin, databaseFile } = await start()
  const intruder = await intrude(foothold)
  const client = await intruder.addClient()
  await intruder.editAccountClient()
  await intruder.addProvider()
  const from = new Date('2026-03-01T10:00:00Z')
  const to = new Date('2026-03-01T12:00:00Z')
  backdateAudit(open(databaseFile), { actorId: admin.id, from, to })

  const by = { actor_id: admin.id, actor_username: 'admin', ip_address: intruderAddress }
  expect(await entriesOn(foothold, intruder.accessToken, '2026-03-02')).toMatchObject({
    data: {
      items: [
        { ...by, event: 'client_created', target_id: client, created_at: '2026-03-01T10:00:00Z' },
        { ...by, event: 'client_updated', created_at: '2026-03-01T11:00:00Z' },
        { ...by, event: 'federation_created', created_at: '2026-03-01T12:00:00Z' },
      ],
      total: 3,
    },
  })
})

test('an intruder without the password does not get in', async () => {
  const { foothold } = await start()
  await expect(intrude({ ...foothold, password: 'guessed' })).rejects.toThrow('could not sign in: 400')
})
