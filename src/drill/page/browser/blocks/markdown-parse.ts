import type { Atom, Inline } from './inline.ts'
import { isSpace, isWord, nested } from './inline.ts'
import { isAddress } from './links.ts'

/** A part of a `markdown` block. */
export type MarkdownPart =
  | { readonly kind: 'paragraph'; readonly of: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly of: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'quote'; readonly of: readonly Inline[] }
  | {
      readonly kind: 'list'
      readonly depth: number
      /** The first number; undefined for a list without numbers. */
      readonly start: number | undefined
      readonly items: readonly (readonly Inline[])[]
    }

/**
 * Reads the part of Markdown that apps write: paragraphs, headings, lists, quotes, fenced code, bold, italics, strike, code
 * and links. Anything else stays as it is. Any string gives parts, in linear time.
 */
export function parseMarkdown(source: string): readonly MarkdownPart[] {
  const parts: MarkdownPart[] = []
  const lines = source.split(/\r?\n/)
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? ''
    const fence = /^ {0,3}(?:```|~~~)/.exec(line)
    if (fence !== null) {
      const end = closingFence(lines, at + 1, fence[0].trim())
      parts.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') })
      at = end + 1
      continue
    }
    const taken = lines.slice(at, endOfRun(lines, at))
    const part = partOf(taken)
    if (part !== undefined) parts.push(part)
    at += taken.length
  }
  return parts
}

const marks = {
  heading: /^ {0,3}(#{1,6})\s+(\S.*)$/,
  rule: /^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/,
  quote: /^ {0,3}> ?/,
  item: /^( *)(?:[-*+]|(\d{1,9})[.)])\s+(?=\S)/,
  fence: /^ {0,3}(?:```|~~~)/,
}

function closingFence(lines: readonly string[], from: number, fence: string): number {
  let end = from
  while (end < lines.length && lines[end]?.trim() !== fence) end += 1
  return end
}

/** What a line begins: lines of one kind that follow each other make one part. */
function kindOf(line: string): string {
  if (line.trim() === '') return 'blank'
  if (marks.heading.test(line)) return 'heading'
  if (marks.rule.test(line)) return 'rule'
  if (marks.quote.test(line)) return 'quote'
  const item = marks.item.exec(line)
  if (item !== null) return `item ${item[1]?.length ?? 0} ${item[2] === undefined ? 'bullet' : 'number'}`
  return marks.fence.test(line) ? 'fence' : 'paragraph'
}

function endOfRun(lines: readonly string[], from: number): number {
  const kind = kindOf(lines[from] ?? '')
  if (kind === 'heading' || kind === 'rule') return from + 1
  let end = from + 1
  while (end < lines.length && kindOf(lines[end] ?? '') === kind) end += 1
  return end
}

function partOf(lines: readonly string[]): MarkdownPart | undefined {
  const [first = ''] = lines
  const kind = kindOf(first)
  if (kind === 'blank') return undefined
  if (kind === 'rule') return { kind: 'rule' }
  const heading = marks.heading.exec(first)
  if (kind === 'heading') {
    return {
      kind: 'heading',
      level: heading?.[1]?.length ?? 1,
      of: parseRun(heading?.[2]?.replace(/\s#+\s*$/, '') ?? ''),
    }
  }
  if (kind === 'quote')
    return { kind: 'quote', of: parseRun(lines.map((line) => line.replace(marks.quote, '')).join('\n')) }
  const item = marks.item.exec(first)
  if (item !== null) {
    return {
      kind: 'list',
      depth: Math.min(8, Math.floor((item[1]?.length ?? 0) / 2)),
      start: item[2] === undefined ? undefined : Number(item[2]),
      items: lines.map((line) => parseRun(line.replace(marks.item, ''))),
    }
  }
  return { kind: 'paragraph', of: parseRun(lines.join('\n')) }
}

function parseRun(run: string): readonly Inline[] {
  const atoms: Atom[] = []
  let words: string[] = []
  const flush = () => {
    if (words.length > 0) atoms.push({ node: { kind: 'text', text: words.join('') } })
    words = []
  }
  for (let place = 0; place < run.length; ) {
    const found = atomAt(run, place)
    if (found === undefined) {
      words.push(run[place] ?? '')
      place += 1
      continue
    }
    if (typeof found.atom === 'string') words.push(found.atom)
    else {
      flush()
      atoms.push(found.atom)
    }
    place += found.length
  }
  flush()
  return nested(atoms)
}

type Found = { readonly atom: Atom | string; readonly length: number }

function atomAt(run: string, place: number): Found | undefined {
  switch (run[place] ?? '') {
    case '\\':
      return escapeAt(run, place)
    case '`':
      return codeAt(run, place)
    case '!':
    case '[':
      return linkAt(run, place)
    case '<':
      return addressAt(run, place)
    case '*':
    case '_':
    case '~':
      return signAt(run, place)
    default:
      return undefined
  }
}

function escapeAt(run: string, place: number): Found | undefined {
  const next = run[place + 1] ?? ''
  return /[!-/:-@[-`{-~]/.test(next) ? { atom: next, length: 2 } : undefined
}

function codeAt(run: string, place: number): Found | undefined {
  const end = run.indexOf('`', place + 1)
  if (end <= place + 1) return undefined
  return { atom: { node: { kind: 'code', text: run.slice(place + 1, end) } }, length: end + 1 - place }
}

/** `[label](address)`; a picture, which this page never loads, is a link with its description. */
function linkAt(run: string, place: number): Found | undefined {
  const match = matchAt(/!?\[([^[\]\n]{1,500})\]\(([^()\s<>]{1,2000})(?: "[^"\n]{0,200}")?\)/y, run, place)
  if (match === undefined) return undefined
  const [whole, label = '', url = ''] = match
  const node: Inline = isAddress(url) ? { kind: 'link', url, label } : { kind: 'text', text: whole }
  return { atom: { node }, length: whole.length }
}

function addressAt(run: string, place: number): Found | undefined {
  const match = matchAt(/<([^<>\s]+)>/y, run, place)
  const url = match?.[1] ?? ''
  if (match === undefined || !isAddress(url)) return undefined
  return { atom: { node: { kind: 'link', url, label: url.replace(/^mailto:/i, '') } }, length: match[0].length }
}

function signAt(run: string, place: number): Found | undefined {
  const character = run[place] ?? ''
  const sign = run[place + 1] === character ? character + character : character
  if (sign === '~') return undefined
  const before = run[place - 1]
  const after = run[place + sign.length]
  // Only the underscore is left alone inside words: names_like_this.
  const inWord = character === '_' && isWord(before) && isWord(after)
  return {
    atom: {
      style: character === '~' ? 'strike' : sign.length === 2 ? 'bold' : 'italic',
      sign,
      opens: !isSpace(after) && !inWord,
      closes: !isSpace(before) && !inWord,
    },
    length: sign.length,
  }
}

function matchAt(sticky: RegExp, run: string, place: number): RegExpExecArray | undefined {
  sticky.lastIndex = place
  return sticky.exec(run) ?? undefined
}
