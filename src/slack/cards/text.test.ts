import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UserId } from '#/incident/people.ts'
import {
  bar,
  fitted,
  hour,
  line,
  literal,
  type Mrkdwn,
  mention,
  mrkdwn,
  prose,
  sentence,
  shortened,
  span,
} from './text.ts'

test.each([
  ['<!channel>', '&lt;!channel&gt;'],
  ['a & b', 'a &amp; b'],
  ['*bold* ~gone~ `code`', '∗bold∗ ∼gone∼ ˋcodeˋ'],
  ['_quiet_ but svc_backup_1 stays', 'ˍquietˍ but svc_backup_1 stays'],
  ['> quoted', '› quoted'],
  ['1 > 0', '1 &gt; 0'],
  [':white_check_mark: at 03:16:04', '꞉white_check_mark: at 03:16:04'],
  ['a\u202eb\u200bc\u2066d', 'abcd'],
  ['one\r\ntwo', 'one\ntwo'],
])('%j is shown as %j', (given, shown) => {
  expect(literal(given)).toBe(shown)
})

test('a name cannot put in a line of its own', () => {
  expect(line('ana\n✅ Approved by @bao')).toBe('ana ✅ Approved by @bao')
})

test('our own code marks stay in a sentence, and nothing else does', () => {
  expect(sentence('Type `/autentico list` for <@U0ANA>')).toBe('Type `/autentico list` for &lt;@U0ANA&gt;')
  expect(sentence('one ` alone')).toBe('one ˋ alone')
})

test('only an id that has the form of one is mentioned', () => {
  expect(mention({ slack: { team: 'T0ACME', user: 'U0ANA' as UserId }, name: 'ana' })).toBe('<@U0ANA>')
  expect(mention({ slack: { team: 'T0ACME', user: 'U0ANA> <!channel' as UserId }, name: 'mallory' })).toBe('@mallory')
})

test('cutting leaves no half escape, no open bracket and no half character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 60 }), (text, extra) => {
      const whole = mrkdwn`${literal(text)} <@U0ANA> ${literal(text)}`
      const cut = fitted(whole, 10 + extra)
      expect(cut.length).toBeLessThanOrEqual(10 + extra)
      expect(cut.isWellFormed()).toBe(true)
      expect(cut.replaceAll('<@U0ANA>', '').replace(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[<>&]/)
    }),
  )
  expect(shortened('👩‍🚒👩‍🚒', 3).isWellFormed()).toBe(true)
  expect(fitted('short' as Mrkdwn, 10)).toBe('short')
})

test.each([
  ['2026-11-23T03:00:00.000Z', '2026-11-23T03:00:20.000Z', 'less than a minute'],
  ['2026-11-23T03:00:00.000Z', '2026-11-23T03:26:59.000Z', '26 min'],
  ['2026-11-23T03:00:00.000Z', '2026-11-23T05:05:00.000Z', '2 h 5 min'],
  ['2026-11-23T05:00:00.000Z', '2026-11-23T03:00:00.000Z', 'less than a minute'],
])('from %s to %s is %s', (from, to, words) => {
  expect(span(from, to)).toBe(words)
})

test('in a worker’s sentence only the name of a setting and our own commands stand as code', () => {
  expect(prose('no `AUTENTICO_DB_PATH`, see `/autentico list`; not `rm -rf`, not `<!channel>`')).toBe(
    'no `AUTENTICO_DB_PATH`, see `/autentico list`; not ˋrm -rfˋ, not ˋ&lt;!channel&gt;ˋ',
  )
})

test('a time says its day when that is not the day beside it', () => {
  const evening = '2026-11-23T23:54:00.000Z'
  expect(hour('2026-11-23T23:59:00.000Z', evening)).toBe('23:59 UTC')
  expect(hour('2026-11-24T00:04:00.000Z', evening)).toBe('2026-11-24 00:04 UTC')
})

test.each([
  [0, 5, 0, '░░░░░░░░░░'],
  [2, 5, 1, '▓▓▓▓▒▒░░░░'],
  [5, 5, 0, '▓▓▓▓▓▓▓▓▓▓'],
  [0, 40, 1, '▒░░░░░░░░░'],
  [7, 5, 3, '▓▓▓▓▓▓▓▓▓▓'],
  [1, 0, 0, '░░░░░░░░░░'],
])('a bar of %i of %i, %i begun, is %s', (part, whole, begun, drawn) => {
  expect(bar(part, whole, begun)).toBe(drawn)
})
