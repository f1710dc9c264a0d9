/** A run of text as a reader sees it, whichever markup it was written in. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: Style; readonly of: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  /** `sign` is what is shown, `written` what stood in the source. */
  | { readonly kind: 'emoji'; readonly sign: string; readonly written: string }
  | { readonly kind: 'link'; readonly url: string; readonly label: string }
  | Named
  | { readonly kind: 'broadcast'; readonly range: string }
  | SlackDate

/** Somebody or something by its id. The label is for readers who do not know the id. */
export type Named = {
  readonly kind: 'user' | 'channel' | 'usergroup'
  readonly id: string
  readonly label: string | undefined
}

/** A moment that each reader sees in their own zone. */
export type SlackDate = {
  readonly kind: 'date'
  /** Seconds since 1970. */
  readonly seconds: number
  readonly format: string
  readonly link: string | undefined
  readonly fallback: string
}

export type Style = 'bold' | 'italic' | 'strike'

/** A part that stands on lines of its own. Line ends inside `text` are kept. */
export type Part =
  | { readonly kind: 'lines'; readonly of: readonly Inline[] }
  | { readonly kind: 'pre'; readonly text: string }
  | { readonly kind: 'quote'; readonly of: readonly Part[] }

/** What nesting works on: something finished, or a sign that may begin or end a style. */
export type Atom =
  | { readonly node: Inline }
  | { readonly style: Style; readonly sign: string; readonly opens: boolean; readonly closes: boolean }

/**
 * Makes styles out of signs. A sign that opens takes the nearest equal sign that closes; what finds no partner stays text.
 * No style stands inside itself, so the depth is at most three and the time linear.
 */
export function nested(atoms: readonly Atom[]): readonly Inline[] {
  const nearest = new Map<string, readonly number[]>()
  return between(0, atoms.length, [])

  function between(from: number, to: number, open: readonly Style[]): readonly Inline[] {
    const nodes: Inline[] = []
    for (let place = from; place < to; place += 1) {
      const atom = atoms[place]
      if (atom === undefined) break
      if ('node' in atom) {
        nodes.push(atom.node)
        continue
      }
      const end = atom.opens && !open.includes(atom.style) ? closing(atom.sign)[place + 1] : undefined
      if (end === undefined || end >= to || end <= place + 1) nodes.push({ kind: 'text', text: atom.sign })
      else {
        nodes.push({ kind: atom.style, of: between(place + 1, end, [...open, atom.style]) })
        place = end
      }
    }
    return joined(nodes)
  }

  /** For each place the nearest closing sign at it or after it. */
  function closing(sign: string): readonly number[] {
    const known = nearest.get(sign)
    if (known !== undefined) return known
    const found: number[] = Array.from({ length: atoms.length + 1 }, () => Number.POSITIVE_INFINITY)
    for (let place = atoms.length - 1; place >= 0; place -= 1) {
      const atom = atoms[place]
      const closes = atom !== undefined && 'sign' in atom && atom.sign === sign && atom.closes
      found[place] = closes ? place : (found[place + 1] ?? Number.POSITIVE_INFINITY)
    }
    nearest.set(sign, found)
    return found
  }
}

/** Neighbouring texts as one. */
function joined(nodes: readonly Inline[]): readonly Inline[] {
  const all: Inline[] = []
  let words: string[] = []
  const flush = () => {
    if (words.length > 0) all.push({ kind: 'text', text: words.join('') })
    words = []
  }
  for (const node of nodes) {
    if (node.kind === 'text') words.push(node.text)
    else {
      flush()
      all.push(node)
    }
  }
  flush()
  return all
}

/** Whether a letter or digit stands here: inside a word no sign begins or ends a style. */
export function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}

export function isSpace(character: string | undefined): boolean {
  return character === undefined || /\s/u.test(character)
}
