import type { Seen } from '../../slack/acts/seen.ts'
import { type Conversations, conversationsOf } from './conversations.ts'

/** A message for a test; what it does not say is as in most messages. */
export function message(given: Partial<Seen> & { readonly ts: string }): Seen {
  return {
    channel: 'C0INCIDENTS',
    thread: undefined,
    user: 'U0BAO',
    text: 'words',
    blocks: [],
    ephemeral: false,
    edited: false,
    files: [],
    ...given,
  }
}

/** These messages as a window sorts them. */
export function talksOf(...messages: readonly Seen[]): Conversations {
  return conversationsOf(Object.fromEntries(messages.map((each) => [`${each.channel}/${each.ts}`, each])))
}
