import type { Instance } from '../../wire.ts'
import type { Headline } from './section.ts'

/** What of Autentico is in the attacker's hands, in one line. */
export function instanceHeadline({ holdings }: Pick<Instance, 'holdings'>, attacker: string): Headline {
  const held = holdings.flatMap(({ hold }) => (hold === '' ? [] : [hold]))
  if (held.length > 0) return { tone: 'bad', words: `In ${attacker}’s hands: ${held.join(', ')}.` }
  return holdings.some(({ ever }) => ever > 0)
    ? { tone: 'good', words: `Nothing that was exposed is in ${attacker}’s hands any more.` }
    : { tone: 'plain', words: `Nothing of it is in ${attacker}’s hands.` }
}
