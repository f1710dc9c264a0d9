import { describe, expect, test } from 'vitest'
import { type InputType, readInputs, type StepInput } from './inputs.ts'

const now = '2026-11-23T04:00:00.000Z'

function read(type: InputType, text: string, change: Partial<StepInput> = {}) {
  return readInputs([{ id: 'field', label: 'The field', type, ...change }], () => text, now)
}

describe.each<readonly [InputType, Partial<StepInput>, readonly (readonly [string, string])[], readonly string[]]>([
  ['text', {}, [['  some words ', 'some words']], ['x'.repeat(501)]],
  [
    'number',
    { min: 1, max: 100 },
    [
      ['007', '7'],
      ['100', '100'],
    ],
    ['0', '101', '1.5', '-1', '1e3', 'ten', '9'.repeat(13)],
  ],
  [
    'moment',
    {},
    [
      ['2026-11-23 03:12', '2026-11-23T03:12:00.000Z'],
      ['2026-11-23T03:12:09Z', '2026-11-23T03:12:09.000Z'],
      ['2026-11-23 03:12 UTC', '2026-11-23T03:12:00.000Z'],
    ],
    ['03:12', '2026-02-30 10:00', '2026-13-01 10:00', '23.11.2026', '2026-11-23 05:00', '2026-11-23 03:12 CET'],
  ],
  ['choice', { choices: [{ id: 'a', label: 'A' }] }, [['a', 'a']], ['b', 'A', '__proto__']],
  [
    'networks',
    {},
    [
      ['203.0.113.0/24, 198.51.100.7', '198.51.100.7 203.0.113.0/24'],
      ['2001:db8::/32\n2001:db8::/32', '2001:db8::/32'],
    ],
    ['203.0.113.0/33', '203.0.113', '0.0.0.0/0', '::/0', 'everybody', '10.0.0.0/8; deny all', '10.0.0.0/8 }'],
  ],
  ['fingerprint', {}, [[`SHA256:${'AB:'.repeat(31)}AB`, 'ab'.repeat(32)]], ['ab'.repeat(31), 'zz'.repeat(32)]],
])('a %s', (type, change, good, bad) => {
  test.each(good)('“%s” is read as %s', (text, value) => {
    expect(read(type, text, change)).toEqual({ kind: 'read', inputs: { field: value } })
  })

  test.each(bad)('“%s” is turned down with a sentence', (text) => {
    expect(read(type, text, change)).toEqual({
      kind: 'wrong',
      errors: { field: expect.stringMatching(/^[A-Z“].+\.$/s) as string },
    })
  })
})

test('what may be left empty is absent, and what may not is asked for', () => {
  expect(read('text', ' ', { optional: true })).toEqual({ kind: 'read', inputs: {} })
  expect(read('text', ' ')).toEqual({ kind: 'wrong', errors: { field: '“The field” is needed.' } })
})
