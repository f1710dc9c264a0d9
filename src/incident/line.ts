import type { Actor, Person } from './people.ts'

/** One entry as a line that a person reads. Derived, never stored. */
export type TimelineLine = {
  readonly seq: number
  readonly at: string
  readonly actor: Actor
  /** All that the entry says, as it follows the actor's name: "approved: Reset MFA of alice (code 7QF-2K)". */
  readonly text: string
  /** What happened, in a few words: "approved: Reset MFA of alice". */
  readonly headline: string
  /** What else there is to say, a sentence each, shortened for reading. */
  readonly details: readonly string[]
  readonly tone: 'plain' | 'good' | 'warning' | 'bad' | 'waits'
  readonly hash: string
  /** The code that a request was shown with. */
  readonly code?: string
  /** The message that a note was made from. */
  readonly link?: string
  /** So grave that the channel has to see it as well, not only whoever follows the thread. */
  readonly forChannel: boolean
  /** Who is called upon, and the words that lead to their names. */
  readonly mentions: readonly Person[]
  readonly calling: string
  readonly drill: boolean
  /** Whether the line belongs in the thread. The rest is in the ledger and in the full timeline only. */
  readonly forThread: boolean
}

/** An entry in words, as far as it differs from the ordinary. */
export type Said = Pick<TimelineLine, 'headline'> &
  Partial<
    Pick<
      TimelineLine,
      'details' | 'text' | 'tone' | 'forThread' | 'code' | 'link' | 'mentions' | 'calling' | 'forChannel'
    >
  >

/** What somebody wrote, in quotes: on a line of its own it must not pass for one of ours. */
export function given(text: string): readonly string[] {
  return text.trim() === '' ? [] : [`“${text}”`]
}
