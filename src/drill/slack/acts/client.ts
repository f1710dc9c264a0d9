import { workspace as company } from '../../cast.ts'
import type { Ack, Delivery } from '../delivery.ts'
import type { JsonObject } from '../json.ts'
import { object, objects, text } from '../json.ts'
import type { Manifest } from '../manifest.ts'
import type { ResponseUrls } from '../response-urls.ts'
import type { Triggers } from '../triggers.ts'
import type { Channel, Ephemeral, Message, User, View, Workspace } from '../workspace.ts'
import type { Failed, Form, Seen } from './seen.ts'

/** One person's Slack client, and what it reaches. */
export type Client = {
  /** The person as they are now. */
  readonly user: () => User
  readonly workspace: Workspace
  readonly manifest: Manifest
  readonly triggers: Triggers
  readonly responseUrls: ResponseUrls
  /** Where this server is reached, without a slash at the end. */
  readonly url: string
  readonly deliver: (delivery: Delivery) => Promise<Ack>
  readonly sendEvent: (event: JsonObject) => Promise<Ack>
  /** What the last type-ahead offered, by form or message and field. */
  readonly offered: Map<string, readonly JsonObject[]>
}

export function seen(channel: string, message: Message | Ephemeral): Seen {
  const { ts, thread, blocks } = message
  const common = { channel, ts, thread, text: message.text, blocks }
  if ('viewer' in message) return { ...common, user: '', ephemeral: true, edited: false, files: [] }
  return {
    ...common,
    ...(message.broadcast ? { broadcast: true } : {}),
    user: message.user,
    ephemeral: false,
    edited: message.edited !== undefined,
    files: message.files,
  }
}

export function form(view: View): Form {
  const { spec } = view
  return {
    id: view.id,
    kind: view.kind,
    hash: view.hash,
    callback: text(spec['callback_id']),
    title: text(object(spec['title'])['text']),
    submit: text(object(spec['submit'])['text']) || undefined,
    close: text(object(spec['close'])['text']) || 'Cancel',
    closesAll: spec['clear_on_close'] === true,
    blocks: objects(spec['blocks']),
  }
}

/** Whether the person has this channel in their client. */
export function mayOpen(user: User, channel: Channel): boolean {
  if (user.deactivated) return false
  return channel.members.includes(user.id) || (channel.kind === 'public' && user.team === company.team && !user.guest)
}

/** Whether the person may post there. The app's direct messages are for reading only, as its manifest says. */
export function mayWrite(user: User, channel: Channel): boolean {
  return !user.deactivated && !channel.archived && channel.kind !== 'im' && channel.members.includes(user.id)
}

/** Whether the person has the app: people of other companies see its messages only, in the channels that are shared with them. */
export function hasApp(user: User): boolean {
  return !user.deactivated && user.team === company.team
}

/** The channel, which the person must have in their client: otherwise the test does what no person could. */
export function openChannel(client: Client, id: string): Channel {
  const channel = client.workspace.channels.get(id)
  const user = client.user()
  if (channel === undefined) throw new Error(`there is no channel ${id} in the local Slack`)
  if (!mayOpen(user, channel)) throw new Error(`${user.handle} does not see #${channel.name}: add them to it first`)
  return channel
}

/** What the person reads when the app did not acknowledge. The wording of a button's failure is Slack's warning sign. */
export function failure(ack: Ack & { readonly ok: false }, what: string): Failed {
  const words = ack.error === 'operation_timeout' ? 'operation_timeout' : 'dispatch_failed'
  return { ok: false, error: words, text: `${what} failed with the error "${words}"` }
}
