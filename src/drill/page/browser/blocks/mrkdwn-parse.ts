import { emojiNamed } from './emoji.ts'
import type { Atom, Inline, Part, Style } from './inline.ts'
import { isSpace, isWord, nested } from './inline.ts'
import { isAddress } from './links.ts'

/** How Slack reads one text. */
export type Reading = {
  /** Bare addresses stay text: what `verbatim` asks for. */
  readonly verbatim: boolean
}

/**
 * Reads Slack's mrkdwn. Any string gives a tree, in linear time, and no character of it is lost: what is no markup stays
 * text, with the three escapes `&amp;` `&lt;` `&gt;` resolved. Styles do not span lines and do not begin or end inside a word.
 */
export function parseMrkdwn(text: string, reading: Reading = { verbatim: false }): readonly Part[] {
  return parts(text, { ...reading, quotes: true })
}

/** The text with Slack's three escapes resolved, in one pass: `&amp;lt;` is `&lt;`. */
export function unescaped(text: string): string {
  return text.replaceAll(/&(amp|lt|gt);/g, (_whole, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name] ?? '')
}

type Rules = Reading & { readonly quotes: boolean }

const fence = '```'

function parts(text: string, rules: Rules): readonly Part[] {
  const all: Part[] = []
  let rest = 0
  for (;;) {
    const open = text.indexOf(fence, rest)
    const close = open === -1 ? -1 : text.indexOf(fence, open + fence.length + 1)
    const before = text.slice(rest, close === -1 ? undefined : open)
    const whole = rules.quotes ? wholeQuote(before, startsLine(text, rest)) : -1
    if (whole !== -1) {
      all.push(...lines(before.slice(0, whole).replace(/\n$/, ''), rules, startsLine(text, rest)))
      const quoted = text.slice(rest + whole).replace(/^(?:&gt;|>){3} ?/, '')
      return [...all, { kind: 'quote', of: parts(quoted, { ...rules, quotes: false }) }]
    }
    all.push(...lines(close === -1 ? before : before.replace(/\n$/, ''), rules, startsLine(text, rest)))
    if (close === -1) return all
    all.push({ kind: 'pre', text: unescaped(text.slice(open + fence.length, close)).replace(/^\n|\n$/g, '') })
    rest = close + fence.length
    // The box ends its line by itself.
    if (text[rest] === '\n') rest += 1
  }
}

function startsLine(text: string, place: number): boolean {
  return place === 0 || text[place - 1] === '\n'
}

/** Where ">>>" stands at the beginning of a line: from there on everything is quoted. */
function wholeQuote(text: string, fromLineStart: boolean): number {
  const found = /(?:^|\n)(?:&gt;|>){3}/.exec(fromLineStart ? text : `-${text}`)
  if (found === null) return -1
  return found.index + (found[0].startsWith('\n') ? 1 : 0) - (fromLineStart ? 0 : 1)
}

function lines(text: string, rules: Rules, fromLineStart: boolean): readonly Part[] {
  if (text === '') return []
  const all: Part[] = []
  let run: { quoted: boolean; lines: string[] } | undefined
  const flush = () => {
    if (run === undefined) return
    const part: Part = {
      kind: 'lines',
      of: run.lines.flatMap((line, index) => [
        ...(index === 0 ? [] : [{ kind: 'text', text: '\n' } as const]),
        ...parseLine(line, rules),
      ]),
    }
    all.push(run.quoted ? { kind: 'quote', of: [part] } : part)
  }
  for (const [index, line] of text.split('\n').entries()) {
    const mark = rules.quotes && (index > 0 || fromLineStart) ? /^(?:&gt;|>) ?/.exec(line) : null
    if (run?.quoted !== (mark !== null)) {
      flush()
      run = { quoted: mark !== null, lines: [] }
    }
    run.lines.push(mark === null ? line : line.slice(mark[0].length))
  }
  flush()
  return all
}

const styles: Readonly<Record<string, Style>> = { '*': 'bold', _: 'italic', '~': 'strike' }

function parseLine(line: string, reading: Reading): readonly Inline[] {
  const atoms: Atom[] = []
  let words = 0
  const flush = (end: number) => {
    if (end > words) atoms.push({ node: { kind: 'text', text: unescaped(line.slice(words, end)) } })
  }
  for (let place = 0; place < line.length; ) {
    const style = styles[line[place] ?? '']
    const found = style === undefined ? nodeAt(line, place, reading) : undefined
    if (style === undefined && found === undefined) {
      place += 1
      continue
    }
    flush(place)
    if (style !== undefined) atoms.push(signAt(line, place, style))
    else if (found !== undefined) atoms.push({ node: found.node })
    place += found?.length ?? 1
    words = place
  }
  flush(line.length)
  return nested(atoms)
}

function signAt(line: string, place: number, style: Style): Atom {
  const sign = line[place] ?? ''
  const before = line[place - 1]
  const after = line[place + 1]
  const alone = before !== sign && after !== sign
  return {
    style,
    sign,
    opens: alone && !isWord(before) && !isSpace(after),
    closes: alone && !isSpace(before) && !isWord(after),
  }
}

type Found = { readonly node: Inline; readonly length: number }

function nodeAt(line: string, place: number, reading: Reading): Found | undefined {
  switch (line[place] ?? '') {
    case '<':
      return specialAt(line, place)
    case '`':
      return codeAt(line, place)
    case ':':
      return emojiAt(line, place)
    case 'h':
    case 'H':
      return reading.verbatim ? undefined : addressAt(line, place)
    default:
      return undefined
  }
}

function codeAt(line: string, place: number): Found | undefined {
  if (isWord(line[place - 1])) return undefined
  const end = line.indexOf('`', place + 1)
  if (end <= place + 1 || isWord(line[end + 1])) return undefined
  return { node: { kind: 'code', text: unescaped(line.slice(place + 1, end)) }, length: end + 1 - place }
}

function emojiAt(line: string, place: number): Found | undefined {
  const match = matchAt(/:([\w+'-]{1,60}):(?::skin-tone-[2-6]:)?/y, line, place)
  const sign = match === undefined ? undefined : emojiNamed(match[1] ?? '')
  if (match === undefined || sign === undefined) return undefined
  return { node: { kind: 'emoji', sign, written: match[0] }, length: match[0].length }
}

function addressAt(line: string, place: number): Found | undefined {
  if (isWord(line[place - 1])) return undefined
  const match = matchAt(/https?:\/\/(?:(?!&[lg]t;)[^\s<>|`*])+/iy, line, place)
  if (match === undefined) return undefined
  const written = withoutTail(match[0])
  const url = unescaped(written)
  const node: Inline = isAddress(url) ? { kind: 'link', url, label: url } : { kind: 'text', text: url }
  return { node, length: written.length }
}

/** An address at the end of a sentence, without the punctuation that belongs to the sentence. */
function withoutTail(address: string): string {
  let end = address.length
  while (end > 0 && isTail(address, end - 1)) end -= 1
  return address.slice(0, end)
}

function isTail(address: string, place: number): boolean {
  const sign = address[place] ?? '-'
  return sign === ';' ? !address.startsWith('&amp', place - 4) : '.,:!?\'")]}'.includes(sign)
}

function specialAt(line: string, place: number): Found | undefined {
  const match = matchAt(/<([^<>]+)>/y, line, place)
  const node = match === undefined ? undefined : special(match[1] ?? '')
  return match === undefined || node === undefined ? undefined : { node, length: match[0].length }
}

/** What stands between "<" and ">". Undefined: it is none of Slack's, and stays as it is. */
function special(inside: string): Inline | undefined {
  const bar = inside.indexOf('|')
  const target = bar === -1 ? inside : inside.slice(0, bar)
  const label = bar === -1 || bar === inside.length - 1 ? undefined : unescaped(inside.slice(bar + 1))
  const mark = target[0]
  const id = target.slice(1)
  if (mark === '@') return /^[UWB][A-Z0-9]+$/.test(id) ? { kind: 'user', id, label } : undefined
  if (mark === '#') return /^[CGD][A-Z0-9]+$/.test(id) ? { kind: 'channel', id, label } : undefined
  if (mark === '!') return command(id, label)
  const url = unescaped(target)
  if (!isAddress(url)) return undefined
  return { kind: 'link', url, label: label ?? url.replace(/^mailto:/i, '') }
}

function command(said: string, label: string | undefined): Inline | undefined {
  if (/^(?:here|channel|everyone)$/.test(said)) return { kind: 'broadcast', range: said }
  const [name, first = '', format = '', ...link] = said.split('^')
  if (name === 'subteam') return /^S[A-Z0-9]+$/.test(first) ? { kind: 'usergroup', id: first, label } : undefined
  if (name !== 'date' || !/^-?\d{1,12}$/.test(first)) return undefined
  return {
    kind: 'date',
    seconds: Number(first),
    format: unescaped(format),
    link: link.length === 0 ? undefined : unescaped(link.join('^')),
    fallback: label ?? '',
  }
}

function matchAt(sticky: RegExp, line: string, place: number): RegExpExecArray | undefined {
  sticky.lastIndex = place
  return sticky.exec(line) ?? undefined
}
