import { incidentChannel } from '../../cast.ts'
import { messageJson } from '../messages.ts'
import { actorFields, channelFields, slashCommand } from '../payloads.ts'
import { show } from '../response-urls.ts'
import type { Channel, Message, User, Workspace } from '../workspace.ts'
import { app } from '../workspace.ts'
import type { Client } from './client.ts'
import { failure, hasApp, mayWrite, openChannel, seen } from './client.ts'
import type { Outcome, Seen } from './seen.ts'

/** Types a slash command. Slack refuses it in a thread, and to people of another company. */
export async function command(
  client: Client,
  line: string,
  where: { readonly channel?: string; readonly thread?: string } = {},
): Promise<Outcome> {
  const user = client.user()
  const channel = openChannel(client, where.channel ?? incidentChannel.id)
  const name = line.split(/\s/, 1)[0] ?? ''
  const known = client.manifest.commands.get(name)
  if (where.thread !== undefined) {
    return { ok: false, error: 'not_in_thread', text: `${name} is not supported in threads. Sorry!` }
  }
  if (known === undefined || !hasApp(user)) {
    return { ok: false, error: 'unknown_command', text: `${name} is not a valid command.` }
  }

  const target = { user: user.id, channel: channel.id }
  const typed = line.slice(name.length).trim()
  const ack = await client.deliver({
    kind: 'slash_commands',
    payload: slashCommand({
      user,
      channel,
      command: name,
      text: known.escapes ? escapeTyped(client.workspace, typed) : typed,
      trigger: client.triggers.issue(user.id),
      responseUrl: client.url + client.responseUrls.issue(target),
    }),
  })
  if (!ack.ok) return failure(ack, name)
  const shown = show(client.workspace, target, ack.payload)
  return { ok: true, answer: shown === undefined ? undefined : find(client, channel.id, shown) }
}

/** Starts a global shortcut of the app's manifest. */
export async function shortcut(client: Client, callback: string): Promise<Outcome> {
  const user = client.user()
  requireShortcut(client, callback, 'global')
  const ack = await client.deliver({
    kind: 'interactive',
    payload: {
      type: 'shortcut',
      ...actorFields(user),
      callback_id: callback,
      trigger_id: client.triggers.issue(user.id),
      action_ts: client.workspace.clock.stamp(),
    },
  })
  return ack.ok ? { ok: true } : failure(ack, callback)
}

/** Starts a shortcut from a message's menu. */
export async function messageShortcut(
  client: Client,
  callback: string,
  at: { readonly channel: string; readonly ts: string },
): Promise<Outcome> {
  const user = client.user()
  requireShortcut(client, callback, 'message')
  const channel = openChannel(client, at.channel)
  const message = client.workspace.message(channel.id, at.ts)
  if (message === undefined) throw new Error(`there is no message ${at.ts} in #${channel.name}`)
  const target = { user: user.id, channel: channel.id, thread: message.thread }
  const ack = await client.deliver({
    kind: 'interactive',
    payload: {
      type: 'message_action',
      ...actorFields(user),
      callback_id: callback,
      channel: channelFields(channel),
      trigger_id: client.triggers.issue(user.id),
      action_ts: client.workspace.clock.stamp(),
      response_url: client.url + client.responseUrls.issue(target),
      message_ts: message.ts,
      message: messageJson(client.workspace, channel.id, message, { metadata: true }),
    },
  })
  return ack.ok ? { ok: true } : failure(ack, callback)
}

/** Writes a message, in a thread when a parent is given. */
export function say(client: Client, where: string, words: string, thread?: string): Seen {
  const channel = openChannel(client, where)
  const user = client.user()
  if (channel.archived) throw new Error(`#${channel.name} is archived: nobody can write in it`)
  if (!mayWrite(user, channel)) throw new Error(`${user.handle} may only read here`)
  if (words.trim() === '') throw new Error('a message needs words')
  if (thread !== undefined && !startsThread(client.workspace.message(channel.id, thread))) {
    throw new Error(`#${channel.name} has no message ${thread} that replies could stand under`)
  }
  const typed = escapeTyped(client.workspace, words)
  const message = client.workspace.post(channel.id, { user: user.id, byApp: false, text: typed, thread })
  return seen(channel.id, message)
}

/** Edits a message of one's own. */
export function edit(client: Client, at: { readonly channel: string; readonly ts: string }, words: string): Seen {
  const message = ownMessage(client, at)
  if (words.trim() === '') throw new Error('a message needs words')
  const { workspace } = client
  const edited = { user: message.user, ts: workspace.clock.stamp() }
  const changed = workspace.change(at.channel, at.ts, { text: escapeTyped(workspace, words), edited })
  return seen(at.channel, changed)
}

/** Deletes a message of one's own. */
export function remove(client: Client, at: { readonly channel: string; readonly ts: string }): void {
  ownMessage(client, at)
  client.workspace.remove(at.channel, at.ts)
}

function ownMessage(client: Client, { channel: id, ts }: { readonly channel: string; readonly ts: string }): Message {
  const channel = openChannel(client, id)
  const user = client.user()
  const message = client.workspace.message(channel.id, ts)
  if (message?.user !== user.id) throw new Error(`${user.handle} wrote no message ${ts} in #${channel.name}`)
  if (!mayWrite(user, channel)) throw new Error(`${user.handle} may only read here`)
  return message
}

/**
 * What Slack makes of typed text: markup characters are escaped, `@name` and `#name` become ids with the name beside them,
 * and addresses become links.
 */
export function escapeTyped(workspace: Workspace, typed: string): string {
  const users = new Map([...workspace.users.values()].map((user): [string, User] => [user.handle, user]))
  const channels = new Map(
    [...workspace.channels.values()].map((channel): [string, Channel] => [channel.name, channel]),
  )
  // What a person picked from the list that opens at "@" or "#" is already an id; nothing else can be picked.
  return typed
    .split(/(<(?:[@#][A-Z0-9]+(?:\|[^<>\s|]*)?|!subteam\^[A-Z0-9]+(?:\|[^<>\s|]*)?|!(?:here|channel|everyone))>)/)
    .map((part, index) => (index % 2 === 1 ? part : escapePart(part)))
    .join('')

  function escapePart(part: string): string {
    return part
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll(/https?:\/\/(?:(?!&[lg]t;)[^\s|])+/g, (address) => `<${address}>`)
      .replaceAll(/(?<![\w/:.@-])[\w.+-]+@[\w-]+(\.[\w-]+)+/g, (address) => `<mailto:${address}|${address}>`)
      .replaceAll(/(?<![\w<:|./])@([\w.-]+)/g, (whole, name: string) => {
        const user = users.get(name)
        return user === undefined ? whole : `<@${user.id}|${user.handle}>`
      })
      .replaceAll(/(?<![\w<&])#([\w-]+)/g, (whole, name: string) => {
        const channel = channels.get(name)
        return channel === undefined ? whole : `<#${channel.id}|${channel.name}>`
      })
  }
}

function startsThread(message: Message | undefined): boolean {
  return message !== undefined && message.thread === undefined
}

function requireShortcut(client: Client, callback: string, type: 'global' | 'message'): void {
  const user = client.user()
  if (!hasApp(user)) throw new Error(`${user.handle} has no shortcuts of this app`)
  if (client.manifest.shortcuts.some((each) => each.callback === callback && each.type === type)) return
  throw new Error(`the manifest has no ${type} shortcut ${callback}`)
}

function find(client: Client, channel: string, ts: string): Seen | undefined {
  const posted = client.workspace.message(channel, ts)
  const shown = client.workspace.ephemerals(client.user().id).find((each) => each.ts === ts)
  const found = posted ?? shown
  return found === undefined ? undefined : { ...seen(channel, found), user: app.user }
}
