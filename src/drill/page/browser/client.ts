import type { Context } from './context.ts'
import type { Conversations } from './conversations.ts'
import type { Memory } from './memory.ts'
import type { Place } from './place.ts'
import type { Clock } from './slack/times.ts'

/** One person's Slack in this window: what everybody draws from, and what the window remembers. */
export type Client = Context & {
  readonly memory: Memory
  readonly talks: Conversations
  /** What is shown: never a channel or a thread that the person does not have. */
  readonly place: Place
  /** The reader's own zone. */
  readonly clock: Clock
  /** Milliseconds since 1970, when this is drawn. */
  readonly now: number
  /** Goes to a place, and back again with the browser's own button. */
  readonly go: (place: Place) => void
  /** Acts without a notice when that fails: for those who show it themselves. */
  readonly quietly: Context['act']
  /** Starts a shortcut or the like; what went wrong becomes a notice. */
  readonly start: (doing: Promise<{ readonly ok: boolean; readonly text?: unknown }>) => void
}

/** Somebody who says something. */
export type Speaker = { readonly id: string; readonly handle: string; readonly name: string; readonly bot: boolean }

/** Who a message is by. A message for one person alone has no author: it is the app's. */
export function speaker({ screen }: Context, user: string): Speaker {
  const id = user === '' ? screen.app.user : user
  const found = screen.mentioned.find((each) => each.id === id)
  if (found !== undefined) return found
  if (id === 'USLACKBOT') return { id, handle: 'slackbot', name: 'Slackbot', bot: true }
  if (id === screen.app.user) return { id, handle: screen.app.name, name: screen.app.name, bot: true }
  return { id, handle: id, name: id, bot: false }
}
