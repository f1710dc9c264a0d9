import type { Person } from '../cast.ts'
import { cast, workspace as company, incidentChannel, otherWorkspace, securityGroup } from '../cast.ts'
import { Clock } from './clock.ts'
import type { Json, JsonObject } from './json.ts'
import type { StoredFile } from './stored-files.ts'

/** The app as it is installed: its bot user and its ids. */
export const app = { id: 'A0RESPONDER', bot: 'B0RESPONDER', user: 'U0RESPONDER', handle: 'autentico' } as const

/** The channels beside the incident channel: one public, and one shared with the outsider's company. */
export const generalChannel = { id: 'C0GENERAL', name: 'general' } as const
export const partnerChannel = { id: 'C0PARTNERS', name: 'partners' } as const

export type User = {
  readonly id: string
  readonly handle: string
  readonly name: string
  readonly email: string
  readonly team: string
  readonly bot: boolean
  readonly guest: boolean
  readonly deactivated: boolean
}

export type Message = {
  readonly ts: string
  /** The parent's `ts`, on a reply. */
  readonly thread?: string | undefined
  readonly user: string
  /** Posted by our app. */
  readonly byApp: boolean
  readonly text: string
  readonly blocks: readonly JsonObject[]
  readonly metadata?: JsonObject | undefined
  readonly edited?: { readonly user: string; readonly ts: string } | undefined
  readonly broadcast: boolean
  readonly files: readonly JsonObject[]
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[]
  readonly pinned: boolean
  /** What is left of a deleted message that had replies: the thread goes on below it, and nobody can change it. */
  readonly tombstone?: true
}

export type Channel = {
  readonly id: string
  readonly name: string
  readonly kind: 'public' | 'private' | 'im'
  readonly members: readonly string[]
  readonly archived: boolean
  /** Shared with another company over Slack Connect. */
  readonly shared: boolean
}

/** A message that one person sees until the client is reloaded. */
export type Ephemeral = {
  readonly channel: string
  readonly viewer: string
  readonly ts: string
  readonly thread?: string | undefined
  readonly text: string
  readonly blocks: readonly JsonObject[]
}

export type View = {
  readonly id: string
  readonly kind: 'modal' | 'home'
  readonly user: string
  readonly spec: JsonObject
  readonly hash: string
  readonly root: string
  readonly previous: string | undefined
  /** What the person has filled in, by block id and action id. */
  readonly entered: ReadonlyMap<string, Json>
}

export type Usergroup = {
  readonly id: string
  readonly handle: string
  readonly name: string
  readonly users: readonly string[]
}

/** Those of one channel by their time, and those of each thread by its parent's. */
type Messages = {
  readonly byTs: Map<string, Message>
  readonly threads: Map<string, Map<string, Message>>
}

/** Everything that happens in the workspace, for the feed. */
export type Change = { readonly type: string } & JsonObject

/**
 * The state of the workspace: people, channels, messages, forms. It holds what is true and tells its listeners what
 * changed; who may do what is decided by those who call it.
 */
export class Workspace {
  readonly clock: Clock
  readonly users = new Map<string, User>()
  readonly channels = new Map<string, Channel>()
  readonly usergroups = new Map<string, Usergroup>()
  /** Open modals; the order of a person's modals is their stack. */
  readonly views = new Map<string, View>()
  readonly homes = new Map<string, View>()
  readonly files = new Map<string, StoredFile>()
  readonly #messages = new Map<string, Messages>()
  #ephemerals: readonly Ephemeral[] = []
  readonly #listeners = new Set<(change: Change) => void>()

  constructor(options: { readonly now: () => number; readonly people: readonly Person[] }) {
    this.clock = new Clock(options.now)
    this.#seed(options.people)
  }

  /** Calls the listener after each change; the result stops it. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  /** In the order in which they were posted. */
  messages(channel: string): readonly Message[] {
    return [...(this.#messages.get(channel)?.byTs.values() ?? [])]
  }

  message(channel: string, ts: string): Message | undefined {
    return this.#messages.get(channel)?.byTs.get(ts)
  }

  replies(channel: string, parent: string): readonly Message[] {
    return [...(this.#messages.get(channel)?.threads.get(parent)?.values() ?? [])]
  }

  post(channel: string, draft: Pick<Message, 'user' | 'byApp' | 'text'> & Partial<Message>): Message {
    const message: Message = {
      blocks: [],
      broadcast: false,
      files: [],
      reactions: [],
      pinned: false,
      ...draft,
      ts: this.clock.stamp(),
    }
    this.#keep(channel, message)
    this.tell({
      type: 'message',
      channel,
      ts: message.ts,
      user: message.user,
      thread: message.thread,
      text: message.text,
    })
    return message
  }

  /** Replaces a message by a changed copy. */
  change(channel: string, ts: string, changed: Partial<Message>): Message {
    const before = this.message(channel, ts)
    if (before === undefined) throw new Error(`no message ${ts} in ${channel} to change`)
    const after = { ...before, ...changed, ts }
    this.#keep(channel, after)
    this.tell({ type: 'message_changed', channel, ts, text: after.text })
    return after
  }

  /** Deletes a message. Where it has replies a tombstone stays in its place, as in Slack. */
  remove(channel: string, ts: string): void {
    const message = this.message(channel, ts)
    if (message !== undefined && this.replies(channel, ts).length > 0) this.#keep(channel, buried(message))
    else {
      this.#messages.get(channel)?.byTs.delete(ts)
      this.#messages
        .get(channel)
        ?.threads.get(message?.thread ?? '')
        ?.delete(ts)
    }
    this.tell({ type: 'message_deleted', channel, ts })
  }

  /** One that is there already keeps its place. */
  #keep(channel: string, message: Message): void {
    const kept: Messages = this.#messages.get(channel) ?? { byTs: new Map(), threads: new Map() }
    this.#messages.set(channel, kept)
    kept.byTs.set(message.ts, message)
    if (message.thread === undefined) return
    const thread = kept.threads.get(message.thread) ?? new Map<string, Message>()
    kept.threads.set(message.thread, thread.set(message.ts, message))
  }

  ephemerals(viewer?: string): readonly Ephemeral[] {
    return this.#ephemerals.filter((shown) => viewer === undefined || shown.viewer === viewer)
  }

  show(draft: Omit<Ephemeral, 'ts'>): Ephemeral {
    const shown = { ...draft, ts: this.clock.stamp() }
    this.#ephemerals = [...this.#ephemerals, shown]
    this.tell({ type: 'ephemeral', channel: shown.channel, viewer: shown.viewer, ts: shown.ts, text: shown.text })
    return shown
  }

  /** Takes an ephemeral message away, or puts another in its place. */
  replaceEphemeral(ts: string, by: Pick<Ephemeral, 'text' | 'blocks'> | undefined): void {
    this.#ephemerals = this.#ephemerals.flatMap((shown) => {
      if (shown.ts !== ts) return [shown]
      return by === undefined ? [] : [{ ...shown, text: by.text, blocks: by.blocks }]
    })
    this.tell({ type: by === undefined ? 'ephemeral_deleted' : 'ephemeral_changed', ts })
  }

  /** What a reload of the client does: ephemeral messages are gone, forms are closed. */
  reload(user: string): void {
    this.#ephemerals = this.#ephemerals.filter((shown) => shown.viewer !== user)
    for (const view of this.stack(user)) this.views.delete(view.id)
    this.tell({ type: 'reloaded', user })
  }

  setChannel(id: string, changed: Partial<Omit<Channel, 'id'>>): Channel {
    const before = this.channels.get(id)
    if (before === undefined) throw new Error(`there is no channel ${id} in the local Slack`)
    const after = { ...before, ...changed }
    this.channels.set(id, after)
    this.tell({ type: 'channel', channel: id, archived: after.archived, shared: after.shared, members: after.members })
    return after
  }

  setUser(id: string, changed: Partial<Omit<User, 'id'>>): void {
    const before = this.users.get(id)
    if (before === undefined) throw new Error(`there is no person ${id} in the local Slack`)
    this.users.set(id, { ...before, ...changed })
    this.tell({ type: 'user', user: id })
  }

  setUsergroup(id: string, users: readonly string[]): void {
    const before = this.usergroups.get(id)
    if (before === undefined) throw new Error(`there is no user group ${id} in the local Slack`)
    this.usergroups.set(id, { ...before, users })
    this.tell({ type: 'usergroup', usergroup: id, users })
  }

  /** The direct-message channel between the app and a person, opened on first use. */
  directMessage(user: string): Channel {
    const id = `D${user.slice(1)}`
    const found = this.channels.get(id)
    if (found !== undefined) return found
    const members = [user, app.user]
    const opened: Channel = { id, name: user, kind: 'im', members, archived: false, shared: false }
    this.channels.set(id, opened)
    return opened
  }

  /** The person's modals, the lowest first. */
  stack(user: string): readonly View[] {
    return [...this.views.values()].filter((view) => view.user === user)
  }

  setView(view: View): void {
    if (view.kind === 'home') this.homes.set(view.user, view)
    else this.views.set(view.id, view)
    this.tell({ type: view.kind === 'home' ? 'home' : 'view', user: view.user, view: view.id })
  }

  closeView(id: string): void {
    const view = this.views.get(id)
    this.views.delete(id)
    this.tell({ type: 'view_closed', view: id, user: view?.user })
  }

  /** Whether this person shares no channel with the app: what Slack calls a stranger. */
  isStranger(user: User): boolean {
    if (user.team === company.team) return false
    return ![...this.channels.values()].some(({ members }) => members.includes(user.id) && members.includes(app.user))
  }

  #seed(people: readonly Person[]): void {
    for (const person of people) this.users.set(person.user, userOf(person))
    this.users.set(app.user, {
      id: app.user,
      handle: app.handle,
      name: 'Autentico',
      email: '',
      team: company.team,
      bot: true,
      guest: false,
      deactivated: false,
    })

    const of = (...parts: readonly Person['part'][]) =>
      people.filter(({ part }) => parts.includes(part)).map(({ user }) => user)
    const channels: readonly Omit<Channel, 'archived'>[] = [
      {
        ...incidentChannel,
        kind: 'private',
        shared: false,
        members: [app.user, ...of('responder', 'commander', 'guest')],
      },
      {
        ...generalChannel,
        kind: 'public',
        shared: false,
        members: of('responder', 'commander', 'victim', 'colleague'),
      },
      {
        ...partnerChannel,
        kind: 'private',
        shared: true,
        members: [app.user, ...of('responder', 'commander', 'outsider')],
      },
    ]
    for (const channel of channels) this.channels.set(channel.id, { ...channel, archived: false })
    this.usergroups.set(securityGroup.id, {
      ...securityGroup,
      name: 'Security',
      users: of('responder', 'commander'),
    })
  }
}

/** The people of the drill, as the workspace is seeded with by default. */
export const everybody: readonly Person[] = Object.values(cast)

function userOf(person: Person): User {
  return {
    id: person.user,
    handle: person.handle,
    name: person.name,
    email: person.email,
    team: person.part === 'outsider' ? otherWorkspace.team : company.team,
    bot: false,
    guest: person.part === 'guest',
    deactivated: false,
  }
}

function buried({ ts }: Message): Message {
  return {
    ts,
    user: 'USLACKBOT',
    byApp: false,
    text: 'This message was deleted.',
    blocks: [],
    broadcast: false,
    files: [],
    reactions: [],
    pinned: false,
    tombstone: true,
  }
}
