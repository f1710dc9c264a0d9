import { describe, expect, test } from 'vitest'
import { charactersLeft, type Entered, faultIn, isSentUntouched, jsonOf, startOf } from './values.ts'

const text = (words: string): Entered => ({ kind: 'text', text: words })
const choices = (...values: readonly string[]): Entered => ({
  kind: 'choices',
  choices: values.map((value) => ({ value, text: value, about: '' })),
})
const option = (value: string) => ({ text: { type: 'plain_text', text: value.toUpperCase() }, value })
const input = (element: object, optional = false) => ({
  type: 'input',
  block_id: 'b',
  optional,
  element: { ...element },
})

describe('before anybody touches it', () => {
  test.each([
    ['plain_text_input', { initial_value: 'words' }, text('words')],
    ['plain_text_input', {}, text('')],
    ['number_input', { initial_value: 7 }, text('7')],
    ['datepicker', { initial_date: '2026-11-23' }, text('2026-11-23')],
    ['timepicker', { initial_time: '03:18' }, text('03:18')],
  ])('%s %j', (type, element, entered) => {
    expect(startOf({ type, ...element })).toEqual(entered)
  })

  test('what is chosen to begin with is chosen', () => {
    const chosen = { kind: 'choices', choices: [{ value: 'a', text: 'A', about: '' }] }
    expect(startOf({ type: 'external_select', initial_option: option('a') })).toEqual(chosen)
    expect(startOf({ type: 'checkboxes', initial_options: [option('a')] })).toEqual(chosen)
    expect(startOf({ type: 'users_select', initial_user: 'U0ANA' })).toEqual({
      kind: 'choices',
      choices: [{ value: 'U0ANA', text: '', about: '' }],
    })
  })
})

test('the app gets what was entered in the shape of the element', () => {
  expect(jsonOf({ type: 'plain_text_input' }, text('words'))).toBe('words')
  expect(jsonOf({ type: 'plain_text_input' }, text(''))).toBeNull()
  expect(jsonOf({ type: 'static_select' }, choices('a'))).toBe('a')
  expect(jsonOf({ type: 'static_select' }, choices())).toBeNull()
  expect(jsonOf({ type: 'checkboxes' }, choices('a', 'b'))).toEqual(['a', 'b'])
  expect(jsonOf({ type: 'multi_users_select' }, choices())).toEqual([])
  expect(jsonOf({ type: 'datetimepicker' }, text('2026-11-23T03:18'))).toBe(
    new Date(2026, 10, 23, 3, 18).getTime() / 1000,
  )
  expect(jsonOf({ type: 'rich_text_input' }, text('a'))).toMatchObject({ type: 'rich_text' })
})

test('a moment that is chosen to begin with is sent back as the same moment', () => {
  const seconds = 1_795_835_880
  const element = { type: 'datetimepicker', initial_date_time: seconds }
  expect(jsonOf(element, startOf(element))).toBe(seconds)
})

test('what nobody touched is sent as it is shown, unless it cannot be shown whole', () => {
  expect(
    ['plain_text_input', 'external_select', 'checkboxes', 'datepicker'].every((type) => isSentUntouched({ type })),
  ).toBe(true)
  expect(['rich_text_input', 'file_input'].some((type) => isSentUntouched({ type }))).toBe(false)
})

describe('what the client refuses to send', () => {
  const required = 'Please complete this required field.'
  test.each([
    ['an empty text', input({ type: 'plain_text_input' }), text(''), required],
    ['a text of blanks', input({ type: 'plain_text_input' }), text(' \n'), required],
    ['nothing chosen', input({ type: 'static_select' }), choices(), required],
    ['nothing chosen where nothing need be', input({ type: 'static_select' }, true), choices(), undefined],
    ['an empty text that may be', input({ type: 'plain_text_input', min_length: 3 }, true), text(''), undefined],
    [
      'too short a text',
      input({ type: 'plain_text_input', min_length: 3 }),
      text('ab'),
      'Enter at least 3 characters.',
    ],
    [
      'too long a text',
      input({ type: 'plain_text_input', max_length: 3 }),
      text('abcd'),
      'Enter at most 3 characters.',
    ],
    ['a text that fits', input({ type: 'plain_text_input', max_length: 4 }), text('abcd'), undefined],
    ['no number', input({ type: 'number_input', is_decimal_allowed: true }), text('x'), 'Enter a number.'],
    ['a fraction', input({ type: 'number_input', is_decimal_allowed: false }), text('1.5'), 'Enter a whole number.'],
    ['too small a number', input({ type: 'number_input', min_value: '2' }), text('1'), 'Enter 2 or more.'],
    ['too large a number', input({ type: 'number_input', max_value: 2 }), text('3'), 'Enter 2 or less.'],
    ['no address of e-mail', input({ type: 'email_text_input' }), text('ana'), expect.stringContaining('e-mail')],
    [
      'an address that runs',
      input({ type: 'url_text_input' }),
      text('javascript:1'),
      expect.stringContaining('https://'),
    ],
    ['an address', input({ type: 'url_text_input' }), text('https://acme.test'), undefined],
  ])('%s', (_what, block, entered, fault) => {
    expect(faultIn(block, entered)).toEqual(fault)
  })
})

test('what is left of a field is counted near its end and beyond it', () => {
  const element = { type: 'plain_text_input', max_length: 1000 }
  expect(charactersLeft(element, 'a'.repeat(500))).toBeUndefined()
  expect(charactersLeft(element, 'a'.repeat(950))).toBe(50)
  expect(charactersLeft(element, 'a'.repeat(1003))).toBe(-3)
  expect(charactersLeft({ type: 'plain_text_input' }, 'a')).toBeUndefined()
})
