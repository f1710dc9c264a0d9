import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Message } from './cards/blocks.ts'
import { SlackRejected } from './failures.ts'
import { isSlacks } from './hosts.ts'
import type { Lanes } from './lanes.ts'
import type { Place } from './outbound.ts'
import { type Found, readBack } from './read-back.ts'
import type { Workspace } from './workspace.ts'

/** Whether what names people may be shown in a channel. `unknown`: Slack does not say, so it may not. */
export type Privacy =
  | { readonly kind: 'private' }
  | { readonly kind: 'open' }
  | { readonly kind: 'shared' }
  | { readonly kind: 'unknown'; readonly why: string }

/** Bytes that Slack has, and that nobody sees until they are shared. */
export type Uploaded = { readonly id: string }

const noticeType = 'autentico_file'

const place = z.object({ upload_url: z.string(), file_id: z.string() })
const about = z.object({
  channel: z.object({
    is_private: z.boolean(),
    is_ext_shared: z.boolean(),
    is_pending_ext_shared: z.boolean().nullish(),
    is_org_shared: z.boolean().nullish(),
    pending_shared: z.array(z.unknown()).nullish(),
  }),
})

/** Files in threads. Every function throws the three failures of `failures.ts`. */
export class ThreadFiles {
  readonly #lanes: Lanes
  readonly #workspace: Workspace
  readonly #apiUrl: string | undefined

  constructor(deps: { readonly lanes: Lanes; readonly workspace: Workspace; readonly apiUrl?: string }) {
    this.#lanes = deps.lanes
    this.#workspace = deps.workspace
    this.#apiUrl = deps.apiUrl
  }

  /**
   * Whether the file stands in the thread, or our word that it cannot. Files have no metadata, so it is known by its name; one of that
   * name that somebody else put there does not count.
   */
  async find(thread: Place, fileName: string): Promise<Found<boolean>> {
    const { botUser } = await this.#workspace.identity()
    const mark = markOf(fileName)
    let found = false
    const unread = await readBack(
      this.#lanes.lookUps,
      { method: 'conversations.replies', ...thread },
      ({ messages }) => {
        found ||= messages.some(
          ({ files, metadata }) =>
            (files ?? []).some(({ name, user }) => name === fileName && user === botUser) ||
            (metadata?.event_type === noticeType && metadata.event_payload['file'] === mark),
        )
        return found
      },
    )
    return unread === undefined ? { kind: 'read', found } : { kind: 'not readable', why: unread }
  }

  /** Asks Slack now who can get into the channel. Sharing within an organisation of several workspaces is sharing too. */
  async privacyOf(channel: string): Promise<Privacy> {
    try {
      const answer = about.safeParse(await this.#lanes.lookUps('conversations.info', { channel }))
      if (!answer.success) return { kind: 'unknown', why: 'Its answer leaves it open.' }
      const { is_private, is_ext_shared, is_pending_ext_shared, is_org_shared, pending_shared } = answer.data.channel
      const invited = is_pending_ext_shared === true || (pending_shared ?? []).length > 0
      if (is_ext_shared || invited || is_org_shared === true) return { kind: 'shared' }
      return { kind: is_private ? 'private' : 'open' }
    } catch (error) {
      if (error instanceof SlackRejected) return { kind: 'unknown', why: `${error.code}. ${error.remedy}` }
      throw error
    }
  }

  /** Sends the bytes to Slack. Doing it again is harmless: what is never shared is discarded. */
  async upload(name: string, bytes: Uint8Array, stopping: AbortSignal): Promise<Uploaded> {
    const asked = await this.#lanes.files('files.getUploadURLExternal', { filename: name, length: bytes.length })
    const { upload_url: url, file_id: id } = place.parse(asked)
    if (!isSlacks(url, this.#apiUrl)) throw new SlackRejected('files.getUploadURLExternal', 'unknown_upload_address')
    await this.#lanes.upload(url, bytes, stopping)
    return { id }
  }

  /**
   * Shows what was uploaded in the thread. Slack does that a while after it has said yes, and now and then never. After `SlackUnavailable`
   * it may still come: look with `find`.
   */
  async share(
    { channel, ts }: Place,
    { id, title, comment }: Uploaded & { readonly title: string; readonly comment: string },
  ): Promise<void> {
    await this.#lanes.files('files.completeUploadExternal', {
      files: [{ id, title }],
      channel_id: channel,
      thread_ts: ts,
      initial_comment: comment,
    })
  }

  /** Says in the thread why the file is not there; `find` finds that. Metadata can be read by the whole workspace, so it holds a hash only. */
  async tell({ channel, ts }: Place, notice: Message, fileName: string): Promise<void> {
    const metadata = { event_type: noticeType, event_payload: { file: markOf(fileName) } }
    const quietly = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' }
    await this.#lanes.timeline('chat.postMessage', { channel, thread_ts: ts, ...notice, metadata, ...quietly })
  }
}

function markOf(fileName: string): string {
  return createHash('sha256').update(fileName).digest('hex')
}
