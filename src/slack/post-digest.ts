import { createHash } from 'node:crypto'

/**
 * A digest of what a message says: the letters and digits of its text and of its blocks, in their order. Slack may give signs, escapes and
 * emoji back in another way than it was given them, so these are left out: a word that was changed shows, a sign that was does not.
 * Computed in another way, it has to be kept in another file: everything that was posted before would seem altered.
 */
export function digestOfPost({ text, blocks }: { readonly text: string; readonly blocks: unknown }): string {
  const said = [text, ...wordsIn(blocks)].map(bare).join('\n')
  return createHash('sha256').update(said).digest('hex')
}

function bare(text: string): string {
  return text
    .replaceAll(/&(?:lt|gt|amp);/g, ' ')
    .replaceAll(/:[a-z][a-z0-9_+-]*:/g, ' ')
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Everything that people read in blocks, and where their links lead. */
function wordsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]): readonly string[] => {
    if (typeof inner !== 'string') return wordsIn(inner)
    return key === 'text' || key === 'url' ? [inner] : []
  })
}
