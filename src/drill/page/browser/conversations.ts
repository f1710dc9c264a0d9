import type { Seen } from '../../slack/acts/seen.ts'

/** A channel, or one thread in it. */
export type Talk = { readonly channel: string; readonly thread?: string | undefined }

/** What is said in each channel and each thread, the oldest first, by `keyOf`. */
export type Conversations = ReadonlyMap<string, readonly Seen[]>

/** One word for a conversation, to remember things by. */
export function keyOf({ channel, thread }: Talk): string {
  return thread === undefined ? channel : `${channel}/${thread}`
}

/** The conversation with this key. */
export function talkOf(key: string): Talk {
  const [channel = '', thread] = key.split('/')
  return { channel, thread }
}

/** Sorts everything a person sees into its conversations. A parent stands in its channel, its replies in the thread alone, unless they were sent to the channel as well. */
export function conversationsOf(messages: Readonly<Record<string, Seen>>): Conversations {
  const talks = new Map<string, Seen[]>()
  for (const message of Object.values(messages)) {
    const both = message.broadcast === true ? [message.channel] : []
    for (const key of [keyOf(message), ...both]) {
      const talk = talks.get(key)
      if (talk === undefined) talks.set(key, [message])
      else talk.push(message)
    }
  }
  for (const talk of talks.values()) talk.sort((a, b) => compareTs(a.ts, b.ts))
  return talks
}

/** Orders message times as Slack does: `<seconds>.<six digits>`, compared without losing digits. */
export function compareTs(a: string, b: string): number {
  const [seconds = '', rest = ''] = a.split('.')
  const [otherSeconds = '', otherRest = ''] = b.split('.')
  return Number(seconds) - Number(otherSeconds) || (rest < otherRest ? -1 : rest > otherRest ? 1 : 0)
}

/** What stands below a parent: how many replies, by whom, and when the last came. Messages for one person alone do not count. */
export type Footer = { readonly replies: number; readonly people: readonly string[]; readonly last: string }

/** The most people a footer shows. */
const shownPeople = 5

export function footerOf(replies: readonly Seen[]): Footer | undefined {
  const posted = replies.filter(({ ephemeral }) => !ephemeral)
  const last = posted.at(-1)
  if (last === undefined) return undefined
  const people = [...new Set(posted.map(({ user }) => user))].slice(0, shownPeople)
  return { replies: posted.length, people, last: last.ts }
}
