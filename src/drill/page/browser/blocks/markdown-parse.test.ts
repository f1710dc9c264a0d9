import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMarkdown } from './markdown-parse.ts'

const textNode = (text: string) => ({ kind: 'text', text })

test('a document of the kinds that apps write', () => {
  const source =
    '# Title #\n\nA **bold** and *slanted* ~~gone~~ `code`\nsecond line\n\n- one\n- two\n  - deeper\n3. third\n\n> said\n\n---\n```js\n*as it is*\n```'
  expect(parseMarkdown(source)).toEqual([
    { kind: 'heading', level: 1, of: [textNode('Title')] },
    {
      kind: 'paragraph',
      of: [
        textNode('A '),
        { kind: 'bold', of: [textNode('bold')] },
        textNode(' and '),
        { kind: 'italic', of: [textNode('slanted')] },
        textNode(' '),
        { kind: 'strike', of: [textNode('gone')] },
        textNode(' '),
        { kind: 'code', text: 'code' },
        textNode('\nsecond line'),
      ],
    },
    { kind: 'list', depth: 0, start: undefined, items: [[textNode('one')], [textNode('two')]] },
    { kind: 'list', depth: 1, start: undefined, items: [[textNode('deeper')]] },
    { kind: 'list', depth: 0, start: 3, items: [[textNode('third')]] },
    { kind: 'quote', of: [textNode('said')] },
    { kind: 'rule' },
    { kind: 'code', text: '*as it is*' },
  ])
})

test('links and pictures become links to the web, and nothing that runs', () => {
  expect(
    parseMarkdown('[a](https://acme.test) ![b](https://acme.test/p) [c](javascript:alert(1)) <https://x.test>'),
  ).toEqual([
    {
      kind: 'paragraph',
      of: [
        { kind: 'link', url: 'https://acme.test', label: 'a' },
        textNode(' '),
        { kind: 'link', url: 'https://acme.test/p', label: 'b' },
        textNode(' [c](javascript:alert(1)) '),
        { kind: 'link', url: 'https://x.test', label: 'https://x.test' },
      ],
    },
  ])
})

test('an escaped sign is a letter, and so is an underscore inside a word', () => {
  expect(parseMarkdown('\\*no\\* snake_case_name')).toEqual([
    { kind: 'paragraph', of: [textNode('*no* snake_case_name')] },
  ])
})

test('any text gives parts', () => {
  const piece = fc.constantFrom(
    '*',
    '**',
    '_',
    '~~',
    '`',
    '```',
    '[',
    ']',
    '(',
    ')',
    '#',
    '- ',
    '1. ',
    '> ',
    '\n',
    ' ',
    '\\',
    'a',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((all) => all.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (source) => {
        expect(Array.isArray(parseMarkdown(source))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test.each(['*a ', '[', '[a](', '`', '```\n', '- a\n', '\\', '<', '~~', '**a', '#'])(
  'a hundred thousand characters of %j take no longer than a moment',
  (piece) => {
    expect(parseMarkdown(piece.repeat(Math.ceil(100_000 / piece.length))).length).toBeGreaterThan(0)
  },
)
