import { z } from 'zod'
import { messageShape, type ThreadMessage, threadMessage } from './thread-message.ts'
import type { Identity } from './workspace.ts'

/** What Slack says of a message in a channel: it was written, it is another one now, or it is gone. */
export type ThreadNews =
  | { readonly kind: 'written'; readonly channel: string; readonly message: ThreadMessage }
  | {
      readonly kind: 'changed'
      readonly channel: string
      readonly message: ThreadMessage
      /** As it was, where Slack says so. */
      readonly before?: ThreadMessage
    }
  | { readonly kind: 'deleted'; readonly channel: string; readonly ts: string; readonly before?: ThreadMessage }

const event = z.object({ event: z.object({ channel: z.string(), subtype: z.string().nullish() }) })
const changed = z.object({ event: z.object({ message: messageShape, previous_message: messageShape.nullish() }) })
const deleted = z.object({
  event: z.object({ deleted_ts: messageShape.shape.ts, previous_message: messageShape.nullish().catch(undefined) }),
})
const plain = z.object({ event: messageShape })

/** Reads a `message` event. Undefined: it has not the form that Slack documents. */
export function readThreadNews(body: unknown, identity: Pick<Identity, 'botUser' | 'bot'>): ThreadNews | undefined {
  const read = event.safeParse(body)
  if (!read.success) return undefined
  const { channel, subtype } = read.data.event
  if (subtype === 'message_changed') {
    const { success, data } = changed.safeParse(body)
    if (!success) return undefined
    const { message, previous_message: before } = data.event
    return {
      kind: 'changed',
      channel,
      message: threadMessage(message, identity),
      ...(before === null || before === undefined ? {} : { before: threadMessage(before, identity) }),
    }
  }
  if (subtype === 'message_deleted') {
    const { success, data } = deleted.safeParse(body)
    if (!success) return undefined
    const { deleted_ts: ts, previous_message: before } = data.event
    return {
      kind: 'deleted',
      channel,
      ts,
      ...(before === null || before === undefined ? {} : { before: threadMessage(before, identity) }),
    }
  }
  const { success, data } = plain.safeParse(body)
  return success ? { kind: 'written', channel, message: threadMessage(data.event, identity) } : undefined
}
