import type { StepCheck } from './work.ts'

/** How many checks are named in a line. The ledger has all of them. */
const namedChecks = 3

/** "Proven by reading back: no live session; no linked account; and 8 more." */
export function readBack(checks: readonly StepCheck[]): string {
  const all = unique(checks).map(brief)
  const rest = all.length - namedChecks
  const shown = all.slice(0, namedChecks).join('; ')
  return all.length === 0 ? '' : `Proven by reading back: ${shown}${rest > 0 ? `; and ${rest} more` : ''}.`
}

/** What could not be proven: the first few, and how many more. */
export function openOf(open: readonly StepCheck[]): string {
  const all = merged(unique(open))
  const rest = all.length - namedChecks
  return `Open: ${all.slice(0, namedChecks).join(' ')}${rest > 0 ? ` And ${rest} more.` : ''}`
}

/**
 * Sentences that differ only in what they are about, as one: "The passkeys and the linked accounts cannot be read on this
 * worker."
 */
export function merged(sentences: readonly string[]): readonly string[] {
  const groups = Map.groupBy(new Set(sentences), (one) => aboutOf(one)?.rest ?? one)
  return [...groups].map(([rest, all]) => {
    const about = all.flatMap((one, index) => {
      const what = aboutOf(one)?.what ?? ''
      return what === '' ? [] : [index === 0 ? what : what.replace(/^The /, 'the ').replace(/^(?!the )./, lower)]
    })
    const last = about.at(-1)
    if (last === undefined) return rest
    return `${about.length === 1 ? last : `${about.slice(0, -1).join(', ')} and ${last}`} ${rest}`
  })
}

function aboutOf(sentence: string): { readonly what: string; readonly rest: string } | undefined {
  const [, what, rest] = /^(.{3,40}?) (cannot be read .+)$/.exec(sentence) ?? []
  return what === undefined || rest === undefined ? undefined : { what, rest }
}

function lower(letter: string): string {
  return letter.toLowerCase()
}

/** "no live session" of "No live session: all 3 are deactivated." */
function brief(detail: string): string {
  const [, none] = /^No ([^:]+):/.exec(detail) ?? []
  return none === undefined ? detail.replace(/\.$/, '') : `no ${none}`
}

/** What was read back, each sentence once: two steps may promise the same. */
export function unique(checks: readonly StepCheck[]): readonly string[] {
  return [...new Set(checks.map(({ detail }) => detail))]
}
