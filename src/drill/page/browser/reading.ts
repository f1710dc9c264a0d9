import type { Seen } from '../../slack/acts/seen.ts'
import { type Conversations, keyOf, type Talk } from './conversations.ts'
import { isTexts, type Store } from './store.ts'
import { type Marks, mergeMarks, type Reader, unreadIn, unreadOf } from './unread.ts'

const name = 'read'

/** What one person has read, and where the "New" line stands in what they look at. */
export class Reading {
  readonly #me: string
  readonly #store: Store
  #marks: Marks
  /** Conversations being looked at, each with the mark it had when that began. */
  readonly #looking = new Map<string, string | undefined>()

  /** `store` is shared by all windows of this person; `me` is their Slack user id. */
  constructor({ me, store }: { readonly me: string; readonly store: Store }) {
    this.#me = me
    this.#store = store
    this.#marks = store.read(name, isTexts) ?? {}
  }

  unread(talks: Conversations, talk: Talk): readonly Seen[] {
    return unreadIn(talks, talk, this.#reader())
  }

  unreadOf(talks: Conversations, channel: string): number {
    return unreadOf(talks, channel, this.#reader())
  }

  /**
   * What was not yet read when looking began: the "New" line stands before it. It stays there until the person looks away, and messages
   * that come meanwhile stand below it.
   */
  newAfter(talks: Conversations, talk: Talk): string | undefined {
    const key = keyOf(talk)
    if (this.#looking.has(key)) return this.#looking.get(key)
    return this.unread(talks, talk).length > 0 ? (this.#marks[key] ?? '0') : undefined
  }

  /** The newest of this conversation is before the person's eyes. Says whether that changed anything. */
  look(talks: Conversations, talk: Talk): boolean {
    const key = keyOf(talk)
    const began = !this.#looking.has(key)
    if (began) this.#looking.set(key, this.newAfter(talks, talk))
    const newest = talks.get(key)?.at(-1)
    if (newest === undefined) return began
    const marks = mergeMarks(this.#marks, { [key]: newest.ts })
    if (marks[key] === this.#marks[key]) return began
    // Another window of the same person may have read more elsewhere.
    this.#marks = mergeMarks(marks, this.#store.read(name, isTexts) ?? {})
    this.#store.write(name, this.#marks)
    return true
  }

  /** The person looks at the conversations with these keys only. */
  lookAwayBut(kept: readonly string[]): void {
    for (const key of this.#looking.keys()) if (!kept.includes(key)) this.#looking.delete(key)
  }

  #reader(): Reader {
    return { me: this.#me, marks: this.#marks }
  }
}
