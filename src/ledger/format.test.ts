import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canonicalText, type Entry, genesis, link, rowOf } from './chain.ts'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { emptyFrontier, extend, rootOf } from './merkle.ts'
import { encodeVkey } from './note.ts'

// The worked example of the document, held against the code: whoever verifies by the document finds what we write.
const document = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
const [texts = '', note = '', vkey = ''] = [...document.matchAll(/```(?:json|text)\n([\s\S]*?)```/g)].map(
  ([, block]) => block,
)
const hashes = [...document.matchAll(/^\| \d \| `([0-9a-f]{64})` \|/gm)].map(([, hash]) => hash ?? '')
const lines = texts.trimEnd().split('\n')

test('the texts of the document are what the chain hashes, and the hashes are theirs', () => {
  expect(lines).toHaveLength(3)
  for (const [index, line] of lines.entries()) {
    const fields = JSON.parse(line) as Omit<Entry, 'hash'>
    const previous = hashes[index - 1] ?? genesis
    const row = link(index === 0 ? undefined : { seq: index, hash: previous }, fields)
    expect(canonicalText(rowOf({ ...fields, hash: '' }))).toBe(line)
    expect([row.previous, row.hash]).toEqual([previous, hashes[index]])
  }
})

test('the checkpoint of the document is over those hashes, signed by the key of RFC 8032, section 7.1, test 1', () => {
  const tree = hashes.reduce((grown, hash) => extend(grown, Buffer.from(hash, 'hex')), emptyFrontier)
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const checkpoint = { origin: 'acme.test/responder', size: 3, root: rootOf(tree) }

  expect(encodeVkey(checkpoint.origin, createPublicKey(key))).toBe(vkey.trimEnd())
  expect(signCheckpoint(checkpoint, key)).toBe(note)
  expect(openCheckpoint(note, [vkey])).toEqual(checkpoint)
  expect(document).toContain(rootOf(tree).toString('hex'))
})
