import type { Seen } from '../../../slack/acts/seen.ts'
import { compareTs } from '../conversations.ts'

/** The longest of a message that is read out. */
const longest = 240

/**
 * What to read out of what is new in a conversation that is being looked at: one message as it is, more of them by number, what oneself said
 * not at all.
 */
export function newsOf(
  messages: readonly Seen[],
  { since, me, handleOf }: { readonly since: string; readonly me: string; readonly handleOf: (user: string) => string },
): string {
  const fresh = messages.filter(({ ts, user }) => user !== me && compareTs(ts, since) > 0)
  const [only] = fresh
  if (only === undefined) return ''
  if (fresh.length > 1) return `${fresh.length} new messages`
  const words = spoken(only.text, handleOf)
  const cut = words.length > longest ? `${words.slice(0, longest)}…` : words
  return `${handleOf(only.user)}${only.ephemeral ? ', only visible to you' : ''}: ${cut}`
}

/** Slack's markup as words: names for mentions, labels for links, a date's own fallback, and no signs for bold and the like. */
function spoken(text: string, handleOf: (user: string) => string): string {
  return text
    .replaceAll(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_all, user: string) => `@${handleOf(user)}`)
    .replaceAll(/<[^<>|]*\|([^<>]*)>/g, '$1')
    .replaceAll(/<([^<>]*)>/g, '$1')
    .replaceAll(/(^|[\s(])([*_~`])(\S[^\n]*?)\2/g, '$1$3')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
