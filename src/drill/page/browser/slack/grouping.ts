import type { Seen } from '../../../slack/acts/seen.ts'

/** One line of a conversation as it is drawn. */
export type Line =
  | {
      readonly kind: 'day'
      readonly key: string
      readonly ts: string
      /** What is unread begins here as well. */
      readonly isNew: boolean
    }
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
  {
    newFrom,
    since,
    dayOf,
  }: {
    /** The `ts` of the first unread message. */
    readonly newFrom: string | undefined
    /** The `ts` of what stands over the first message, in a thread: its own day needs no divider. */
    readonly since: string | undefined
    readonly dayOf: (ts: string) => string
  },
): readonly Line[] {
  const lines: Line[] = []
  let previous: Seen | undefined
  for (const message of messages) {
    const { ts } = message
    const before = previous?.ts ?? since
    const newDay = before === undefined || dayOf(before) !== dayOf(ts)
    const isNew = ts === newFrom
    if (newDay) lines.push({ kind: 'day', key: `day ${dayOf(ts)}`, ts, isNew })
    else if (isNew) lines.push({ kind: 'new', key: 'new' })
    const continued = !newDay && !isNew && previous !== undefined && follows(previous, message)
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
