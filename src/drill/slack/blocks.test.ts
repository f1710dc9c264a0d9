import { expect, test } from 'vitest'
import { localSlack } from '../../../test/support/real-bolt.ts'
import { incidentChannel } from '../cast.ts'
import { faultsInBlocks, faultsInView } from './blocks.ts'
import type { Json } from './json.ts'

const words = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) })
const section = (length: number) => ({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(length) } })
const button = (fields: { readonly [name: string]: Json } = {}) => ({
  type: 'button',
  action_id: 'a',
  text: words(4),
  ...fields,
})
const actions = (...elements: readonly Json[]) => ({ type: 'actions', elements })
const times = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => make(index))
const options = (count: number) => times(count, (index) => ({ text: words(3), value: `v${index}` }))
const select = (fields: { readonly [name: string]: Json }) =>
  actions({ type: 'static_select', action_id: 's', ...fields })
const confirm = (fields: { readonly [name: string]: Json }) =>
  actions(button({ confirm: { text: words(10), ...fields } }))

test.each<readonly [string, Json]>([
  ['50 blocks', times(50, () => ({ type: 'divider' }))],
  ['a section of 3,000', [section(3000)]],
  ['ten fields', [{ type: 'section', fields: times(10, () => words(2000)) }]],
  ['a header of 150', [{ type: 'header', text: words(150) }]],
  ['25 elements', [actions(...times(25, (index) => button({ action_id: `a${index}` })))]],
  [
    'a button at its limits',
    [actions(button({ text: words(75), value: 'x'.repeat(2000), action_id: 'x'.repeat(255) }))],
  ],
  ['100 options', [select({ options: options(100) })]],
  ['a confirmation', [confirm({ title: words(100), text: words(300), confirm: words(30), deny: words(30) })]],
  ['the same action id in two blocks', [actions(button()), actions(button())]],
])('Slack takes %s', (_name, blocks) => {
  expect(faultsInBlocks(blocks, 'message')).toEqual([])
})

test.each<readonly [string, Json, string]>([
  ['51 blocks', times(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
  ['a section of 3,001', [section(3001)], 'must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
  ['an empty text', [section(0)], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
  ['a section of nothing', [{ type: 'section' }], 'must define either `text` or `fields` [json-pointer:/blocks/0]'],
  [
    'a header of 151',
    [{ type: 'header', text: words(151) }],
    'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
  ],
  [
    'mrkdwn in a header',
    [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
    'unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]',
  ],
  [
    '26 elements',
    [actions(...times(26, (index) => button({ action_id: `a${index}` })))],
    'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
  ],
  [
    '11 context elements',
    [{ type: 'context', elements: times(11, () => words(1)) }],
    'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
  ],
  [
    'a button text of 76',
    [actions(button({ text: words(76) }))],
    'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
  ],
  [
    'a button value of 2,001',
    [actions(button({ value: 'x'.repeat(2001) }))],
    'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
  ],
  [
    'an action id of 256',
    [actions(button({ action_id: 'x'.repeat(256) }))],
    'must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]',
  ],
  [
    'the same action id twice',
    [actions(button(), button())],
    '`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]',
  ],
  [
    'the same block id twice',
    times(2, () => ({ type: 'divider', block_id: 'b' })),
    '`block_id` b already exists [json-pointer:/blocks/1/block_id]',
  ],
  [
    'a disabled button',
    [actions(button({ disabled: true }))],
    'invalid additional property: disabled [json-pointer:/blocks/0/elements/0]',
  ],
  [
    '101 options',
    [select({ options: options(101) })],
    'no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]',
  ],
  [
    'a select of nothing',
    [select({})],
    'must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]',
  ],
  [
    'six in an overflow',
    [actions({ type: 'overflow', action_id: 'o', options: options(6) })],
    'no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]',
  ],
  [
    'a confirmation title of 101',
    [confirm({ title: words(101) })],
    'must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]',
  ],
  ['a block nobody knows', [{ type: 'nonsense' }], 'unsupported type: nonsense [json-pointer:/blocks/0/type]'],
  [
    'a block named like a built-in',
    [{ type: 'constructor' }],
    'unsupported type: constructor [json-pointer:/blocks/0/type]',
  ],
])('Slack refuses %s', (_name, blocks, fault) => {
  expect(faultsInBlocks(blocks, 'message')).toEqual([fault])
})

test('a form has a title of 24, keeps 3,000 characters of its own, holds 100 blocks, and its inputs need a submit', () => {
  const view = (fields: { readonly [name: string]: Json }) =>
    faultsInView({ type: 'modal', title: words(24), blocks: [], ...fields }, 'modal')
  const input = { type: 'input', label: words(5), element: { type: 'plain_text_input', action_id: 't' } }

  expect(view({ blocks: times(100, () => ({ type: 'divider' })), private_metadata: 'x'.repeat(3000) })).toEqual([])
  expect(view({ title: words(25) })).toEqual(['must be less than 25 characters [json-pointer:/view/title/text]'])
  expect(view({ private_metadata: 'x'.repeat(3001) })).toHaveLength(1)
  expect(view({ blocks: times(101, () => ({ type: 'divider' })) })).toHaveLength(1)
  expect(view({ blocks: [input] })).toEqual(['missing required field: submit [json-pointer:/view]'])
  expect(view({ blocks: [input], submit: words(4) })).toEqual([])
  expect(faultsInView({ type: 'home', blocks: [], title: words(3) }, 'home')).toHaveLength(1)
})

test("a refused post has the shape of Slack's error, and nothing is posted", async () => {
  const slack = await localSlack()
  const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${slack.botToken}` },
    body: new URLSearchParams({
      channel: incidentChannel.id,
      text: 'x',
      blocks: JSON.stringify([{ type: 'nonsense' }]),
    }),
  })

  expect(await response.json()).toEqual({
    ok: false,
    error: 'invalid_blocks',
    errors: ['unsupported type: nonsense [json-pointer:/blocks/0/type]'],
    response_metadata: { messages: ['[ERROR] unsupported type: nonsense [json-pointer:/blocks/0/type]'] },
  })
  expect(slack.as('ana').sees()).toEqual([])
})
