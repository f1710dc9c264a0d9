import { html, nothing, type TemplateResult } from 'lit-html'
import { guard } from 'lit-html/directives/guard.js'
import type { Seen } from '../../../slack/acts/seen.ts'
import { type JsonObject, text } from '../../../slack/json.ts'
import { blocksOf } from '../blocks/blocks.ts'
import { mrkdwn } from '../blocks/mrkdwn.ts'
import { type Client, speaker } from '../client.ts'
import { footerOf, keyOf, type Talk } from '../conversations.ts'
import { avatar } from './avatar.ts'
import { icon } from './icons.ts'
import { type MenuItem, menuButton } from './menu.ts'
import { ago, dayOf, fullTime, timeOfDay } from './times.ts'

export type Drawn = {
  readonly message: Seen
  readonly continued: boolean
  /** Where it stands: a parent stands both in its channel and over its thread. */
  readonly talk: Talk
  /** The one message of its conversation that Tab stops at. */
  readonly reached: boolean
}

/** One message as Slack shows it. */
export function messageOf(client: Client, drawn: Drawn): TemplateResult {
  const { message, continued, reached } = drawn
  const by = speaker(client, message.user)
  const time = timeOfDay(message.ts, client.clock)
  const look = [
    'message',
    continued ? 'message-continued' : '',
    message.ephemeral ? 'message-private' : '',
    isTombstone(message) ? 'message-tombstone' : '',
  ]
  return html`<article
    class=${look.filter((each) => each !== '').join(' ')}
    aria-label="${by.handle}, ${time}"
    data-ts=${message.ts}
    tabindex=${reached ? 0 : -1}
  >
    <div class="message-gutter">
      ${
        continued
          ? html`<time class="message-time" datetime=${isoOf(message)} title=${fullTime(message.ts, client.clock)} aria-hidden="true">${time}</time>`
          : isTombstone(message)
            ? html`<span class="avatar avatar-none" aria-hidden="true">${icon('trash')}</span>`
            : avatar(by)
      }
    </div>
    <div class="message-content">
      ${
        message.ephemeral
          ? html`<p class="only-you">${icon('eye')}<span>Only visible to you</span>${dismissButton(client, message)}</p>`
          : nothing
      }
      ${continued || isTombstone(message) ? nothing : byline(client, message)}
      <div class="message-body">${bodyOf(client, message)}${continued ? edited(message) : nothing}</div>
      ${message.files.map((file) => fileChip(client, file))}
      ${footer(client, drawn)}
    </div>
    ${message.ephemeral || isTombstone(message) ? nothing : tools(client, drawn)}
  </article>`
}

/** What is left of a deleted message that has replies. */
export function isTombstone({ user, ephemeral }: Seen): boolean {
  return user === 'USLACKBOT' && !ephemeral
}

function byline(client: Client, message: Seen): TemplateResult {
  const by = speaker(client, message.user)
  return html`<p class="message-by">
    <b title=${by.name}>${by.handle}</b>
    ${by.bot ? html`<span class="app-badge">APP</span>` : nothing}
    <time class="message-time" datetime=${isoOf(message)} title=${fullTime(message.ts, client.clock)}
      >${timeOfDay(message.ts, client.clock)}</time
    >
    ${edited(message)}
  </p>`
}

function edited(message: Seen): TemplateResult | typeof nothing {
  return message.edited ? html`<span class="message-edited">(edited)</span>` : nothing
}

/** What is written, drawn again only when it is another, or those it names are: most of a long conversation stays as it is. */
function bodyOf(client: Client, message: Seen): unknown {
  const { channel, ts, blocks } = message
  const { mentioned, channels } = client.screen
  const today = dayOf(String(client.now / 1000), client.clock)
  return guard([message, mentioned, channels, today], () =>
    blocks.length === 0 ? mrkdwn(client, message.text) : blocksOf(client, blocks, { channel, ts }),
  )
}

/** A file, to be saved: it is somebody's text, and never opened as anything else. */
function fileChip({ screen }: Client, file: JsonObject): TemplateResult {
  const name = text(file['name'])
  const { size } = file
  return html`<p>
    <a class="message-file" href="/as/${screen.me.handle}/files/${text(file['id'])}" download=${name}>
      ${icon('file')}<span>${text(file['title']) || name}</span><span class="message-file-size">${typeof size === 'number' ? sizeOf(size) : nothing}</span>
    </a>
  </p>`
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function dismissButton(client: Client, { ts }: Seen): TemplateResult {
  const dismiss = () => client.start(client.act('dismiss', { ts }))
  return html`<button type="button" class="text-button" @click=${dismiss}>Dismiss</button>`
}

/** What stands below a parent in its channel: the way into its thread. */
function footer(client: Client, { message, talk }: Drawn): TemplateResult | typeof nothing {
  if (talk.thread !== undefined || message.ephemeral) return nothing
  const thread = { channel: message.channel, thread: message.ts }
  const replies = client.talks.get(keyOf(thread)) ?? []
  const below = footerOf(replies)
  const unread = client.memory.reading.unread(client.talks, thread).length
  if (below === undefined) {
    // A private answer alone makes no thread for anybody else, but this person must find it.
    return unread === 0 ? nothing : footerButton(client, { message, words: 'Open thread', people: [], unread })
  }
  const words = `${below.replies} ${below.replies === 1 ? 'reply' : 'replies'}`
  return html`${footerButton(client, { message, words, people: below.people, unread })}`
}

function footerButton(
  client: Client,
  {
    message,
    words,
    people,
    unread,
  }: {
    readonly message: Seen
    readonly words: string
    readonly people: readonly string[]
    readonly unread: number
  },
): TemplateResult {
  const { channel, ts } = message
  const replies = client.talks.get(keyOf({ channel, thread: ts })) ?? []
  const last = replies.at(-1)
  const isOpen = client.place.at === 'channel' && client.place.thread === ts
  const open = () => client.go({ at: 'channel', channel, thread: ts })
  return html`<div class="thread-footer" data-unread=${unread > 0} data-open=${isOpen}>
    <button type="button" class="thread-button" data-thread=${ts} aria-expanded=${isOpen} @click=${open}>
      <span class="thread-people" aria-hidden="true">${people.map((user) => avatar(speaker(client, user)))}</span>
      <span class="thread-count">${words}${unread > 0 ? html`<span class="unseen">,</span>` : nothing}</span>
      ${unread > 0 ? html`<span class="thread-new">${unread} new</span>` : nothing}
    </button>
    ${last === undefined ? nothing : html`<span class="thread-last">Last reply ${ago(last.ts, client.now, client.clock)}</span>`}
  </div>`
}

/** The little bar that comes up over a message. */
function tools(client: Client, { message, talk, reached }: Drawn): TemplateResult | typeof nothing {
  const { channel, ts } = message
  const tabindex = reached ? 0 : -1
  const shortcuts = client.screen.app.available
    ? client.screen.app.shortcuts.filter(({ kind }) => kind === 'message')
    : []
  const items: readonly MenuItem[] = shortcuts.map(({ callback, name }) => ({
    label: name,
    detail: client.screen.app.name,
    choose: () => client.start(client.act('messageShortcut', { callback, channel, ts })),
  }))
  const reply = () => client.go({ at: 'channel', channel, thread: message.thread ?? ts })
  const isIm = client.screen.channels.find(({ id }) => id === channel)?.kind === 'im'
  const canReply = talk.thread === undefined && !isIm
  if (items.length === 0 && !canReply) return nothing
  return html`<div class="message-tools">
    ${
      canReply
        ? html`<button type="button" class="icon-button" aria-label="Reply in thread" title="Reply in thread" tabindex=${tabindex} @click=${reply}>
            ${icon('reply')}
          </button>`
        : nothing
    }
    ${
      items.length === 0
        ? nothing
        : menuButton(client, {
            id: `message ${keyOf(talk)} ${ts}`,
            label: 'More actions for this message',
            look: 'icon-button',
            content: icon('more'),
            items,
            tabindex,
          })
    }
  </div>`
}

function isoOf({ ts }: Seen): string {
  return new Date(Number(ts) * 1000).toISOString()
}
