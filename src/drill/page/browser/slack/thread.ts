import { html, nothing, type TemplateResult } from 'lit-html'
import type { Seen } from '../../../slack/acts/seen.ts'
import type { Channel } from '../../wire.ts'
import type { Client } from '../client.ts'
import { footerOf, keyOf } from '../conversations.ts'
import { composer, noComposer } from './composer.ts'
import { icon } from './icons.ts'
import { messageOf } from './message.ts'
import { messageList } from './message-list.ts'

/** A thread beside its channel: the parent, the replies, and the field for one more. */
export function threadPane(client: Client, channel: Channel, parent: Seen): TemplateResult {
  const talk = { channel: channel.id, thread: parent.ts }
  const replies = client.talks.get(keyOf(talk)) ?? []
  const isReached = replies.length === 0 || client.memory.reached.get(keyOf(talk)) === parent.ts
  return html`<aside class="pane pane-thread" aria-label="Thread">
    <header class="pane-head">
      <h2>Thread</h2>
      <p class="pane-about"># ${channel.name}</p>
      <button type="button" class="icon-button pane-close" aria-label="Close thread" title="Close thread (Escape)" @click=${() => closeThread(client)}>
        ${icon('close')}
      </button>
    </header>
    <div class="conversation">
      ${messageList(client, {
        talk,
        messages: replies,
        label: 'Thread',
        beginning: html`${messageOf(client, { message: parent, continued: false, talk, reached: isReached })}
        ${countDivider(replies)}`,
      })}
    </div>
    ${
      channel.writable
        ? composer(client, talk, { label: 'Reply in thread' })
        : noComposer(`You can read #${channel.name}, but not write in it.`)
    }
  </aside>`
}

/** The message whose thread is open; undefined without one, or when it is not there. */
export function parentOf({ place, talks }: Client): Seen | undefined {
  if (place.at !== 'channel' || place.thread === undefined) return undefined
  return talks.get(place.channel)?.find(({ ts }) => ts === place.thread)
}

/** Closes the thread and puts the focus on the way back into it. */
export function closeThread(client: Client): void {
  const { place } = client
  if (place.at !== 'channel' || place.thread === undefined) return
  const { channel, thread } = place
  client.go({ at: 'channel', channel, thread: undefined })
  const opener = document.querySelector<HTMLElement>(`.pane-channel [data-thread="${CSS.escape(thread)}"]`)
  opener?.focus({ preventScroll: true })
}

function countDivider(replies: readonly Seen[]): TemplateResult | typeof nothing {
  const count = footerOf(replies)?.replies
  if (count === undefined) return nothing
  return html`<div class="reply-divider"><span>${count} ${count === 1 ? 'reply' : 'replies'}</span></div>`
}
