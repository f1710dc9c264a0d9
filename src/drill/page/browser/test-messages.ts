import type { Seen } from '../../slack/acts/seen.ts'
import { type Conversations, conversationsOf } from './conversations.ts'

/** These messages as a window sorts them. */
export function talksOf(...messages: readonly Seen[]): Conversations {
  return conversationsOf(Object.fromEntries(messages.map((each) => [`${each.channel}/${each.ts}`, each])))
}
