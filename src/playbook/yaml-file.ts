import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { z } from 'zod'
import { closest } from './closest.ts'

/** What is wrong at a place of a file. The path leads to it, keys and positions in lists. */
export type Misfit = { readonly path: Path; readonly what: string }
export type Path = readonly (string | number)[]

/** What a file of some kind has to be. */
export type FileKind<Value> = {
  /** `playbook`, for the sentences. */
  readonly noun: string
  /** Each part by itself. Its messages follow the name of the part: `“title” is missing: …`. */
  readonly schema: z.ZodType<Value>
  /** The keys that can stand in the map at a path. */
  readonly keysAt: (path: Path) => readonly string[]
  /** What the parts have to do with each other, whatever is wrong with them by themselves. */
  readonly misfits: (value: unknown) => readonly Misfit[]
  /** What one entry of a list is called, by the key of the list. */
  readonly singular?: Readonly<Record<string, string>>
  /** Why a key cannot stand there, where there is more to say than that. */
  readonly whyNotKey?: (path: Path, key: string) => string | undefined
}

/** Something wrong in a file, where it stands. Lines and columns count from 1, columns in UTF-16 units. */
export type Problem = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** A sentence. It repeats no value from the file except ids: the file may turn out to be another one, with secrets in it. */
  readonly what: string
}

export type ReadFile<Value> =
  | {
      readonly kind: 'read'
      readonly value: Value
      /** Something that is wrong with it beside other things, where it stands. */
      readonly problemAt: (path: Path, what: string) => Problem
    }
  /** Every problem, in the order of the file. */
  | { readonly kind: 'faulty'; readonly problems: readonly Problem[] }

/** Longest text of a file that is read, in UTF-16 units. */
export const longestFile = 65_536

/** What a YAML file holds, or every problem with it. It is plain data: canonical JSON gives it back as it is. */
export function readYaml<Value>(
  kind: FileKind<Value>,
  { file, text }: { readonly file: string; readonly text: string },
): ReadFile<Value> {
  if (text.length > longestFile) {
    const what = `This is longer than ${longestFile} characters, so it was not read.`
    return { kind: 'faulty', problems: [{ file, line: 1, column: 1, what }] }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    stringKeys: true,
    // It would compare each key with every other; `refusedParts` looks them up.
    uniqueKeys: false,
  })
  const written = [...unreadable(document, kind.noun), ...refusedParts(document, kind.noun)]
  // What was misread must not be judged; a key that stands twice was read.
  const read = written.some(({ isFatal }) => isFatal) ? undefined : judged(document, kind)
  const said = [...written, ...(read?.said ?? [])]
  const placed = ({ at, what }: Said): Problem => {
    const { line, col } = lines.linePos(Math.min(at, text.length))
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), what }
  }
  if (said.length === 0 && read?.sound !== undefined)
    return {
      kind: 'read',
      value: read.sound.value,
      problemAt: (path, what) => placed(saidAbout(document, kind, { path, what })),
    }
  const problems = said.map(placed)
  return { kind: 'faulty', problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

/** `file:line:column: sentence`, as editors and terminals make links of. */
export function problemLine({ file, line, column, what }: Problem): string {
  return `${file}:${line}:${column}: ${what}`
}

/** `at`: how far into the text. */
type Said = { readonly at: number; readonly what: string; readonly isFatal?: boolean }

/** The later ones mostly follow from the first. */
const mostUnreadable = 10

function unreadable({ errors, warnings }: Document, noun: string): readonly Said[] {
  return [...errors, ...warnings].slice(0, mostUnreadable).map((error: YAMLError) => ({
    at: error.pos[0],
    what:
      sentences[error.code]?.(noun) ??
      'This cannot be read as YAML. Look at the line before as well: a quote, a bracket or an indent may be wrong there.',
    isFatal: true,
  }))
}

/** The parser's own words repeat what stands in the file. */
const sentences: Readonly<Partial<Record<ErrorCode, (noun: string) => string>>> = {
  BAD_INDENT: () =>
    'This is not indented like the lines around it. Things of one list or map begin in the same column.',
  BAD_SCALAR_START: () => 'A text that begins with this sign has to stand in quotes.',
  BLOCK_AS_IMPLICIT_KEY: () => 'A text with “: ” in it has to stand in quotes.',
  MISSING_CHAR: () => 'Something is missing here: a closing quote or bracket, or the blank after a colon.',
  MULTILINE_IMPLICIT_KEY: () => 'A key stands on one line, followed by a colon and a blank.',
  MULTIPLE_DOCS: (noun) => `A second document begins here. A file holds one ${noun}.`,
  NON_STRING_KEY: () => 'A key is a word. Put it in quotes if it is meant so.',
  RESOURCE_EXHAUSTION: () => 'This is nested too deep to be read.',
  TAB_AS_INDENT: () => 'A tab cannot indent. Use blanks.',
  TAG_RESOLVE_FAILED: (noun) => `A tag (!) has no meaning in a ${noun}. Leave it out.`,
}

/** What is approved stands there in full, so nothing is repeated by reference, and nothing grows when it is read. */
function refusedParts(document: Document, noun: string): readonly Said[] {
  const said: Said[] = []
  visit(document, {
    Node(_key, node) {
      const at = node.range?.[0] ?? 0
      if (isAlias(node))
        said.push({ at, what: `A reference (*name) is not taken in a ${noun}. Write it out.`, isFatal: true })
      if (isMap(node)) said.push(...repeatedKeys(node))
    },
  })
  return said
}

function repeatedKeys({ items }: YAMLMap): readonly Said[] {
  const seen = new Set<unknown>()
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return []
    const isSecond = seen.has(key.value)
    seen.add(key.value)
    return isSecond ? [{ at: key.range?.[0] ?? 0, what: 'This key stands here a second time. Keep one.' }] : []
  })
}

/** Of the keys of one map that cannot stand there. A map with more is no part of such a file. */
const mostUnknownKeys = 20

function judged<Value>(
  document: Document,
  kind: FileKind<Value>,
): { readonly said: readonly Said[]; readonly sound?: { readonly value: Value } } {
  const value: unknown = document.toJS()
  const { error, data } = kind.schema.safeParse(value)
  const about = (path: Path, what: string): Said => saidAbout(document, kind, { path, what })
  const said = [
    ...(error?.issues ?? []).flatMap((issue) => {
      const path = issue.path.filter((key) => typeof key !== 'symbol')
      if (issue.code !== 'unrecognized_keys')
        return [about(path, `${issue.message}${hintFor(issue, document.getIn(path))}`)]
      return issue.keys.slice(0, mostUnknownKeys).map((key) => ({
        at: keyPlace(document, [...path, key]),
        what: kind.whyNotKey?.(path, key) ?? unknownKey(key, kind.keysAt(path)),
      }))
    }),
    ...kind.misfits(value).map(({ path, what }) => about(path, what)),
  ]
  return data === undefined || said.length > 0 ? { said } : { said, sound: { value: data } }
}

function saidAbout(
  document: Document,
  kind: Pick<FileKind<unknown>, 'noun' | 'singular'>,
  { path, what }: Misfit,
): Said {
  return { at: placeOf(document, path), what: `${nameOf(path, kind)} ${what}${/[.?]$/.test(what) ? '' : '.'}` }
}

function hintFor(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return ''
  const near = closest(value, issue.values.map(String))
  return near === undefined ? '' : `. Did you mean “${near}”?`
}

function unknownKey(key: string, allowed: readonly string[]): string {
  const near = closest(key, allowed)
  const meant = near === undefined ? '' : ` Did you mean “${near}”?`
  return `“${key}” is no key that can stand here.${meant} These can: ${allowed.join(', ')}.`
}

/** `“title”`, `“title” of step 2`, `Step 2`, `“label” of input 1 of step 2`. */
function nameOf(path: Path, { noun, singular = {} }: Pick<FileKind<unknown>, 'noun' | 'singular'>): string {
  const words: string[] = []
  for (const [index, key] of path.entries()) {
    const next = path[index + 1]
    if (typeof key === 'number') continue
    if (typeof next === 'number' && Object.hasOwn(singular, key) && (key !== 'steps' || index === 0))
      words.unshift(`${singular[key]} ${next + 1}`)
    else if (typeof next === 'number') words.unshift(`entry ${next + 1} of “${key}”`)
    else words.unshift(`“${key}”`)
  }
  const name = words.join(' of ')
  return name === '' ? `A ${noun}` : `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** Where a value stands; one that begins on the lines below its key, by its key. What is missing is told where the map begins. */
function placeOf(document: Document, path: Path): number {
  const key = path.at(-1)
  if (key === undefined) return document.contents?.range?.[0] ?? 0
  const node = document.getIn(path, true)
  if (!isNode(node) || !node.range) return placeOf(document, path.slice(0, -1))
  const isBelow = typeof key === 'string' && isCollection(node) && node.flow !== true
  return isBelow ? keyPlace(document, path) : node.range[0]
}

function keyPlace(document: Document, path: Path): number {
  const above = path.slice(0, -1)
  const map = above.length === 0 ? document.contents : document.getIn(above, true)
  const found = isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))?.key : undefined
  return isNode(found) && found.range ? found.range[0] : placeOf(document, above)
}
