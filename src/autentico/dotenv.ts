/**
 * The syntax of a `.env` file as Autentico reads it (joho/godotenv 1.5.1): `KEY=value` or `KEY: value`, `export`, comments,
 * single and double quotes, values over several lines in quotes. A text is read byte for byte, as latin1, so that what is not
 * understood as a character is kept as it is.
 */

/** One assignment. `start` and `end` bound its value in the text, quotes included. */
export type Assignment = {
  readonly name: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/** The text is not one that Autentico could read: it would start without any of the variables. */
export class NotDotenv extends Error {
  override readonly name = 'NotDotenv'
  readonly line: number

  constructor(line: number, what: string) {
    super(`line ${line} ${what}`)
    this.line = line
  }
}

/**
 * Every assignment in order. Where a name stands twice, the last one counts. `$NAME` stands for what the text has assigned
 * before; one that only the environment of the server has is read as empty here.
 *
 * @param text bytes as latin1.
 * @throws NotDotenv with the number of the line, never its text.
 */
export function parseDotenv(text: string): readonly Assignment[] {
  const found: Assignment[] = []
  const values = new Map<string, string>()
  let at = 0
  for (;;) {
    at = skip(text, at)
    if (at >= text.length) return found
    const { name, next } = readName(text, at)
    const { raw, end, after } = readRaw(text, next)
    const value = valueOf(raw, values)
    values.set(name, value)
    found.push({ name, value, start: next, end })
    at = after
  }
}

/**
 * The text with the values in place of those it has; every other byte stays. A name that stands more than once is changed
 * everywhere, so that no old value is left behind; one that is missing is added at the end.
 *
 * @throws NotDotenv as `parseDotenv` does; Unwritable for a value that the syntax cannot hold.
 */
export function withValues(text: string, values: ReadonlyMap<string, string>): string {
  const assignments = parseDotenv(text)
  let changed = text
  for (const { name, value, start, end } of assignments.toReversed()) {
    const wanted = values.get(name)
    if (wanted === undefined || wanted === value) continue
    changed = changed.slice(0, start) + written(name, wanted) + changed.slice(end)
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const present = new Set(assignments.map(({ name }) => name))
  for (const [name, value] of values) {
    if (present.has(name)) continue
    const whole = changed === '' || changed.endsWith('\n')
    changed += `${whole ? '' : eol}${name}=${written(name, value)}${eol}`
  }
  return changed
}

/** A value or name that cannot be written. The message does not repeat the value. */
export class Unwritable extends Error {
  override readonly name = 'Unwritable'
}

/** Unquoted where every reader of such files agrees on it; else in single quotes, in which nothing is special. */
function written(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Unwritable('the name of a variable has letters, digits and _')
  if (/^[\w+/=.,:@%-]*$/.test(value)) return value
  if (/[\r\n\0]/.test(value)) throw new Unwritable(`the value for ${name} has a line break`)
  if (/['\\]/.test(value)) throw new Unwritable(`the value for ${name} has a quote or a backslash`)
  return `'${value}'`
}

const blank = new Set(['\t', '\v', '\f', '\r', ' '])

/** Over white space and whole comments, to where a name begins. */
function skip(text: string, from: number): number {
  let at = from
  for (;;) {
    while (blank.has(text.charAt(at)) || text[at] === '\n') at += 1
    if (text[at] !== '#') return at
    const end = text.indexOf('\n', at)
    at = end < 0 ? text.length : end
  }
}

function readName(text: string, from: number): { readonly name: string; readonly next: number } {
  const exported = /^export(?=[\t\v\f\r ])/.exec(text.slice(from, from + 7))
  let at = exported === null ? from : pastBlanks(text, from + exported[0].length)
  const start = at
  while (/[\w.\t\v\f\r ]/.test(text.charAt(at))) at += 1
  if (at >= text.length || !/[=:]/.test(text.charAt(at))) throw new NotDotenv(lineOf(text, at), 'is no assignment')
  return { name: text.slice(start, at).trimEnd(), next: pastBlanks(text, at + 1, '\r\n') }
}

/** Over blanks; a line that ends with `\r\n` ends before both. */
function pastBlanks(text: string, from: number, stop?: string): number {
  let at = from
  while (blank.has(text.charAt(at)) && !(stop !== undefined && text.startsWith(stop, at))) at += 1
  return at
}

type Raw = { readonly quote: string; readonly text: string }

function readRaw(text: string, from: number): { readonly raw: Raw; readonly end: number; readonly after: number } {
  const quote = text.charAt(from)
  if (quote !== '"' && quote !== "'") {
    const line = /^[^\r\n]*/.exec(text.slice(from))?.[0] ?? ''
    const kept = withoutComment(line).trimEnd()
    return { raw: { quote: '', text: kept }, end: from + kept.length, after: from + line.length }
  }
  let end = text.indexOf(quote, from + 1)
  while (end >= 0 && text[end - 1] === '\\') end = text.indexOf(quote, end + 1)
  if (end < 0) throw new NotDotenv(lineOf(text, from), 'has a quote that is never closed')
  return { raw: { quote, text: text.slice(from, end + 1) }, end: end + 1, after: end + 1 }
}

/** Of several ` #` in a line, godotenv takes the last one for the beginning of the comment. */
function withoutComment(line: string): string {
  for (let at = line.length - 1; at > 0; at -= 1) {
    if (line[at] === '#' && blank.has(line.charAt(at - 1))) return line.slice(0, at)
  }
  return line
}

function valueOf({ quote, text }: Raw, values: ReadonlyMap<string, string>): string {
  const decoded = Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1').toString('utf8')
  if (quote === '') return expand(decoded, values)
  const inner = trimmed(decoded, quote)
  return quote === "'" ? inner : expand(unescaped(inner), values)
}

function trimmed(text: string, quote: string): string {
  let [start, end] = [0, text.length]
  while (start < end && text[start] === quote) start += 1
  while (end > start && text[end - 1] === quote) end -= 1
  return text.slice(start, end)
}

function unescaped(text: string): string {
  const breaks = text.replaceAll(/\\./g, (pair) => (pair === '\\n' ? '\n' : pair === '\\r' ? '\r' : pair))
  return breaks.replaceAll(/\\([^$])/g, '$1')
}

function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/(\\)?(\$)(\()?\{?([A-Z0-9_]+)?\}?/g, (match: string, ...groups: readonly unknown[]) => {
    const [escaped, , , name] = groups
    if (escaped !== undefined) return match.slice(1)
    return typeof name === 'string' ? (values.get(name) ?? '') : match
  })
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}
