import type { Seen } from '../../../slack/acts/seen.ts'
import { compareTs } from '../conversations.ts'

/** The longest of a message that is read out. */
const longest = 240

type Said = { readonly key: string; readonly messages: readonly Seen[] }

/** Reads out what is new in the conversations that are looked at, once. */
export class Announcer {
  readonly #options: { readonly me: string; readonly handleOf: (user: string) => string }
  /** By conversation, up to where it was read out. */
  readonly #upTo = new Map<string, string>()
  /** What a live region says now. */
  words = ''

  constructor(options: { readonly me: string; readonly handleOf: (user: string) => string }) {
    this.#options = options
  }

  /** These conversations are looked at now. Says whether there is something new to read out. */
  look(shown: readonly Said[]): boolean {
    const news = shown.map((said) => this.#newsIn(said)).filter((words) => words !== '')
    if (news.length > 0) this.words = news.join('. ')
    return news.length > 0
  }

  #newsIn({ key, messages }: Said): string {
    const since = this.#upTo.get(key)
    this.#upTo.set(key, messages.at(-1)?.ts ?? '0')
    // What was there when the conversation was opened is for the person to walk through.
    return since === undefined ? '' : newsOf(messages, { since, ...this.#options })
  }
}

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
