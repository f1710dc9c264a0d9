import type { LedgerFile } from '../../wire.ts'
import { type Linked, shortHash } from './chain.ts'
import { firstProblem } from './ledger-file-words.ts'
import type { Headline } from './section.ts'

/** "52 entries · head 4be7c120", or that some do not follow, or what verifying the file has found. */
export function ledgerHeadline(chain: readonly Linked[], { verified }: LedgerFile): Headline {
  const head = chain.at(-1)?.entry
  if (head === undefined) return { tone: 'plain', words: 'No entry yet.' }
  const broken = chain.filter(({ link }) => link === 'breaks').length
  const entries = `${chain.length} ${chain.length === 1 ? 'entry' : 'entries'} · head ${shortHash(head.hash)}`
  if (verified?.ok === false) return { tone: 'bad', words: `The file does not hold: ${firstProblem(verified)}` }
  if (broken === 0) return { tone: 'plain', words: entries }
  return { tone: 'bad', words: `${entries} · ${broken} ${broken === 1 ? 'does' : 'do'} not follow` }
}
