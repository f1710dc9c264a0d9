import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Inline, Part } from './inline.ts'
import { parseMrkdwn, unescaped } from './mrkdwn-parse.ts'

/** A tree as one line: `b(…)`, `i(…)`, `s(…)`, `code(…)`, `pre(…)`, `quote(…)`, and `<…>` for what is named. */
function told(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'lines') return part.of.map(toldInline).join('')
      return part.kind === 'pre' ? `pre(${part.text})` : `quote(${told(part.of)})`
    })
    .join('')
}

function toldInline(node: Inline): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'bold':
    case 'italic':
    case 'strike':
      return `${node.kind[0]}(${node.of.map(toldInline).join('')})`
    case 'code':
      return `code(${node.text})`
    case 'emoji':
      return node.sign
    case 'link':
      return node.label === node.url ? `<${node.url}>` : `<${node.url} ${node.label}>`
    case 'broadcast':
      return `<@${node.range}>`
    case 'date':
      return `<${node.seconds} ${node.format} ${node.link ?? '-'} ${node.fallback}>`
    case 'user':
    case 'usergroup':
    case 'channel':
      return `<${node.kind} ${node.id}${node.label === undefined ? '' : ` ${node.label}`}>`
  }
}

const read = (text: string) => told(parseMrkdwn(text, { verbatim: true }))

describe('styles', () => {
  test.each([
    ['*bold* _italic_ ~strike~ `code`', 'b(bold) i(italic) s(strike) code(code)'],
    ['*_both_* and *<@U0ANA>*', 'b(i(both)) and b(<user U0ANA>)'],
    ['(*in brackets*), "_quoted_".', '(b(in brackets)), "i(quoted)".'],
    ['snake_case_name and 2*3*4', 'snake_case_name and 2*3*4'],
    ['* not bold * and *nor this', '* not bold * and *nor this'],
    ['**nor** ___ this', '**nor** ___ this'],
    ['*bold\nacross lines*', '*bold\nacross lines*'],
    ['`*no style* in <@U0ANA> code &amp; so on`', 'code(*no style* in <@U0ANA> code & so on)'],
    ['*one _two* three_', 'b(one _two) three_'],
    ['*a*b*', 'b(a*b)'],
    ['``', '``'],
  ])('%j', (text, tree) => {
    expect(read(text)).toBe(tree)
  })
})

describe('lines', () => {
  test.each([
    ['before\n```a\n*b*```\nafter', 'beforepre(a\n*b*)after'],
    ['```\nfirst\nlast\n```', 'pre(first\nlast)'],
    ['```never closed', '```never closed'],
    ['&gt; said\n&gt; again\nanswer', 'quote(said\nagain)answer'],
    ['> said', 'quote(said)'],
    ['a > b &gt; c', 'a > b > c'],
    ['first\n&gt;&gt;&gt;all\n> of *it*\n```x```', 'firstquote(all\n> of b(it)pre(x))'],
    ['- no list\n• in mrkdwn', '- no list\n• in mrkdwn'],
  ])('%j', (text, tree) => {
    expect(read(text)).toBe(tree)
  })
})

describe('what stands between < and >', () => {
  test.each([
    ['<@U0ANA> <@U0BAO|bao>', '<user U0ANA> <user U0BAO bao>'],
    ['<#C0GENERAL|general>', '<channel C0GENERAL general>'],
    ['<!subteam^S0SECURITY|@security>', '<usergroup S0SECURITY @security>'],
    ['<!here> <!channel|channel>', '<@here> <@channel>'],
    ['<!date^1700000000^{time} for you|(22:13Z)>', '<1700000000 {time} for you - (22:13Z)>'],
    ['<!date^1700000000^{date}^https://acme.test/a^b|then>', '<1700000000 {date} https://acme.test/a^b then>'],
    ['<https://acme.test/?a=1&amp;b=2|here &amp; now>', '<https://acme.test/?a=1&b=2 here & now>'],
    ['<mailto:ana@acme.test>', '<mailto:ana@acme.test ana@acme.test>'],
    ['<javascript:alert(1)|click>', '<javascript:alert(1)|click>'],
    ['<data:text/html,x|click>', '<data:text/html,x|click>'],
    ['<https://|nowhere>', '<https://|nowhere>'],
    ['<@mallory> <!unknown> <>', '<@mallory> <!unknown> <>'],
    ['&lt;@U0BAO&gt; &amp;lt;', '<@U0BAO> &lt;'],
  ])('%j', (text, tree) => {
    expect(read(text)).toBe(tree)
  })
})

test('bare addresses are links unless the text is verbatim', () => {
  expect(told(parseMrkdwn('see https://acme.test/a_b_c, or (http://x.test).'))).toBe(
    'see <https://acme.test/a_b_c>, or (<http://x.test>).',
  )
  expect(read('see https://acme.test')).toBe('see https://acme.test')
})

test('the emoji people type are signs, and what is none stays as it is', () => {
  expect(read(':white_check_mark: :no_such_thing: 10:30:45 :wave::skin-tone-3:')).toBe('✅ :no_such_thing: 10:30:45 👋')
})

/** Everything of a tree that was in the source, without the signs that markup is made of. */
const signs = /[*_~`<>|\s]/g
function letters(parts: readonly Part[]): string {
  const inline = (node: Inline): string => {
    switch (node.kind) {
      case 'text':
      case 'code':
        return node.text
      case 'bold':
      case 'italic':
      case 'strike':
        return node.of.map(inline).join('')
      case 'emoji':
        return node.written
      case 'link':
        return node.label === node.url || node.url === `mailto:${node.label}` ? node.url : node.url + node.label
      case 'user':
        return `@${node.id}${node.label ?? ''}`
      case 'channel':
        return `#${node.id}${node.label ?? ''}`
      case 'usergroup':
        return `!subteam^${node.id}${node.label ?? ''}`
      case 'broadcast':
        return `!${node.range}`
      case 'date':
        return `!date^${node.seconds}^${node.format}${node.link === undefined ? '' : `^${node.link}`}${node.fallback}`
    }
  }
  const all = parts.map((part) => {
    if (part.kind === 'lines') return part.of.map(inline).join('')
    return part.kind === 'pre' ? part.text : letters(part.of)
  })
  return all.join('').replaceAll(signs, '')
}

const pieces = fc.constantFrom(
  '*',
  '_',
  '~',
  '`',
  '```',
  '>',
  '&gt;',
  '>>>',
  '\n',
  ' ',
  '<',
  '|',
  '&amp;',
  '&lt;',
  'ana',
  '<@U0ANA>',
  '<#C0GENERAL|general>',
  '<!here>',
  '<!subteam^S0SECURITY>',
  '<!date^1700000000^{time}|then>',
  '<https://acme.test/a|here>',
  'https://acme.test/b',
  'mailto:',
  ':tada:',
  ':',
  'http://',
  '😀',
)

test('any text keeps every letter of it, with its escapes resolved', () => {
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 300 }),
  )
  fc.assert(
    fc.property(text, fc.boolean(), (source, verbatim) => {
      expect(letters(parseMrkdwn(source, { verbatim }))).toBe(unescaped(source).replaceAll(signs, ''))
    }),
    { numRuns: 500 },
  )
})

test('an escape at the end of a bare address belongs to it', () => {
  expect(told(parseMrkdwn('https://acme.test/?a&amp;; https://acme.test/&amp;.'))).toBe(
    '<https://acme.test/?a&>; <https://acme.test/&>.',
  )
})

test('links lead nowhere but to the web and to e-mail, whatever the text', () => {
  const scheme = fc.constantFrom('javascript:', 'JAVASCRIPT:', 'data:', 'file:///', 'vbscript:', '//', 'https://', ' ')
  const urls = (parts: readonly Part[]): readonly string[] => JSON.stringify(parts).match(/"url":"[^"]*"/g) ?? []
  fc.assert(
    fc.property(fc.array(fc.oneof(scheme, pieces), { maxLength: 20 }), (all) => {
      for (const url of urls(parseMrkdwn(`<${all.join('')}|x>`)))
        expect(url).toMatch(/^"url":"(?:https?:\/\/|mailto:)/i)
    }),
  )
})

test.each(['*a ', '*a* ', '_*~a', '`', '```', '<', '<@', '>>>\n', 'http://%', 'https://a.b/(', ':a', '&gt;\n', '*_~'])(
  'a hundred thousand characters of %j take no longer than a moment',
  (piece) => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length))
    expect(letters(parseMrkdwn(text))).toBe(unescaped(text).replaceAll(signs, ''))
  },
)
