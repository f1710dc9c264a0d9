import { generateKeyPairSync, sign } from 'node:crypto'
import canonicalize from 'canonicalize'
import { describe, expect, test } from 'vitest'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import type { RequestId } from '#/incident/work.ts'
import { fingerprintOf } from './public-key.ts'
import { purpose, type Statement, signStatement } from './statement.ts'
import { goodForMs, verifyStatement } from './verify-statement.ts'

const key = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) }
}
const bao = key()
const mallory = key()
const now = new Date('2026-11-23T03:00:30.000Z')
const hash = 'ab'.repeat(32)
const nonce = '0123456789abcdef0123456789abcdef'
const ledger = 'autentico-responder/0123456789abcdef'

const statement: Statement = {
  purpose,
  ledger,
  nonce,
  at: '2026-11-23T03:00:00.000Z',
  fingerprint: bao.fingerprint,
  incident: 'INC-7' as IncidentId,
  seen: { seq: 31, hash },
  command: { type: 'ApproveRequest', request: 'r3' as RequestId, digest: 'cd'.repeat(32) },
}

function verified(signed: SignedText, at: Date = now) {
  return verifyStatement(signed, {
    keyOf: (fingerprint) => (fingerprint === bao.fingerprint ? bao : undefined),
    ledger,
    nonce,
    now: at,
    hashOf: (incident, seq) => (incident === 'INC-7' && seq === 31 ? hash : undefined),
  })
}

const signedBy = (who: typeof bao, change: object = {}) => signStatement({ ...statement, ...change } as Statement, who)
const why = (signed: SignedText, at?: Date) => {
  const found = verified(signed, at)
  return found.kind === 'refused' ? found.why : 'genuine'
}

test('what a registered key signed just now, for this ledger and this nonce, is genuine and comes back whole', () => {
  expect(verified(signedBy(bao))).toEqual({ kind: 'genuine', statement, key: bao })
})

test('the signed text is canonical JSON, and the signature is over exactly its bytes', () => {
  const { text } = signedBy(bao)
  expect(text).toBe(canonicalize(statement))
})

describe('nobody said', () => {
  test('what is signed with a key that is not registered', () => {
    expect(why(signedBy(mallory, { fingerprint: mallory.fingerprint }))).toMatch(/^The key SHA256:.* is not registered/)
  })

  test('what somebody else signed under a registered name', () => {
    const { text, signature } = signedBy(mallory)
    expect(why({ text, signature, fingerprint: bao.fingerprint })).toMatch(/^The signature does not match/)
  })

  test('a signed text of which one character was changed', () => {
    const signed = signedBy(bao)
    expect(why({ ...signed, text: signed.text.replace('"r3"', '"r4"') })).toMatch(/^The signature does not match/)
  })

  test('a signature that is no signature', () => {
    for (const signature of ['', 'AAAA', '%%%', 'A'.repeat(200)])
      expect(why({ ...signedBy(bao), signature })).toMatch(/^The signature does not match/)
  })

  test('what was signed for another ledger', () => {
    expect(why(signedBy(bao, { ledger: 'autentico-responder/ffffffffffffffff' }))).toMatch(/signed for the ledger .*ff/)
  })

  test('what was signed for another nonce: it was sent before', () => {
    expect(why(signedBy(bao, { nonce: 'f'.repeat(32) }))).toMatch(/^It was sent before/)
  })

  test('what was signed for another purpose', () => {
    expect(why(signedBy(bao, { purpose: 'git commit' }))).toMatch(/not of a shape/)
  })

  test('what was signed by somebody who had seen another history', () => {
    expect(why(signedBy(bao, { seen: { seq: 31, hash: 'ef'.repeat(32) } }))).toMatch(
      /^Entry 31 of INC-7 is not the one/,
    )
    expect(why(signedBy(bao, { seen: { seq: 32, hash } }))).toMatch(/^Entry 32/)
  })

  test('what says that it is of another key than it is', () => {
    expect(why(signedBy(bao, { fingerprint: mallory.fingerprint }))).toMatch(/another key than it says/)
  })
})

test.each([
  [goodForMs, 'genuine'],
  [goodForMs + 1, /^It was signed 60 seconds ago, and is good for 60/],
  [-5000, 'genuine'],
  [-5001, /in the future/],
])('%i ms after it was signed: %s', (ms, words) => {
  expect(why(signedBy(bao), new Date(Date.parse(statement.at) + ms))).toMatch(words)
})

test.each([
  ['a field more', { and: 'more' }],
  ['a command that a terminal does not offer', { command: { type: 'OpenIncident' } }],
  ['who says it', { command: { type: 'AddNote', text: 'x', by: { responder: true } } }],
  ['who could approve', { command: { ...statement.command, able: '@mallory' } }],
  ['an id with more than letters', { incident: 'INC-7\u001b[2J' }],
  ['a text without end', { command: { type: 'AddNote', text: 'x'.repeat(5_000) } }],
])('signed by a registered key, it is not understood with %s', (_what, change) => {
  expect(why(signedBy(bao, change))).toMatch(/not of a shape/)
})

test('a text that is not in canonical form is not understood, whoever signed it', () => {
  const { text } = signedBy(bao)
  const odd = text.replace('{', '{ ')
  const twice = text.replace('{', '{"nonce":"0",')
  for (const written of [odd, twice, 'no JSON', '"text"', 'null']) {
    const signature = sign(null, Buffer.from(written), bao.privateKey).toString('base64')
    expect(why({ text: written, signature, fingerprint: bao.fingerprint })).toMatch(/not of a shape/)
  }
})

test('a text that is longer than any command is not even looked at', () => {
  expect(why({ ...signedBy(bao), text: 'x'.repeat(40_000) })).toMatch(/longer than any command/)
})
