import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalText,
  checkLink,
  type Draft,
  type Entry,
  entryOf,
  genesis,
  type Head,
  type Json,
  link,
  NotRecordable,
  rowOf,
  verifyChain,
} from './chain.ts'
import { ana, at } from './test-support.ts'

const settings = { seed: 20_261_123, numRuns: 200 }
const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }) as fc.Arbitrary<Json>
const name = fc.string({ unit: 'binary', minLength: 1 })
const drafts = fc.array(fc.record({ type: name, actor: json, body: json, incident: name }), {
  minLength: 1,
  maxLength: 8,
})

function chainOf(facts: readonly (Draft & { readonly incident: string })[]): readonly Entry[] {
  const entries: Entry[] = []
  for (const fact of facts) entries.push(entryOf(link(entries.at(-1), { ...fact, at })))
  return entries
}

const note = (body: Json) => ({ incident: 'INC-1', at, type: 'NoteTaken', actor: ana, body })

test('any facts make a chain that verifies', () => {
  fc.assert(
    fc.property(drafts, (facts) => {
      const entries = chainOf(facts)
      expect(verifyChain(entries)).toEqual([])
      expect(entries.map(({ seq }) => seq)).toEqual(facts.map((_, index) => index + 1))
      expect(entries[0]?.previous).toBe(genesis)
    }),
    settings,
  )
})

test('the hashed text is the RFC 8785 form of the whole entry without its hash', () => {
  fc.assert(
    fc.property(drafts, (facts) => {
      for (const { hash, ...fields } of chainOf(facts)) {
        expect(canonicalText(rowOf({ ...fields, hash }))).toBe(canonicalize(fields))
      }
    }),
    settings,
  )
})

test('an altered field is found at the entry that holds it, whichever field it is', () => {
  const fields = ['incident', 'at', 'type', 'actor', 'body', 'previous', 'hash'] as const
  fc.assert(
    fc.property(drafts, fc.nat(), fc.constantFrom(...fields), name, (facts, position, field, value) => {
      const entries = chainOf(facts)
      const index = position % entries.length
      const altered = entries.map((entry, at) => (at === index ? { ...entry, [field]: `${value}!` } : entry))
      fc.pre(altered[index]?.[field] !== entries[index]?.[field])
      expect(verifyChain(altered).map(({ seq }) => seq)).toContain(index + 1)
    }),
    settings,
  )
})

test('a removed, a doubled and a swapped entry are found', () => {
  const [one, two, three] = chainOf([note('one'), note('two'), note('three')])
  if (one === undefined || two === undefined || three === undefined) throw new Error('three entries were made')

  expect(verifyChain([two, three])[0]?.what).toContain('should have number 1')
  expect(verifyChain([one, three]).map(({ what }) => what)).toEqual([
    'the entry should have number 2: entries are missing before it',
    'previous is not the hash of the entry before',
  ])
  expect(verifyChain([one, one, two])).not.toEqual([])
  expect(verifyChain([one, three, two])).not.toEqual([])
})

test('a chain alone cannot show that its end is missing', () => {
  const entries = chainOf([note('one'), note('two')])
  expect(verifyChain(entries.slice(0, 1))).toEqual([])
})

test('text that could be read in two ways is found even when the hash was made for it', () => {
  const head: Head | undefined = undefined
  const row = link(head, note({ amount: 1 }))
  const doubled = { ...row, body: '{"amount":1,"amount":2}' }
  expect(checkLink(head, doubled).map(({ what }) => what)).toContain('body is not canonical JSON')
  expect(checkLink(head, { ...row, body: '{"amount": 1}' }).map(({ what }) => what)).toContain(
    'body is not canonical JSON',
  )
  expect(checkLink(head, { ...row, body: 'not json' }).map(({ what }) => what)).toContain('body is not canonical JSON')
})

test.for<[string, Partial<ReturnType<typeof note>>]>([
  ['a lone surrogate', { body: '\ud800' }],
  ['NaN', { body: { n: Number.NaN } }],
  ['a time with an offset', { at: '2026-11-23T09:00:00.000+01:00' }],
  ['a time without milliseconds', { at: '2026-11-23T09:00:00Z' }],
  ['a day that is not in the calendar', { at: '2026-13-01T09:00:00.000Z' }],
  ['an empty incident', { incident: '' }],
  ['an empty type', { type: '' }],
])('%s is not recordable', ([, part]) => {
  expect(() => link(undefined, { ...note('text'), ...part })).toThrow(NotRecordable)
})

test('a refusal to record does not repeat the value', () => {
  expect(() => link(undefined, note('xoxb-secret\ud800'))).toThrow(/^body has no canonical JSON form$/)
})
