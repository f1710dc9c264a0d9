import { type Linked, shortHash } from './chain.ts'
import type { Headline } from './section.ts'

/** "52 entries · head 4be7c120", or that some do not follow. */
export function ledgerHeadline(chain: readonly Linked[]): Headline {
  const head = chain.at(-1)?.entry
  if (head === undefined) return { tone: 'plain', words: 'No entry yet.' }
  const broken = chain.filter(({ link }) => link === 'breaks').length
  const entries = `${chain.length} ${chain.length === 1 ? 'entry' : 'entries'} · head ${shortHash(head.hash)}`
  if (broken === 0) return { tone: 'plain', words: entries }
  return { tone: 'bad', words: `${entries} · ${broken} ${broken === 1 ? 'does' : 'do'} not follow` }
}
