import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '../../autentico/local-autentico.ts'
import { robAlice } from '../../autentico/rob-alice.ts'
import type { AttackedDoor } from '../wire.ts'
import { type AttackerWatch, createAttacker } from './attacker.ts'

async function attacked(robberies = 1): Promise<{
  readonly autentico: LocalAutentico
  readonly mallory: AttackerWatch
  readonly world: { defended: boolean; reserve: boolean; hindrance: string | undefined }
  readonly noticed: string[]
  readonly door: (name: string) => AttackedDoor | undefined
}> {
  const dir = mkdtempSync(join(tmpdir(), 'attacker-'))
  const autentico = await startLocalAutentico({ dir })
  onTestFinished(async () => {
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  const world = { defended: false, reserve: false, hindrance: undefined as string | undefined }
  const noticed: string[] = []
  const stolen = []
  for (let n = 0; n < robberies; n += 1) stolen.push(await robAlice(autentico))
  const mallory = createAttacker({
    name: 'mallory',
    robberies: stolen,
    isReserveOpen: () => world.reserve,
    isDefended: () => world.defended,
    hindrance: () => world.hindrance,
    noticed: (words) => void noticed.push(words),
    onChange: () => undefined,
  })
  const door = (name: string) => mallory.attacker().doors.find((one) => one.door === name)
  return { autentico, mallory, world, noticed, door }
}

/** Ends what was stolen and sets another password, as nobody but the owner of the file could. */
function closeEverything({ databaseFile }: LocalAutentico): void {
  const db = new Database(databaseFile, { timeout: 1_000 })
  for (const table of [
    'passkey_credentials',
    'auth_codes',
    'device_codes',
    'mfa_challenges',
    'magic_link_tokens',
    'password_reset_tokens',
    'trusted_devices',
    'federated_identities',
  ])
    db.exec(`DELETE FROM ${table}`)
  db.exec(`UPDATE tokens SET revoked_at = CURRENT_TIMESTAMP; UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP;
    UPDATE idp_sessions SET deactivated_at = CURRENT_TIMESTAMP;
    UPDATE users SET password = 'none', totp_secret = '', totp_verified = 0, is_email_verified = 0, email_verification_token = NULL`)
  db.close()
}

test('at first only what can be repeated is tried, and the rest is kept for later', async () => {
  const { mallory, door, noticed } = await attacked()
  const round = mallory.attack('repeatable')
  expect(mallory.attacker().busy).toBe(true)
  await round

  expect(mallory.attacker()).toMatchObject({ name: 'mallory', busy: false })
  expect(mallory.attacker().doors).toHaveLength(15)
  expect(door('passkey')).toMatchObject({ repeatable: true, before: { got: 'in' }, now: null })
  expect(door('magic link')).toEqual({ door: 'magic link', repeatable: false, before: null, now: null })
  expect(noticed).toEqual(['mallory tried 3 doors and got in by 3: access token, single sign-on cookie, passkey.'])
})

test('after something was done, every door is tried, and those that were closed say why in few words', async () => {
  const { mallory, autentico, world, door, noticed } = await attacked()
  await mallory.attack('repeatable')
  closeEverything(autentico)
  world.defended = true
  await mallory.attack('all')

  const tries = mallory.attacker().doors.map(({ now }) => now)
  expect(tries.map((now) => now?.got)).toEqual(tries.map(() => 'out'))
  expect(door('access token')).toMatchObject({ before: { got: 'in' }, now: { detail: '401 Invalid or expired token' } })
  expect(noticed.at(-1)).toBe('mallory tried 15 doors and was kept out.')
})

test('what was used up stays as it is and says so, until the reserve may be touched', async () => {
  const { mallory, autentico, world, door } = await attacked(2)
  await mallory.attack('all')
  const first = door('authorization code')
  expect(first).toMatchObject({ before: { got: 'in' }, now: null })
  await mallory.attack('all')
  expect(door('authorization code')).toMatchObject({ before: { got: 'in', at: first?.before?.at }, now: null })
  expect(door('authorization code')?.before?.detail).toMatch(/used up: it works only once/)
  await mallory.attack('all')
  expect(door('authorization code')?.before?.detail.match(/used up/g)).toHaveLength(1)

  closeEverything(autentico)
  world.defended = true
  world.reserve = true
  await mallory.attack('all')
  expect(mallory.attacker().doors.filter(({ now }) => now?.got !== 'out')).toEqual([])
})

test('when Autentico does not answer, nothing counts as kept out, and whoever asked is told', async () => {
  const { mallory, autentico, world, noticed } = await attacked()
  await autentico.stop()
  await expect(mallory.attack('repeatable')).rejects.toThrow(
    'mallory could not try the access token: Autentico did not answer.',
  )
  world.hindrance = 'Autentico is stopped.'
  await expect(mallory.attack('all')).rejects.toThrow('Autentico is stopped.')

  expect(mallory.attacker().busy).toBe(false)
  expect(mallory.attacker().doors.filter(({ before, now }) => before !== null || now !== null)).toEqual([])
  expect(noticed).toEqual([
    'mallory could not try the access token: Autentico did not answer.',
    'Autentico is stopped.',
  ])

  await autentico.restart()
  world.hindrance = undefined
  await mallory.attack('repeatable')
  expect(noticed.at(-1)).toMatch(/^mallory tried 3 doors/)
})

test('rounds that are asked for at once come one after the other', async () => {
  const { mallory, noticed } = await attacked()
  await Promise.all([mallory.attack('repeatable'), mallory.attack('repeatable')])
  expect(noticed).toHaveLength(2)
  expect(mallory.attacker().doors.filter(({ now }) => now !== null)).toHaveLength(3)
})
