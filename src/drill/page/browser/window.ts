import type { TemplateResult } from 'lit-html'
import type { Screen } from '../wire.ts'
import { type Client, speaker } from './client.ts'
import { type Connection, connect } from './connection.ts'
import { type Conversations, conversationsOf, keyOf, type Talk, talkOf } from './conversations.ts'
import type { OpenMessage } from './events.ts'
import { layout, opening } from './layout.ts'
import { Memory } from './memory.ts'
import { type Place, reachable, readPlace, writePlace } from './place.ts'
import { Announcer } from './slack/announcer.ts'
import { listenAtDocument } from './slack/document.ts'
import { focusedNow, restoreFocus } from './slack/focus.ts'
import { raiseNotices } from './slack/notices.ts'
import { scrollers, settle, showMessage } from './slack/scrolling.ts'
import { parentOf } from './slack/thread.ts'
import { type Clock, readersOwn } from './slack/times.ts'
import { openStore } from './store.ts'

/** How often the words that say how long ago something was are drawn anew. */
const tickMs = 30_000
/** How soon a hidden window draws: its browser gives it no frames, but its title shows what is unread. */
const hiddenMs = 100

/** One window of the page, as the person with this handle; `show` puts what is drawn on the page. It lives as long as its document. */
export class PageWindow {
  readonly #handle: string
  readonly #show: (drawn: TemplateResult) => void
  readonly #connection: Connection
  readonly #clock: Clock = readersOwn()
  #memory: Memory | undefined
  #client: Client | undefined
  #sorted: { readonly messages: Screen['messages']; readonly talks: Conversations } | undefined
  #announcer: Announcer | undefined
  #jump: { readonly key: string; readonly ts: string } | undefined
  #homeShown = false
  /** The newest notice that lies over the page. */
  #raised: number | undefined
  #awaitsFrame = false

  constructor({ handle, show }: { readonly handle: string; readonly show: (drawn: TemplateResult) => void }) {
    this.#handle = handle
    this.#show = show
    this.#connection = connect(handle, () => this.#redraw())
    listenAtDocument({
      client: () => this.#client,
      redraw: () => this.#redraw(),
      wentBack: () => this.#wentBack(),
      openMessage: (message) => this.#openMessage(message),
    })
    setInterval(() => this.#redraw(), tickMs)
    this.#redraw()
  }

  #redraw(): void {
    if (this.#awaitsFrame) return
    this.#awaitsFrame = true
    const draw = () => {
      this.#awaitsFrame = false
      this.#draw()
    }
    if (document.hidden) setTimeout(draw, hiddenMs)
    else requestAnimationFrame(draw)
  }

  #draw(): void {
    const screen = this.#connection.screen()
    const link = this.#connection.link()
    if (screen === undefined) return this.#show(opening(link))
    const client = this.#clientFor(screen)
    this.#client = client
    const focused = focusedNow()
    this.#show(layout(client, { link, announcement: this.#announcer?.words ?? '' }))
    restoreFocus(focused)
    settle(client.memory)
    this.#raiseNotices(client)
    this.#jumpTo(client)
    this.#openHome(client)
    this.#read(client)
    document.title = titleOf(client)
  }

  #clientFor(screen: Screen): Client {
    const memory = (this.#memory ??= this.#remember(screen))
    const place = reachable(memory.place, screen.channels, screen.app.available)
    const talks = this.#sorted?.messages === screen.messages ? this.#sorted.talks : conversationsOf(screen.messages)
    this.#sorted = { messages: screen.messages, talks }
    return {
      screen,
      memory,
      talks,
      place,
      clock: this.#clock,
      now: Date.now(),
      act: (name, body) => this.#noticing(this.#connection.act(name, body)),
      glass: (part, body) => this.#noticing(this.#connection.glass(part, body)),
      quietly: this.#connection.act,
      redraw: () => this.#redraw(),
      notice: (words) => memory.notice(words),
      go: (to) => this.#go(to),
      start: (doing) => void this.#start(doing),
    }
  }

  #remember({ me }: Screen): Memory {
    const own = `drill/${this.#handle}/`
    return new Memory({
      me: me.user,
      place: readPlace(location.hash),
      person: openStore(() => localStorage, own),
      drafts: openStore(() => sessionStorage, own),
      window: openStore(() => sessionStorage, 'drill/'),
      changed: () => this.#redraw(),
    })
  }

  /** What fails here is a notice for the person, besides what the asking part makes of it. */
  async #noticing<T>(doing: Promise<T>): Promise<T> {
    try {
      return await doing
    } catch (error) {
      this.#memory?.notice(error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  async #start(doing: Promise<{ readonly ok: boolean; readonly text?: unknown }>): Promise<void> {
    try {
      const { ok, text } = await doing
      if (!ok && typeof text === 'string') this.#memory?.notice(text)
    } catch {
      // The notice says it already.
    }
  }

  #go(to: Place): void {
    const client = this.#client
    if (client === undefined) return
    const { memory, place } = client
    if (writePlace(to) !== location.hash) history.pushState(null, '', writePlace(to))
    memory.place = to
    memory.pane = to.at === 'channel' && to.thread !== undefined ? 'thread' : 'channel'
    memory.menu = undefined
    const opened = openedBy(place, to)
    if (opened !== undefined) {
      memory.scrolledUp.delete(keyOf(opened))
      this.#focusOn(opened)
    }
    this.#redraw()
  }

  /** After the next drawing the field of what was opened has the focus; not where that would call up a keyboard on the glass. */
  #focusOn(talk: Talk): void {
    if (!matchMedia('(hover: hover) and (pointer: fine)').matches) return
    requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>(`[data-composer="${CSS.escape(keyOf(talk))}"]`)?.focus(),
      ),
    )
  }

  #wentBack(): void {
    const memory = this.#memory
    if (memory === undefined) return
    memory.place = readPlace(location.hash)
    memory.pane = memory.place?.at === 'channel' && memory.place.thread !== undefined ? 'thread' : 'channel'
    this.#redraw()
  }

  #openMessage({ channel, ts, thread }: OpenMessage): void {
    const client = this.#client
    if (client === undefined) return
    const message = client.screen.messages[`${channel}/${ts}`]
    if (message === undefined) return client.notice('That message is not here any more, or not for you to see.')
    const parent = message.thread ?? thread ?? (client.talks.has(keyOf({ channel, thread: ts })) ? ts : undefined)
    this.#go({ at: 'channel', channel, thread: parent })
    this.#jump = { key: keyOf({ channel, thread: message.thread }), ts }
  }

  #jumpTo({ memory }: Client): void {
    const jump = this.#jump
    this.#jump = undefined
    if (jump !== undefined && showMessage(jump.key, jump.ts)) memory.scrolledUp.add(jump.key)
  }

  /** A notice lies over everything, also over a form that was opened before it. */
  #raiseNotices({ memory }: Client): void {
    const newest = memory.notices.at(-1)?.id
    if (newest === this.#raised) return
    this.#raised = newest
    raiseNotices(newest !== undefined)
  }

  /** Tells the app that its Home tab is looked at, as Slack does each time it is shown. */
  #openHome(client: Client): void {
    const { place, memory, screen } = client
    const shown = place.at === 'app' && place.tab === 'home' && screen.app.available
    const began = shown && !this.#homeShown
    this.#homeShown = shown
    if (!began) return
    memory.home = { is: 'loading' }
    this.#redraw()
    client
      .quietly('openHome', {})
      .then((outcome) => {
        memory.home = outcome.ok ? { is: 'shown' } : { is: 'failed', words: outcome.text }
      })
      .catch((error: unknown) => {
        memory.home = { is: 'failed', words: error instanceof Error ? error.message : String(error) }
      })
      .finally(() => this.#redraw())
  }

  #handleOf(user: string): string {
    return this.#client === undefined ? user : speaker(this.#client, user).handle
  }

  /** What is before the person's eyes now is read: the end of every conversation that is shown, in a window that is shown. */
  #read(client: Client): void {
    const { memory, talks, screen } = client
    const shown = document.hidden
      ? []
      : scrollers()
          .filter(({ key, element }) => element.checkVisibility() && !memory.scrolledUp.has(key))
          .map(({ key }) => key)
    memory.reading.lookAwayBut(shown)
    const changed = shown.filter((key) => memory.reading.look(talks, talkOf(key)))
    this.#announcer ??= new Announcer({ me: screen.me.user, handleOf: (user) => this.#handleOf(user) })
    const hasNews = this.#announcer.look(shown.map((key) => ({ key, messages: talks.get(key) ?? [] })))
    if (changed.length > 0 || hasNews) this.#redraw()
  }
}

/** What this way leads into; undefined when it only closes something. */
function openedBy(from: Place, to: Place): Talk | undefined {
  if (to.at === 'app') return undefined
  const sameChannel = from.at === 'channel' && from.channel === to.channel
  if (to.thread !== undefined) {
    return sameChannel && from.thread === to.thread ? undefined : { channel: to.channel, thread: to.thread }
  }
  return sameChannel ? undefined : { channel: to.channel }
}

/** What stands on the tab: what is unread, where, as whom. */
function titleOf(client: Client): string {
  const { screen, place, memory, talks } = client
  const unread = memory.reading.unreadOfAll(talks, screen.channels)
  const channel = place.at === 'channel' ? screen.channels.find(({ id }) => id === place.channel)?.name : undefined
  const where =
    channel === undefined ? screen.app.name : parentOf(client) === undefined ? `#${channel}` : `Thread in #${channel}`
  return `${unread > 0 ? `(${unread}) ` : ''}${where} · ${screen.me.handle} · ${screen.workspace} drill`
}
