import { z } from 'zod'
import { SlackRejected } from './failures.ts'
import type { Call } from './lanes.ts'

/** What was found of our own posts. `not readable`: Slack does not let us read the channel back. */
export type Found<T> =
  | { readonly kind: 'read'; readonly found: T }
  | { readonly kind: 'not readable'; readonly why: string }

const page = z.object({
  messages: z
    .array(
      z.object({
        ts: z.string(),
        metadata: z
          .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
          .nullish()
          .catch(undefined),
        // A deleted file, and one beyond what the workspace has paid for, has no name.
        files: z
          .array(z.object({ name: z.string().nullish(), user: z.string().nullish() }))
          .nullish()
          .catch(undefined),
      }),
    )
    .default([]),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})
type Page = z.infer<typeof page>

/** Reads page by page until `enough`. Gives the reason when Slack does not let us read. */
export async function readBack(
  call: Call,
  {
    method,
    ...where
  }: { readonly method: string; readonly channel: string; readonly ts?: string; readonly oldest?: string },
  enough: (page: Page) => boolean,
): Promise<string | undefined> {
  let cursor: string | undefined
  for (let pages = 0; pages < 25; pages += 1) {
    try {
      const answer = page.parse(
        await call(method, {
          ...where,
          limit: 200,
          include_all_metadata: true,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      )
      cursor = answer.response_metadata?.next_cursor ?? undefined
      if (enough(answer) || cursor === undefined || cursor === '') return undefined
    } catch (error) {
      if (error instanceof SlackRejected && hidden.has(error.code)) return error.message
      throw error
    }
  }
  return undefined
}

const hidden: ReadonlySet<string> = new Set(['missing_scope', 'not_in_channel', 'channel_not_found'])
