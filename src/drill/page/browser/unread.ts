import type { Seen } from '../../slack/acts/seen.ts'
import { type Conversations, compareTs, keyOf, type Talk } from './conversations.ts'

/** The `ts` up to which each conversation has been read, by its key. */
export type Marks = Readonly<Record<string, string>>

/** Who reads, and how far they have got. */
export type Reader = { readonly me: string; readonly marks: Marks }

/** What somebody else said here since it was last read. */
export function unreadIn(talks: Conversations, talk: Talk, { me, marks }: Reader): readonly Seen[] {
  const key = keyOf(talk)
  const mark = marks[key] ?? '0'
  return (talks.get(key) ?? []).filter(({ ts, user }) => user !== me && compareTs(ts, mark) > 0)
}

/** How much of a channel is unread: its own messages one by one, and each thread with news as one. */
export function unreadOf(talks: Conversations, channel: string, reader: Reader): number {
  const threads = [...talks.keys()]
    .filter((key) => key.startsWith(`${channel}/`))
    .map((key) => ({ channel, thread: key.slice(channel.length + 1) }))
  const withNews = threads.filter((thread) => unreadIn(talks, thread, reader).length > 0)
  return unreadIn(talks, { channel }, reader).length + withNews.length
}

/** Both marks together; where they differ the later one, for what was read once stays read. */
export function mergeMarks(a: Marks, b: Marks): Marks {
  const later = Object.entries(b).filter(([key, ts]) => compareTs(ts, a[key] ?? '0') > 0)
  return { ...a, ...Object.fromEntries(later) }
}
