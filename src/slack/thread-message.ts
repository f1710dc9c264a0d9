import { z } from 'zod'
import { digestOfPost } from './post-digest.ts'
import { checkpointsIn } from './posted-checkpoints.ts'
import type { Identity } from './workspace.ts'

/** Slack's name for a message: the moment it was written. */
const stamp = z.string().regex(/^\d{9,11}\.\d{6}$/)

/** What is read of a message, whether it comes as an event or from the history. Anything else in it is left alone. */
export const messageShape = z.object({
  ts: stamp,
  thread_ts: stamp.nullish(),
  subtype: z.string().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  app_id: z.string().nullish(),
  text: z.string().nullish(),
  edited: z.object({ user: z.string().nullish(), ts: z.string().max(40) }).nullish(),
  files: z
    .array(z.object({ name: z.string().nullish() }))
    .nullish()
    .catch(undefined),
  blocks: z.unknown().optional(),
  metadata: z
    .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
    .nullish()
    .catch(undefined),
})

/** A message of a thread, as far as it matters to the record. */
export type ThreadMessage = {
  readonly ts: string
  /** The first message of its thread; its own name where it stands by itself. */
  readonly thread: string
  /** `other`: another app, or Slack itself. */
  readonly author: { readonly kind: 'person'; readonly user: string } | { readonly kind: 'ours' | 'other' }
  /** What was deleted and had replies: its place is still there. */
  readonly isTombstone: boolean
  readonly text: string
  readonly files: readonly string[]
  readonly edited?: { readonly by?: string; readonly ts: string }
  /** The numbers of the ledger's entries that it shows. */
  readonly entries: readonly number[]
  /** The hash of the first of these, as it was told when the message was posted. */
  readonly hash?: string
  /** Of a post of ours: what it says, as `digestOfPost` has it. */
  readonly digest?: string
  /** The checkpoints in it, as they stand there. */
  readonly checkpoints?: readonly string[]
}

/** What people write, as opposed to what Slack writes for them: joining, topics, and the like. */
const written: ReadonlySet<string | null | undefined> = new Set([
  undefined,
  null,
  'thread_broadcast',
  'file_share',
  'me_message',
])
const person = /^[UW][A-Z0-9]{2,30}$/
const mostFiles = 10

export function threadMessage(
  {
    ts,
    thread_ts: thread,
    subtype,
    user,
    bot_id: bot,
    app_id: app,
    text,
    edited,
    files,
    blocks,
    metadata,
  }: z.infer<typeof messageShape>,
  identity: Pick<Identity, 'botUser' | 'bot'>,
): ThreadMessage {
  const isOurs = user === identity.botUser || (identity.bot !== undefined && bot === identity.bot)
  const isPerson = !isOurs && isAbsent(bot) && isAbsent(app) && written.has(subtype) && person.test(user ?? '')
  const checkpoints = isOurs ? checkpointsIn(blocks) : []
  const payload = metadata?.event_payload
  const numbers = [payload?.['seq'], ...(Array.isArray(payload?.['also']) ? (payload['also'] as unknown[]) : [])]
  return {
    ts,
    thread: thread ?? ts,
    author: isPerson ? { kind: 'person', user: user ?? '' } : { kind: isOurs ? 'ours' : 'other' },
    isTombstone: subtype === 'tombstone',
    text: unescaped(text ?? ''),
    files: (files ?? []).flatMap(({ name }) => name?.slice(0, 200) ?? []).slice(0, mostFiles),
    ...(edited === null || edited === undefined
      ? {}
      : { edited: { ts: edited.ts, ...(person.test(edited.user ?? '') ? { by: edited.user ?? '' } : {}) } }),
    entries: numbers.filter((seq) => typeof seq === 'number'),
    ...(typeof payload?.['hash'] === 'string' ? { hash: payload['hash'] } : {}),
    ...(isOurs ? { digest: digestOfPost({ text: text ?? '', blocks }) } : {}),
    ...(checkpoints.length === 0 ? {} : { checkpoints }),
  }
}

function isAbsent(value: string | null | undefined): boolean {
  return value === null || value === undefined
}

/** Slack escapes three signs in what people type. */
export function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
