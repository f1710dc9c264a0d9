import type { LedgerFile } from '../../wire.ts'
import type { Headline } from './section.ts'
import { clockTime } from './times.ts'

type Verified = NonNullable<LedgerFile['verified']>

/** How the file is as far as anybody knows, in a sentence or two. */
export function fileWords({ tampered, verified }: LedgerFile, incident: string): Headline {
  if (verified?.ok === false) {
    const more = verified.problems.length - 1
    const others = more > 0 ? `, and ${more} more` : ''
    const changed = tampered === null ? '' : ` What was changed: ${tampered.words}.`
    return {
      tone: 'bad',
      words: `Verified at ${clockTime(verified.at)} UTC: ${firstProblem(verified)}${others}.${changed}`,
    }
  }
  if (verified !== null)
    return {
      tone: 'good',
      words: `Verified at ${clockTime(verified.at)} UTC: ${verified.entries} entries, all of them hold.`,
    }
  if (tampered !== null)
    return {
      tone: 'warn',
      words: `Entry #${tampered.seq} is another one in the file: ${tampered.words}. The bot was not asked. Verify, here or by /autentico verify ${incident}.`,
    }
  return {
    tone: 'plain',
    words: 'The file is on the bot’s disk. Change a byte in it as an intruder would, then verify it.',
  }
}

/** The first thing that does not hold, with the number of its entry. */
export function firstProblem({ problems }: Verified): string {
  const [first] = problems
  if (first === undefined) return 'it does not say what.'
  return `${first.seq === null ? '' : `entry #${first.seq}: `}${first.what}`
}

/** What does not hold about one entry. */
export function problemsAt({ verified }: LedgerFile, seq: number): readonly string[] {
  return (verified?.problems ?? []).flatMap((problem) => (problem.seq === seq ? [problem.what] : []))
}
