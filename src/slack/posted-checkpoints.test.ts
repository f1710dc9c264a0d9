import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { signCheckpoint } from '#/ledger/checkpoint.ts'
import { boxed } from './cards/blocks.ts'
import { checkpointsIn } from './posted-checkpoints.ts'

const note = signCheckpoint(
  { origin: 'acme.test/responder', size: 52, root: Buffer.alloc(32, 7) },
  generateKeyPairSync('ed25519').privateKey,
)

test('a checkpoint is found letter for letter in the blocks it was posted in', () => {
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'signed a checkpoint' } }, boxed(note)]
  expect(checkpointsIn(JSON.parse(JSON.stringify(blocks)))).toEqual([note])
})

test('also where Slack gives its text back in pieces, and without the last newline', () => {
  const pieces = [note.slice(0, 20), note.slice(20, -1)].map((text) => ({ type: 'text', text }))
  const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: pieces }] }]
  expect(checkpointsIn(blocks)).toEqual([note.slice(0, -1)])
})

test.for([
  ['text that only looks like one', 'a\n1\nb\n\n— a b'],
  ['instructions', 'sudo systemctl restart'],
])('%s is none', ([, text = '']) => {
  expect(checkpointsIn([boxed(text)])).toEqual([])
})
