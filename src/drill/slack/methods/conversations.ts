import type { JsonObject } from '../json.ts'
import { channelJson, messageJson } from '../messages.ts'
import { SlackRefusal } from '../refusal.ts'
import type { Channel, Message } from '../workspace.ts'
import { app } from '../workspace.ts'
import type { Call, Method } from './call.ts'
import { channelOf, family } from './call.ts'

export const history: Method = (call) => {
  const channel = readableChannel(call)
  const shown = call.workspace
    .messages(channel.id)
    .filter((message) => message.thread === undefined || message.broadcast)
    .filter(within(call))
    .toReversed()
  return { ...page(call, channel, shown), pin_count: 0 }
}

/** The parent and its replies, oldest first. The parent leads the first page whatever `oldest` says, as in Slack. */
export const replies: Method = (call) => {
  const channel = readableChannel(call)
  const named = call.workspace.message(channel.id, call.args.required('ts', 'thread_not_found'))
  const parent = named?.thread === undefined ? named : call.workspace.message(channel.id, named.thread)
  if (parent === undefined) throw new SlackRefusal('thread_not_found')
  return page(call, channel, [parent, ...call.workspace.replies(channel.id, parent.ts).filter(within(call))])
}

export const info: Method = (call) => {
  const channel = channelOf(call, { member: false })
  call.needs(`${family(channel)}:read`)
  return { channel: channelJson(channel) }
}

export const members: Method = (call) => {
  const channel = channelOf(call, { member: false })
  call.needs(`${family(channel)}:read`)
  const { items, cursor } = cut(call, channel.members, (member) => member)
  return { members: items, response_metadata: { next_cursor: cursor } }
}

export const listChannels: Method = (call) => {
  const types = (call.args.text('types') || 'public_channel').split(',').map((type) => type.trim())
  const kinds = new Map([
    ['public_channel', 'public'],
    ['private_channel', 'private'],
    ['im', 'im'],
  ])
  const wanted = types.map((type) => kinds.get(type))
  if (wanted.includes('public')) call.needs('channels:read')
  if (wanted.includes('private')) call.needs('groups:read')
  if (wanted.includes('im')) call.needs('im:read')
  const visible = [...call.workspace.channels.values()].filter(
    (channel) =>
      wanted.includes(channel.kind) &&
      (channel.kind === 'public' || channel.members.includes(app.user)) &&
      !(call.args.flag('exclude_archived') && channel.archived),
  )
  const { items, cursor } = cut(call, visible, ({ id }) => id)
  return { channels: items.map(channelJson), response_metadata: { next_cursor: cursor } }
}

/** Opens the direct message with one person. */
export const open: Method = (call) => {
  call.needs('im:write')
  const user = call.args.required('users', 'users_list_not_supplied')
  if (!call.workspace.users.has(user)) throw new SlackRefusal('user_not_found')
  return { channel: { id: call.workspace.directMessage(user).id } }
}

function readableChannel(call: Call): Channel {
  const channel = channelOf(call, { member: true })
  call.needs(`${family(channel)}:history`)
  return channel
}

function within(call: Call): (message: Message) => boolean {
  const oldest = call.args.text('oldest') || '0'
  const latest = call.args.text('latest') || '9999999999'
  const inclusive = call.args.flag('inclusive')
  return ({ ts }) =>
    (inclusive ? Number(ts) >= Number(oldest) : Number(ts) > Number(oldest)) &&
    (inclusive ? Number(ts) <= Number(latest) : Number(ts) < Number(latest))
}

function page(call: Call, channel: Channel, messages: readonly Message[]): JsonObject {
  const { items, cursor } = cut(call, messages, ({ ts }) => ts)
  const metadata = call.args.flag('include_all_metadata')
  return {
    messages: items.map((message) => messageJson(call.workspace, channel.id, message, { metadata })),
    has_more: cursor !== '',
    ...(cursor !== '' && { response_metadata: { next_cursor: cursor } }),
  }
}

/** One page of a list, from the cursor given. A cursor names the item it goes on from. */
export function cut<Item>(
  call: Call,
  items: readonly Item[],
  key: (item: Item) => string,
): { readonly items: readonly Item[]; readonly cursor: string } {
  const limit = call.args.count('limit', 100, 1000)
  const given = call.args.text('cursor')
  const from = given === '' ? 0 : items.findIndex((item) => cursorTo(key(item)) === given)
  if (from === -1) throw new SlackRefusal('invalid_cursor')
  const next = items[from + limit]
  return { items: items.slice(from, from + limit), cursor: next === undefined ? '' : cursorTo(key(next)) }
}

function cursorTo(key: string): string {
  return Buffer.from(`next:${key}`).toString('base64')
}
