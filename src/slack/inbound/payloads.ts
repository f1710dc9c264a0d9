import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { UserId } from '#/incident/people.ts'

const user = z.object({ id: z.string().regex(/^[UW][A-Z0-9]{2,30}$/) })
const channel = z.object({ id: z.string() }).nullish()

/** The parts we read of what Slack sends. Anything else in it is left alone. */
export const commandPayload = z.object({
  user_id: z.string().regex(/^[UW][A-Z0-9]{2,30}$/),
  channel_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().optional(),
  text: z.string().default(''),
  thread_ts: z.string().optional(),
})

const fieldValue = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string(), text: z.object({ text: z.string() }).nullish() }).nullish(),
})
const state = z.object({ values: z.record(z.string(), z.record(z.string(), fieldValue)) })
export type FieldValues = z.infer<typeof state>['values']

export const pressPayload = z.object({
  user,
  trigger_id: z.string(),
  response_url: z.string().optional(),
  channel,
  container: z
    .object({ channel_id: z.string().optional(), message_ts: z.string().optional(), thread_ts: z.string().optional() })
    .nullish(),
  message: z.object({ ts: z.string().optional(), thread_ts: z.string().optional() }).nullish(),
  view: z
    .object({ id: z.string(), type: z.string(), private_metadata: z.string().default(''), state: state.nullish() })
    .nullish(),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        action_ts: z.string().optional(),
        value: z.string().optional(),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
    )
    .min(1),
})

export const submissionPayload = z.object({
  user,
  view: z.object({
    id: z.string(),
    callback_id: z.string(),
    private_metadata: z.string().default(''),
    title: z.object({ text: z.string() }).nullish(),
    state,
  }),
})

export const suggestionPayload = z.object({ user, action_id: z.string(), value: z.string().default('') })

export const shortcutPayload = z.object({
  user,
  callback_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().optional(),
  channel,
  message: z.object({ ts: z.string(), thread_ts: z.string().optional(), text: z.string().default('') }).nullish(),
})

export const homePayload = z.object({ event: z.object({ user: z.string(), tab: z.string().optional() }) })

/** Whatever names the person, for an answer when the rest could not be read. */
export const anybody = z.object({
  user: user.optional(),
  user_id: z.string().optional(),
  response_url: z.string().optional(),
})

/** What a delivery is known by when it comes again. */
const deliveryKeys = z.object({ trigger_id: z.string().optional(), event_id: z.string().optional() })

export function keysOf(body: unknown, envelope: unknown): readonly string[] {
  const read = deliveryKeys.safeParse(body)
  const keys = read.success ? [read.data.trigger_id, read.data.event_id] : []
  return [...keys, typeof envelope === 'string' ? envelope : undefined].filter((key) => key !== undefined)
}

const submittedView = z.object({
  type: z.literal('view_submission'),
  view: z.object({ id: z.string(), hash: z.string(), state: z.object({ values: z.unknown() }) }),
})

/**
 * What a form is known by that is sent a second time as it was: by somebody who saw no answer, or pressed twice. Somebody who changed a
 * word means something else. Undefined for what is no form.
 */
export function keyOfForm(body: unknown): string | undefined {
  const read = submittedView.safeParse(body)
  if (!read.success) return undefined
  const { id, hash, state } = read.data.view
  const words = createHash('sha256').update(JSON.stringify(state.values)).digest('hex')
  return `form:${id}:${hash}:${words}`
}

export function userId(id: string): UserId {
  return id as UserId
}
