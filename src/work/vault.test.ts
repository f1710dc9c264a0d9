import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import { makeKey } from './keys.ts'
import { open, readKey, SealBroken, seal } from './seal.ts'
import { openVault } from './vault.ts'

const order = 'INC-7-31' as OrderId
const secret = Buffer.from('correct horse')

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'vault-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return join(made, 'sealed')
}

test('what is sealed to the key of an order comes out once, also after a restart', () => {
  const at = directory()
  const key = openVault(at).keyFor(order)
  openVault(at).keep(order, seal(secret, readKey(key), order))
  const vault = openVault(at)
  expect(vault.keyFor(order)).toBe(key)
  const kept = vault.take(order)
  if (kept?.key === undefined) throw new Error('it has no key')
  expect(open(kept.sealed, kept.key, order).toString()).toBe('correct horse')
  expect(vault.take(order)).toBeUndefined()
  expect(readdirSync(at)).toEqual([])
})

test('a copy that is left somewhere opens for nobody once its key is destroyed', () => {
  const at = directory()
  const vault = openVault(at)
  const copy = seal(secret, readKey(vault.keyFor(order)), order)
  vault.keep(order, copy)
  vault.destroy(order)
  expect(readdirSync(at)).toEqual([])
  expect(() => open(copy, makeKey('x25519').privateKey, order)).toThrow(SealBroken)
  // Asked for once more, it is another key.
  expect(readKey(vault.keyFor(order)).equals(readKey(openVault(directory()).keyFor(order)))).toBe(false)
})

test('every order has a key of its own, that only its owner may read', () => {
  const at = directory()
  const vault = openVault(at)
  expect(vault.keyFor(order)).not.toBe(vault.keyFor('INC-7-32' as OrderId))
  expect(readdirSync(at).map((name) => statSync(join(at, name)).mode & 0o777)).toEqual([0o600, 0o600])
})

test('what was sealed to the key of the bot, before orders had one, still comes out', () => {
  const vault = openVault(directory())
  const bot = makeKey('x25519')
  vault.keep(order, seal(secret, bot.publicKey, order))
  const kept = vault.take(order)
  expect(kept?.key).toBeUndefined()
  expect(kept === undefined ? '' : open(kept.sealed, bot.privateKey, order).toString()).toBe('correct horse')
})

test('an incident that is closed leaves nothing behind, and nothing of another is touched', () => {
  const at = directory()
  const vault = openVault(at)
  for (const one of ['INC-7-31', 'INC-7-40', 'INC-70-31']) vault.keyFor(one as OrderId)
  vault.clear('INC-7' as IncidentId)
  expect(readdirSync(at)).toEqual(['INC-70-31.key'])
})

test('what is no order is no file name', () => {
  const vault = openVault(directory())
  for (const name of ['../../etc/passwd', 'INC-7', 'INC-7-31.json', '']) {
    expect(() => vault.keyFor(name as OrderId)).toThrow(RangeError)
    expect(() => vault.take(name as OrderId)).toThrow(RangeError)
  }
})
