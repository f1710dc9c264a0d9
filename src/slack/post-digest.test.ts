import { expect, test } from 'vitest'
import { digestOfPost } from './post-digest.ts'

const text = '⚠️ *@bao* approved: Reset MFA of alice & bob · #31 · 2026-11-23 03:18:02 UTC'
const blocks = [
  { type: 'section', text: { type: 'mrkdwn', text: '*@bao* approved' } },
  {
    type: 'actions',
    elements: [{ type: 'button', text: { type: 'plain_text', text: 'Open' }, url: 'https://a.example' }],
  },
]
const digest = digestOfPost({ text, blocks })

test.each([
  ['emoji by their names', text.replace('⚠️', ':warning:'), blocks],
  ['escapes', text.replace('&', '&amp;'), blocks],
  ['other spaces', text.replaceAll(' ', '\u00a0'), blocks],
  ['names for its blocks', text, blocks.map((block, n) => ({ ...block, block_id: `b${n}` }))],
])('what Slack gives back with %s says the same', (_what, again, shown) => {
  expect(digestOfPost({ text: again, blocks: shown })).toBe(digest)
})

test.each([
  ['a name', text.replace('alice', 'mallory'), blocks],
  ['a moment', text.replace('03:18', '03:19'), blocks],
  ['a number of an entry', text.replace('#31', '#32'), blocks],
  [
    'only the blocks, which is what people see',
    text,
    [{ type: 'section', text: { text: '*@bao* denied' } }, blocks[1]],
  ],
  ['where a link leads', text, JSON.parse(JSON.stringify(blocks).replace('a.example', 'b.example'))],
  ['everything, by taking the blocks away', text, undefined],
])('%s that was changed shows', (_what, again, shown: unknown) => {
  expect(digestOfPost({ text: again, blocks: shown })).not.toBe(digest)
})
