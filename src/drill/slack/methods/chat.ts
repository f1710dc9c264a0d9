import { faultsInBlocks, withIds } from '../blocks.ts'
import type { JsonObject } from '../json.ts'
import { isObject, text } from '../json.ts'
import { messageJson } from '../messages.ts'
import { invalid, SlackRefusal } from '../refusal.ts'
import type { Channel } from '../workspace.ts'
import { app } from '../workspace.ts'
import type { Call, Method } from './call.ts'
import { channelOf, messageOf, TooEarly, writableChannel } from './call.ts'

/** `chat.postMessage` keeps so many characters of the text and drops the rest. */
const longestKept = 40_000
/** `chat.update` refuses more. */
const longestUpdate = 4_000
/** Slack names no size for `metadata_too_large`; this is far above what a message needs. */
const largestMetadata = 16_384

export const postMessage: Method = (call) => {
  call.needs('chat:write')
  const channel = writableChannel(call)
  const wait = call.rates.take(channel.id)
  if (wait > 0) throw new TooEarly(wait)
  const { words, blocks } = contentOf(call)
  const metadata = metadataOf(call)
  const thread = threadOf(call, channel)
  const message = call.workspace.post(channel.id, {
    user: app.user,
    byApp: true,
    text: words.slice(0, longestKept),
    blocks: blocks ?? [],
    metadata,
    thread,
    broadcast: thread !== undefined && call.args.flag('reply_broadcast'),
  })
  return {
    channel: channel.id,
    ts: message.ts,
    message: messageJson(call.workspace, channel.id, message, { metadata: true }),
  }
}

export const postEphemeral: Method = (call) => {
  call.needs('chat:write')
  const channel = writableChannel(call)
  const viewer = call.args.required('user', 'user_not_found')
  if (!channel.members.includes(viewer)) throw new SlackRefusal('user_not_in_channel')
  const { words, blocks } = contentOf(call)
  const thread = threadOf(call, channel)
  const shown = call.workspace.show({ channel: channel.id, viewer, text: words, blocks: blocks ?? [], thread })
  return { message_ts: shown.ts }
}

/** Replaces text and blocks. Text without blocks drops the blocks; blocks leave no "edited" mark, text alone does. */
export const update: Method = (call) => {
  call.needs('chat:write')
  const channel = channelOf(call, { member: true })
  if (channel.archived) throw new SlackRefusal('is_inactive')
  const message = messageOf(call, channel, 'ts')
  if (message.tombstone === true) throw new SlackRefusal('message_not_found')
  if (!message.byApp) throw new SlackRefusal('cant_update_message')
  const { words, blocks } = contentOf(call)
  if (words.length > longestUpdate) throw new SlackRefusal('msg_too_long')
  const metadata = metadataOf(call) ?? message.metadata
  const after = call.workspace.change(channel.id, message.ts, {
    text: words === '' ? message.text : words,
    blocks: blocks ?? [],
    metadata,
    edited:
      blocks === undefined
        ? {
            user: app.bot,
            ts: call.workspace.clock.stamp(),
          }
        : message.edited,
  })
  return {
    channel: channel.id,
    ts: after.ts,
    text: after.text,
    message: messageJson(call.workspace, channel.id, after, { metadata: true }),
  }
}

export const remove: Method = (call) => {
  call.needs('chat:write')
  const channel = channelOf(call, { member: true })
  const message = messageOf(call, channel, 'ts')
  if (!message.byApp) throw new SlackRefusal('cant_delete_message')
  call.workspace.remove(channel.id, message.ts)
  return { channel: channel.id, ts: message.ts }
}

export const getPermalink: Method = (call) => {
  const channel = channelOf(call, { member: false })
  const message = messageOf(call, channel, 'message_ts')
  const thread = message.thread === undefined ? '' : `?thread_ts=${message.thread}&cid=${channel.id}`
  const permalink = `${call.url}/archives/${channel.id}/p${message.ts.replace('.', '')}${thread}`
  return { channel: channel.id, permalink }
}

function contentOf(call: Call): { readonly words: string; readonly blocks: readonly JsonObject[] | undefined } {
  const blocks = call.args.objects('blocks', 'invalid_blocks_format')
  const words = call.args.text('text')
  if (words === '' && (blocks === undefined || blocks.length === 0)) throw new SlackRefusal('no_text')
  if (blocks === undefined) return { words, blocks: undefined }
  const faults = faultsInBlocks(blocks, 'message')
  if (faults.length > 0) throw invalid('invalid_blocks', faults)
  return { words, blocks: withIds(blocks, () => call.workspace.clock.id('')) }
}

function metadataOf(call: Call): JsonObject | undefined {
  const metadata = call.args.object('metadata', 'invalid_metadata_format')
  if (metadata === undefined) return undefined
  if (text(metadata['event_type']) === '' || !isObject(metadata['event_payload'])) {
    throw new SlackRefusal('invalid_metadata_format')
  }
  if (JSON.stringify(metadata).length > largestMetadata) throw new SlackRefusal('metadata_too_large')
  return metadata
}

/** The parent of a reply. Naming a reply instead of the parent lands in the same thread. */
function threadOf(call: Call, channel: Channel): string | undefined {
  const ts = call.args.text('thread_ts')
  if (ts === '') return undefined
  const parent = call.workspace.message(channel.id, ts)
  if (parent === undefined) throw new SlackRefusal('thread_not_found')
  return parent.thread ?? parent.ts
}
