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
  /** Conversations being looked at, each with the first message that was unread when that began. */
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

  /** All that is unread in these channels. */
  unreadOfAll(talks: Conversations, channels: readonly { readonly id: string }[]): number {
    return channels.reduce((sum, { id }) => sum + this.unreadOf(talks, id), 0)
  }

  /**
   * The `ts` of the first message that was unread when looking began: the "New" line stands before it. It stays there until the person
   * looks away, and messages that come meanwhile stand below it.
   */
  newFrom(talks: Conversations, talk: Talk): string | undefined {
    const key = keyOf(talk)
    return this.#looking.has(key) ? this.#looking.get(key) : this.unread(talks, talk)[0]?.ts
  }

  /** The newest of this conversation is before the person's eyes. Says whether that changed anything. */
  look(talks: Conversations, talk: Talk): boolean {
    const key = keyOf(talk)
    const began = !this.#looking.has(key)
    if (began) this.#looking.set(key, this.newFrom(talks, talk))
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
