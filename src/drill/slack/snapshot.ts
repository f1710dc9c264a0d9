import { form, seen } from './acts/client.ts'
import type { Form, Seen } from './acts/seen.ts'
import type { JsonObject } from './json.ts'
import type { Channel, Message, User, Usergroup, Workspace } from './workspace.ts'

/** A message with what only the app and the workspace know of it. */
export type Posted = Seen & { readonly byApp: boolean; readonly metadata: JsonObject | undefined }

/** Everything in the workspace at one moment, as plain data. */
export type Snapshot = {
  readonly users: readonly User[]
  readonly usergroups: readonly Usergroup[]
  readonly channels: readonly (Channel & { readonly messages: readonly Posted[] })[]
  /** Ephemeral messages by the person who sees them. */
  readonly ephemerals: Readonly<Record<string, readonly Seen[]>>
  /** Open forms by person, the lowest first. */
  readonly views: Readonly<Record<string, readonly Form[]>>
  readonly homes: Readonly<Record<string, Form>>
  readonly files: readonly { readonly id: string; readonly name: string; readonly text: string }[]
  /** Socket Mode connections that are open. */
  readonly connections: number
}

export function snapshot(workspace: Workspace, connections: number): Snapshot {
  const users = [...workspace.users.values()]
  const byPerson = <Item>(read: (user: string) => readonly Item[]) =>
    Object.fromEntries(users.map(({ id }) => [id, read(id)] as const).filter(([, items]) => items.length > 0))
  return {
    users,
    usergroups: [...workspace.usergroups.values()],
    channels: [...workspace.channels.values()].map((channel) => ({
      ...channel,
      messages: workspace.messages(channel.id).map((message) => posted(channel.id, message)),
    })),
    ephemerals: byPerson((user) => workspace.ephemerals(user).map((shown) => seen(shown.channel, shown))),
    views: byPerson((user) => workspace.stack(user).map(form)),
    homes: Object.fromEntries([...workspace.homes].map(([user, home]) => [user, form(home)])),
    files: [...workspace.files].map(([id, { name, bytes }]) => ({ id, name, text: bytes?.toString('utf8') ?? '' })),
    connections,
  }
}

function posted(channel: string, message: Message): Posted {
  return { ...seen(channel, message), byApp: message.byApp, metadata: message.metadata }
}
