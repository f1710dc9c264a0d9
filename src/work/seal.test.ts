import { expect, test } from 'vitest'
import { makeKey } from './keys.ts'
import { open, SealBroken, seal } from './seal.ts'

const bot = makeKey('x25519')
const secret = Buffer.from('correct horse')

test('what is sealed to the bot for an order, the bot opens for that order', () => {
  const sealed = seal(secret, bot.publicKey, 'INC-7-31')

  expect(open(sealed, bot.privateKey, 'INC-7-31').toString()).toBe('correct horse')
  expect(JSON.stringify(sealed)).not.toContain('correct')
})

test('the same secret sealed twice looks different', () => {
  expect(seal(secret, bot.publicKey, 'INC-7-31').box).not.toBe(seal(secret, bot.publicKey, 'INC-7-31').box)
})

test('it opens neither for another order nor with another key', () => {
  const sealed = seal(secret, bot.publicKey, 'INC-7-31')

  expect(() => open(sealed, bot.privateKey, 'INC-7-32')).toThrow(SealBroken)
  expect(() => open(sealed, makeKey('x25519').privateKey, 'INC-7-31')).toThrow(SealBroken)
})

test('nothing in it can be altered', () => {
  const sealed = seal(secret, bot.publicKey, 'INC-7-31')
  const flipped = (text: string): string => {
    const bytes = Buffer.from(text, 'base64url')
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1)
    return bytes.toString('base64url')
  }

  for (const part of ['ephemeral', 'nonce', 'box'] as const) {
    expect(() => open({ ...sealed, [part]: flipped(sealed[part]) }, bot.privateKey, 'INC-7-31')).toThrow(SealBroken)
    expect(() => open({ ...sealed, [part]: 'AA' }, bot.privateKey, 'INC-7-31')).toThrow(SealBroken)
  }
})
