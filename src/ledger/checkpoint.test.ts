import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { rootOf } from './merkle.ts'
import { encodeVkey, NoteRefused, signNote } from './note.ts'
import { fill, temporaryLedger } from './test-support.ts'

const origin = 'acme.test/responder'
const { privateKey: key, publicKey } = generateKeyPairSync('ed25519')
const vkey = encodeVkey(origin, publicKey)

test('a checkpoint says how long the ledger is and what its root is', () => {
  using given = temporaryLedger()
  fill(given.ledger, 5)
  const note = checkpoint(given.ledger, { origin, key })

  expect(note.split('\n').slice(0, 2)).toEqual([origin, '5'])
  expect(openCheckpoint(note, [vkey])).toEqual({ origin, size: 5, root: rootOf(given.ledger.tree()) })
})

test('a checkpoint of an earlier size is the one that was made then', () => {
  using given = temporaryLedger()
  const notes = Array.from({ length: 4 }, () => {
    fill(given.ledger, 1)
    return checkpoint(given.ledger, { origin, key })
  })
  expect(notes.map((_, index) => checkpoint(given.ledger, { origin, key, size: index + 1 }))).toEqual(notes)
  expect(() => checkpoint(given.ledger, { origin, key, size: 5 })).toThrow(RangeError)
})

test('the empty ledger has a checkpoint too', () => {
  using given = temporaryLedger()
  expect(openCheckpoint(checkpoint(given.ledger, { origin, key }), [vkey]).size).toBe(0)
})

test('a known key speaks only for the ledger it is named after', () => {
  const text = `other.test/ledger\n1\n${Buffer.alloc(32).toString('base64')}\n`
  expect(() => openCheckpoint(signNote(text, { name: origin, key }), [vkey])).toThrow(NoteRefused)
})

test('without a key that is trusted nothing is believed', () => {
  const mallory = generateKeyPairSync('ed25519')
  const forged = signCheckpoint({ origin, size: 1, root: Buffer.alloc(32) }, mallory.privateKey)
  expect(() => openCheckpoint(forged, [vkey])).toThrow(NoteRefused)
  expect(() => openCheckpoint(forged, [])).toThrow(NoteRefused)
})

const root = Buffer.alloc(32, 7).toString('base64')
test.for([
  ['a leading zero', `${origin}\n01\n${root}\n`],
  ['a negative size', `${origin}\n-1\n${root}\n`],
  ['a size beyond counting', `${origin}\n99999999999999999999\n${root}\n`],
  ['a short root', `${origin}\n1\nAAAA\n`],
  ['no root', `${origin}\n1\n`],
  ['an empty line', `${origin}\n1\n${root}\n\nmore\n`],
])('a signed text with %s is not a checkpoint', ([, text = '']) => {
  expect(() => openCheckpoint(signNote(text, { name: origin, key }), [vkey])).toThrow(NoteRefused)
})

test('extension lines do not disturb', () => {
  const note = signNote(`${origin}\n1\n${root}\nextension\n`, { name: origin, key })
  expect(openCheckpoint(note, [vkey]).size).toBe(1)
})
