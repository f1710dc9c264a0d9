import canonicalize from 'canonicalize'

/**
 * Whether a text is canonical JSON (RFC 8785): exactly what the value it stands for would be written as. Never throws; what is no
 * JSON at all is not canonical either.
 */
export function isCanonical(text: string): boolean {
  // Nearly all entries hold plain values, and looking at them once is many times cheaper than reading and writing them again.
  if (typeof text === 'string' && isPlain(text) && valueEnd(text, 0, 0) === text.length) return true
  try {
    return canonicalize(JSON.parse(text)) === text
  } catch {
    return false
  }
}

/** Without escapes, raw control characters and lone surrogates: then the text between two quotes is the string itself. */
function isPlain(text: string): boolean {
  return /^[ -[\]-\uffff]*$/.test(text) && text.isWellFormed()
}

/**
 * Where the value that begins at `at` ends, or `unsure` where that value is not canonical or not simple enough to tell: fractions,
 * negative numbers and deep nesting are left to the long way. `text` is plain.
 */
function valueEnd(text: string, at: number, depth: number): number {
  const code = text.charCodeAt(at)
  if (code === quote) return stringEnd(text, at)
  if (code === brace) return depth < deepest ? objectEnd(text, at + 1, depth + 1) : unsure
  if (code === bracket) return depth < deepest ? arrayEnd(text, at + 1, depth + 1) : unsure
  if (isDigit(code)) return wholeNumberEnd(text, at)
  return wordEnd(text, at)
}

function objectEnd(text: string, first: number, depth: number): number {
  if (text.charCodeAt(first) === closingBrace) return first + 1
  let previous: string | undefined
  for (let at = first; ; at++) {
    const nameEnd = stringEnd(text, at)
    if (nameEnd === unsure || text.charCodeAt(nameEnd) !== colon) return unsure
    // Names stand in the order of their UTF-16 code units, which is how strings compare, and none stands twice.
    const name = text.slice(at + 1, nameEnd - 1)
    if (previous !== undefined && previous >= name) return unsure
    previous = name
    at = valueEnd(text, nameEnd + 1, depth)
    if (at === unsure) return unsure
    const code = text.charCodeAt(at)
    if (code === closingBrace) return at + 1
    if (code !== comma) return unsure
  }
}

function arrayEnd(text: string, first: number, depth: number): number {
  if (text.charCodeAt(first) === closingBracket) return first + 1
  for (let at = first; ; at++) {
    at = valueEnd(text, at, depth)
    if (at === unsure) return unsure
    const code = text.charCodeAt(at)
    if (code === closingBracket) return at + 1
    if (code !== comma) return unsure
  }
}

function stringEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== quote) return unsure
  const closing = text.indexOf('"', at + 1)
  return closing === -1 ? unsure : closing + 1
}

/** Only whole numbers, not negative, that a double holds exactly: each has one spelling. */
function wholeNumberEnd(text: string, at: number): number {
  let next = at
  while (isDigit(text.charCodeAt(next))) next++
  const digits = next - at
  if (digits > exactDigits || (digits > 1 && text.charCodeAt(at) === zero)) return unsure
  return next
}

function wordEnd(text: string, at: number): number {
  for (const word of words) if (text.startsWith(word, at)) return at + word.length
  return unsure
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine
}

const unsure = -1
/** Keeps the recursion small, whatever a forger nests. */
const deepest = 64
const exactDigits = 15
const words = ['null', 'true', 'false']

const [quote, comma, colon, zero, nine] = [0x22, 0x2c, 0x3a, 0x30, 0x39]
const [bracket, closingBracket, brace, closingBrace] = [0x5b, 0x5d, 0x7b, 0x7d]
