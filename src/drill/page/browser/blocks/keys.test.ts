import { expect, test } from 'vitest'
import { blockKeys, elementKeys } from './keys.ts'

const button = (action: string, value = '') => ({ type: 'button', action_id: action, value })
const row = (...elements: readonly ReturnType<typeof button>[]) => ({
  type: 'actions',
  block_id: String(Math.E),
  elements,
})
const section = { type: 'section', text: { type: 'mrkdwn', text: 'words' } }

test('a row of buttons keeps its name when blocks come before it and the ids that Slack made up change', () => {
  const [before] = blockKeys([row(button('approve'), button('deny'))])
  const after = blockKeys([section, section, { ...row(button('approve'), button('deny')), block_id: 'other' }])
  expect(after[2]).toBe(before)
})

test('a row with other buttons has another name, so that nobody presses what was not there', () => {
  expect(blockKeys([row(button('approve'))])).not.toEqual(blockKeys([row(button('deny'))]))
  expect(elementKeys([button('ask', 'step 1')])).not.toEqual(elementKeys([button('ask', 'step 2')]))
})

test('no two blocks or elements have the same name', () => {
  const blocks = [section, section, row(button('a')), row(button('a'))]
  expect(new Set(blockKeys(blocks)).size).toBe(4)
  expect(new Set(elementKeys([button('a'), button('a')])).size).toBe(2)
})
