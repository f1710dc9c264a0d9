import type { JsonObject } from '../json.ts'
import { viewJson } from '../view-json.ts'
import type { Channel, User } from '../workspace.ts'
import type { Client } from './client.ts'
import { failure, form, hasApp, mayOpen, mayWrite, seen } from './client.ts'
import { close, submit } from './forms.ts'
import { press, pressStale, type } from './press.ts'
import type { Entries, Failed, Form, Offered, Outcome, Press, Seen, Submitted, Where } from './seen.ts'
import { command, edit, messageShortcut, remove, say, shortcut } from './speak.ts'

/**
 * What a person does in their Slack client, and what they then see. A method throws when it is asked for something that no
 * person could do there, such as pressing a button that is not shown.
 */
export type Actor = {
  /** Types a slash command. The answer is what came with the acknowledgement; later ones are in `sees`. */
  readonly command: (line: string, where?: { readonly channel?: string; readonly thread?: string }) => Promise<Outcome>
  readonly press: (where: Where, action: string, how?: Press) => Promise<Outcome>
  /** Presses a button of a message as it was seen before. */
  readonly pressStale: (copy: Seen, action: string, how?: Press) => Promise<Outcome>
  /** Types into a type-ahead field of a form. */
  readonly type: (view: string, block: string, action: string, typed: string) => Promise<Offered>
  /** Fills in and submits a form; without an id, the one on top. */
  readonly submit: (view: string | undefined, entries?: Entries) => Promise<Submitted>
  readonly close: (view?: string, options?: { readonly all?: boolean }) => Promise<void>
  /** Opens the app's Home tab: what the app has published by the time it acknowledged. */
  readonly openHome: () => Promise<{ readonly ok: true; readonly home: Form | undefined } | Failed>
  readonly shortcut: (callback: string) => Promise<Outcome>
  readonly messageShortcut: (
    callback: string,
    at: { readonly channel: string; readonly ts: string },
  ) => Promise<Outcome>
  readonly say: (channel: string, words: string, thread?: string) => Promise<Seen>
  /** Edits a message of their own. */
  readonly edit: (at: { readonly channel: string; readonly ts: string }, words: string) => Promise<Seen>
  /** Deletes a message of their own. */
  readonly remove: (at: { readonly channel: string; readonly ts: string }) => Promise<void>
  /** Hides a message that only they see. */
  readonly dismiss: (ts: string) => void
  /** Fetches a file that stands in one of their channels. */
  readonly download: (file: string) => Download
  /** The person as they are now. */
  readonly user: () => User
  /** The channels and direct messages in their sidebar, and whether they may write there. */
  readonly channels: () => readonly OwnChannel[]
  /** Whether they have the app's commands, shortcuts and Home tab. */
  readonly hasApp: () => boolean
  /** Every message in the person's channels, theirs alone included, oldest first. */
  readonly sees: () => readonly Seen[]
  /** The open forms, the lowest first. */
  readonly views: () => readonly Form[]
  readonly home: () => Form | undefined
}

export type Download = { readonly name: string; readonly bytes: Buffer }

export type OwnChannel = Channel & { readonly writable: boolean }

export function actor(client: Client): Actor {
  return {
    command: (line, where) => command(client, line, where),
    press: (where, action, how) => press(client, where, action, how),
    pressStale: (copy, action, how) => pressStale(client, copy, action, how),
    type: (view, block, action, typed) => type(client, { view }, { block, action }, typed),
    submit: (view, entries) => submit(client, view, entries ?? {}),
    close: (view, options) => close(client, view, options),
    openHome: () => openHome(client),
    shortcut: (callback) => shortcut(client, callback),
    messageShortcut: (callback, at) => messageShortcut(client, callback, at),
    say: (channel, words, thread) => Promise.resolve().then(() => say(client, channel, words, thread)),
    edit: (at, words) => Promise.resolve().then(() => edit(client, at, words)),
    remove: (at) => Promise.resolve().then(() => remove(client, at)),
    dismiss: (ts) => dismiss(client, ts),
    download: (file) => download(client, file),
    user: client.user,
    channels: () => channels(client),
    hasApp: () => hasApp(client.user()),
    sees: () => sees(client),
    views: () => client.workspace.stack(client.user().id).map(form),
    home: () => homeOf(client),
  }
}

function channels(client: Client): readonly OwnChannel[] {
  const user = client.user()
  return [...client.workspace.channels.values()]
    .filter((channel) => mayOpen(user, channel))
    .map((channel) => ({ ...channel, writable: mayWrite(user, channel) }))
}

function dismiss(client: Client, ts: string): void {
  const user = client.user()
  const shown = client.workspace.ephemerals(user.id).find((each) => each.ts === ts)
  if (shown === undefined) throw new Error(`${user.handle} sees no message ${ts} that they alone see`)
  client.workspace.replaceEphemeral(ts, undefined)
}

function download(client: Client, id: string): Download {
  const user = client.user()
  const file = client.workspace.files.get(id)
  const mayFetch = file?.channels.some((name) => {
    const channel = client.workspace.channels.get(name)
    return channel !== undefined && mayOpen(user, channel)
  })
  if (file?.bytes === undefined || mayFetch !== true) throw new Error(`${user.handle} sees no file ${id}`)
  return { name: file.name, bytes: file.bytes }
}

function sees(client: Client): readonly Seen[] {
  const user = client.user()
  const channels = [...client.workspace.channels.values()].filter((channel) => mayOpen(user, channel))
  const posted = channels.flatMap(({ id }) => client.workspace.messages(id).map((message) => seen(id, message)))
  const alone = client.workspace.ephemerals(user.id).map((shown) => seen(shown.channel, shown))
  return [...posted, ...alone].toSorted((a, b) => Number(a.ts) - Number(b.ts))
}

async function openHome(client: Client): Promise<{ readonly ok: true; readonly home: Form | undefined } | Failed> {
  const user = client.user()
  if (!hasApp(user) || !client.manifest.home) {
    throw new Error(`${user.handle} has no Home tab of this app`)
  }
  const published = client.workspace.homes.get(user.id)
  const event: JsonObject = {
    type: 'app_home_opened',
    user: user.id,
    channel: client.workspace.directMessage(user.id).id,
    tab: 'home',
    event_ts: client.workspace.clock.stamp(),
    ...(published !== undefined && { view: viewJson(published) }),
  }
  const ack = await client.sendEvent(event)
  return ack.ok ? { ok: true, home: homeOf(client) } : failure(ack, 'Home')
}

function homeOf(client: Client): Form | undefined {
  const home = client.workspace.homes.get(client.user().id)
  return home === undefined ? undefined : form(home)
}
