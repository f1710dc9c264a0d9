import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCanonical } from './canonical.ts'

/** What canonical means, the long way: read it, write it, compare. */
function byWritingAgain(text: string): boolean {
  try {
    return canonicalize(JSON.parse(text)) === text
  } catch {
    return false
  }
}

const settings = { seed: 20_261_123, numRuns: 3_000 }
const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' })
const written = value.map((json) => canonicalize(json) ?? 'null')
/** Characters that matter to JSON, so that what they are put into nearly stays JSON. */
const marks = '"\\,:{}[] \n\t019-.eE+'.split('')
const longer = ['null', 'true', '\u0000', '\u001f', '\u007f', '\u2028', '\ud83d\ude00', '\ud800', '\udc00', '\\u0041']
const escapes = ['\\u001F', '\\u001f', '\\/', '\\n', '\\ud800', '\\u000a']
const piece = fc.constantFrom(...marks, ...longer, ...escapes)

describe('agrees with reading and writing the value again', () => {
  test('on everything that was written canonically', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(isCanonical(text)).toBe(true)
      }),
      settings,
    )
  })

  test('on what JSON.stringify writes, sorted or not, with spaces or not', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1), (json, spaces) => {
        const text = JSON.stringify(json, null, spaces)
        expect(isCanonical(text)).toBe(byWritingAgain(text))
      }),
      settings,
    )
  })

  test('on canonical text in which some characters were put in, taken out or exchanged', () => {
    const change = fc.record({ at: fc.nat(), removed: fc.nat(2), put: fc.oneof(piece, fc.constant('')) })
    fc.assert(
      fc.property(written, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let changed = text
        for (const { at, removed, put } of changes) {
          const from = at % (changed.length + 1)
          changed = changed.slice(0, from) + put + changed.slice(from + removed)
        }
        expect(isCanonical(changed)).toBe(byWritingAgain(changed))
      }),
      { ...settings, numRuns: 10_000 },
    )
  })

  test('on heaps of such characters', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (heap) => {
        const text = heap.join('')
        expect(isCanonical(text)).toBe(byWritingAgain(text))
        expect(isCanonical(`{"a":${text}}`)).toBe(byWritingAgain(`{"a":${text}}`))
        expect(isCanonical(`["${text}"]`)).toBe(byWritingAgain(`["${text}"]`))
      }),
      { ...settings, numRuns: 10_000 },
    )
  })

  test('on numbers in any spelling', () => {
    const spelling = fc.stringMatching(/^-?\d{0,20}(\.\d{0,4})?([eE][+-]?\d{0,3})?$/)
    fc.assert(
      fc.property(fc.oneof(spelling, fc.double().map(String), fc.bigInt().map(String)), (text) => {
        expect(isCanonical(text)).toBe(byWritingAgain(text))
      }),
      settings,
    )
  })

  test('on names in any order, doubled ones too', () => {
    const names = fc.array(
      fc.constantFrom('', 'a', 'aa', 'b', '10', '9', '__proto__', 'toJSON', '\\u0061', '\ue000', '\ud83d\ude00'),
    )
    fc.assert(
      fc.property(names, (list) => {
        const text = `{${list.map((name) => `"${name}":1`).join(',')}}`
        expect(isCanonical(text)).toBe(byWritingAgain(text))
      }),
      settings,
    )
  })
})

test.for([
  ['', false],
  ['{}', true],
  ['[]', true],
  ['-0', false],
  ['-1', true],
  ['01', false],
  ['1.5', true],
  ['1.50', false],
  ['1e21', false],
  ['1e+21', true],
  ['1e400', false],
  ['999999999999999', true],
  ['9007199254740993', false],
  ['"\\n"', true],
  ['"\\u000a"', false],
  ['"\\u001f"', true],
  ['"\\u001F"', false],
  ['"\\ud800"', false],
  ['{"b":1,"a":1}', false],
  ['{"a":1,"a":1}', false],
  ['{"a":1,}', false],
  ['[1,]', false],
  ['[,1]', false],
  ['{"a":1}\u0000', false],
  ['nullnull', false],
] as const)('%j: %s', ([text, canonical]) => {
  expect(isCanonical(text)).toBe(canonical)
})

test('nesting deeper than any call stack is judged all the same', () => {
  const depth = 200_000
  const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`
  expect(isCanonical(nested)).toBe(byWritingAgain(nested))
  expect(isCanonical(`${nested} `)).toBe(false)
  expect(isCanonical('['.repeat(depth))).toBe(false)
})
