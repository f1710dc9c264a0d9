import type { Args } from '../args.ts'
import type { FileShares } from '../file-shares.ts'
import type { JsonObject } from '../json.ts'
import type { Rates } from '../rates.ts'
import { SlackRefusal } from '../refusal.ts'
import type { Triggers } from '../triggers.ts'
import type { Channel, Message, Workspace } from '../workspace.ts'
import { app } from '../workspace.ts'

/** One call of a Web API method, its token already checked. */
export type Call = {
  readonly args: Args
  readonly workspace: Workspace
  readonly triggers: Triggers
  readonly rates: Rates
  readonly shares: FileShares
  /** Where this server is reached, without a slash at the end. */
  readonly url: string
  /** Throws `missing_scope` unless the manifest grants one of the scopes. */
  readonly needs: (...scopes: readonly string[]) => void
  /** Makes a one-use Socket Mode address. */
  readonly openSocket: () => string
}

/** A Web API method: the fields of its answer beside `ok`, or a `SlackRefusal`. */
export type Method = (call: Call) => JsonObject

/** A post that came too early: answered with HTTP 429. */
export class TooEarly extends Error {
  override readonly name = 'TooEarly'
  readonly seconds: number

  constructor(seconds: number) {
    super('ratelimited')
    this.seconds = seconds
  }
}

/** What a channel's kind is called in scopes: `channels:read`, `groups:history`, `im:history`. */
export function family(channel: Channel): 'channels' | 'groups' | 'im' {
  if (channel.kind === 'im') return 'im'
  return channel.kind === 'private' ? 'groups' : 'channels'
}

/**
 * The channel named by the `channel` argument. A private channel the app is not in does not exist for it; a public one is
 * `not_in_channel` when `member` is asked for.
 */
export function channelOf(call: Call, options: { readonly member: boolean }): Channel {
  const channel = call.workspace.channels.get(call.args.required('channel', 'channel_not_found'))
  if (channel === undefined) throw new SlackRefusal('channel_not_found')
  if (channel.members.includes(app.user)) return channel
  if (channel.kind !== 'public') throw new SlackRefusal('channel_not_found')
  if (options.member) throw new SlackRefusal('not_in_channel')
  return channel
}

/** The channel to write into, also a person's id for a direct message; refused when archived. */
export function writableChannel(call: Call): Channel {
  const id = call.args.required('channel', 'channel_not_found')
  const channel = call.workspace.users.has(id) ? call.workspace.directMessage(id) : channelOf(call, { member: true })
  if (channel.archived) throw new SlackRefusal('is_archived')
  return channel
}

/** The message named by an argument, or `message_not_found`. */
export function messageOf(call: Call, channel: Channel, argument: 'ts' | 'message_ts' | 'timestamp'): Message {
  const message = call.workspace.message(channel.id, call.args.required(argument, 'message_not_found'))
  if (message === undefined) throw new SlackRefusal('message_not_found')
  return message
}
