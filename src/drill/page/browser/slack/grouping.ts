import type { Seen } from '../../../slack/acts/seen.ts'
import { compareTs } from '../conversations.ts'

/** One line of a conversation as it is drawn. */
export type Line =
  | { readonly kind: 'day'; readonly key: string; readonly ts: string }
  | { readonly kind: 'new'; readonly key: string }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: Seen
      /** Follows shortly upon one by the same person, so that it needs no name and picture of its own. */
      readonly continued: boolean
    }

/** How long somebody may pause before their name is shown again: 5 minutes, as in Slack. */
const pauseMs = 5 * 60_000

/**
 * The lines of a conversation: a divider before each day, one line where the unread ones begin, and messages that follow upon each
 * other drawn together.
 */
export function linesOf(
  messages: readonly Seen[],
  { newAfter, dayOf }: { readonly newAfter: string | undefined; readonly dayOf: (ts: string) => string },
): readonly Line[] {
  const lines: Line[] = []
  let previous: Seen | undefined
  for (const message of messages) {
    const { ts } = message
    const newDay = previous === undefined || dayOf(previous.ts) !== dayOf(ts)
    const isNew = (one: Seen | undefined) =>
      newAfter !== undefined && one !== undefined && compareTs(one.ts, newAfter) > 0
    const newFromHere = isNew(message) && !isNew(previous)
    if (newDay) lines.push({ kind: 'day', key: `day ${dayOf(ts)}`, ts })
    if (newFromHere) lines.push({ kind: 'new', key: 'new' })
    const continued = !newDay && !newFromHere && previous !== undefined && follows(previous, message)
    lines.push({ kind: 'message', key: `${message.ephemeral ? 'private ' : ''}${ts}`, message, continued })
    previous = message
  }
  return lines
}

function follows(previous: Seen, message: Seen): boolean {
  return (
    previous.user === message.user &&
    !previous.ephemeral &&
    !message.ephemeral &&
    msOf(message.ts) - msOf(previous.ts) < pauseMs
  )
}

/** Milliseconds since 1970 of a message's time. */
export function msOf(ts: string): number {
  return Math.round(Number(ts) * 1000)
}
