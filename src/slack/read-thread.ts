import { z } from 'zod'
import { SlackRejected } from './failures.ts'
import type { Call } from './lanes.ts'
import { messageShape, type ThreadMessage, threadMessage } from './thread-message.ts'
import type { Identity } from './workspace.ts'

/** A whole thread. `not readable`: Slack does not let us, or there is more than is read. */
export type ReadThread =
  | { readonly kind: 'read'; readonly messages: readonly ThreadMessage[] }
  | { readonly kind: 'not readable'; readonly why: string }

const page = z.object({
  messages: z.array(z.unknown()).default([]),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})

/** Slack gives at most a thousand at once, and asks for no more than two hundred. */
const perPage = 200
const mostPages = 50

const hidden: ReadonlySet<string> = new Set([
  'missing_scope',
  'not_in_channel',
  'channel_not_found',
  'thread_not_found',
  'message_not_found',
])

/** Reads a thread from its first message to its last. Throws `RateLimited` and `SlackUnavailable`. */
export async function readThread(
  call: Call,
  { channel, ts }: { readonly channel: string; readonly ts: string },
  identity: Pick<Identity, 'botUser' | 'bot'>,
): Promise<ReadThread> {
  const messages = new Map<string, ThreadMessage>()
  let cursor: string | undefined
  for (let pages = 0; pages < mostPages; pages += 1) {
    try {
      const args = { channel, ts, limit: perPage, include_all_metadata: true }
      const answer = page.parse(await call('conversations.replies', cursor === undefined ? args : { ...args, cursor }))
      for (const one of answer.messages) {
        const { success, data } = messageShape.safeParse(one)
        // Left out, it would pass for deleted.
        if (!success) return { kind: 'not readable', why: 'A message has not the form that Slack documents.' }
        // The first message may lead every page.
        messages.set(data.ts, threadMessage(data, identity))
      }
      cursor = answer.response_metadata?.next_cursor ?? ''
    } catch (error) {
      if (error instanceof SlackRejected && hidden.has(error.code)) return { kind: 'not readable', why: error.message }
      throw error
    }
    if (cursor === '') return { kind: 'read', messages: [...messages.values()] }
  }
  return { kind: 'not readable', why: `The thread has more than ${perPage * mostPages} messages.` }
}
