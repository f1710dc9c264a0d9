import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Seen } from '../../../slack/acts/seen.ts'
import type { Client } from '../client.ts'
import { keyOf, type Talk } from '../conversations.ts'
import { linesOf } from './grouping.ts'
import { icon } from './icons.ts'
import { messageOf } from './message.ts'
import { scrolled } from './scrolling.ts'
import { dayName, dayOf } from './times.ts'

type List = {
  readonly talk: Talk
  readonly messages: readonly Seen[]
  /** What assistive technology calls it. */
  readonly label: string
  /** What stands over the first message, and scrolls with it. */
  readonly beginning: unknown
}

/**
 * A conversation, the newest below. It is a log, but not one that is read out by itself: a card that is edited ten times a minute would never let
 * anybody hear the end; the announcer says what is new.
 */
export function messageList(client: Client, list: List): TemplateResult {
  const key = keyOf(list.talk)
  return html`${keyed(key, scroller(client, key, list))} ${jump(client, list.talk)}`
}

function scroller(client: Client, key: string, { talk, messages, label, beginning }: List): TemplateResult {
  const { memory, talks, redraw } = client
  const lines = linesOf(messages, {
    newFrom: memory.reading.newFrom(talks, talk),
    since: talk.thread,
    dayOf: (ts) => dayOf(ts, client.clock),
  })
  const wanted = memory.reached.get(key)
  const isHere = wanted === talk.thread || messages.some(({ ts }) => ts === wanted)
  const reached = isHere && wanted !== undefined ? wanted : messages.at(-1)?.ts
  const noteScroll = ({ currentTarget }: Event) => {
    if (scrolled(memory, key, currentTarget as HTMLElement)) redraw()
  }
  return html`<div
    role="log"
    aria-live="off"
    aria-label=${label}
    class="messages"
    data-talk=${key}
    tabindex=${messages.length === 0 ? 0 : nothing}
    @scroll=${noteScroll}
    @keydown=${(event: KeyboardEvent) => walk(event)}
    @focusin=${(event: FocusEvent) => reach(client, key, event)}
  >
    <div class="messages-end">
      ${beginning}
      ${repeat(
        lines,
        (line) => line.key,
        (line) => {
          if (line.kind === 'day') return dayDivider(client, line)
          if (line.kind === 'new')
            return html`<div class="new-divider" role="separator" aria-label="New"><span>New</span></div>`
          const { message, continued } = line
          return messageOf(client, { message, continued, talk, reached: message.ts === reached })
        },
      )}
    </div>
  </div>`
}

function dayDivider(
  { now, clock }: Client,
  { ts, isNew }: { readonly ts: string; readonly isNew: boolean },
): TemplateResult {
  const name = dayName(ts, now, clock)
  return html`<div class="day-divider" role="separator" aria-label=${isNew ? `${name}, new` : name} data-new=${isNew}>
    <span title=${dayOf(ts, clock)}>${name}</span>${isNew ? html`<b>New</b>` : nothing}
  </div>`
}

/** The way down when something new came below what is seen. */
function jump(client: Client, talk: Talk): TemplateResult | typeof nothing {
  const { memory, talks, redraw } = client
  const key = keyOf(talk)
  if (!memory.scrolledUp.has(key) || memory.reading.unread(talks, talk).length === 0) return nothing
  const down = () => {
    memory.scrolledUp.delete(key)
    redraw()
  }
  return html`<button type="button" class="jump" @click=${down}>New messages ${icon('down')}</button>`
}

/** Arrow keys go from message to message, so that Tab need not stop at each. */
function walk(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement
  const articles = [...list.querySelectorAll<HTMLElement>('article')]
  const at = articles.indexOf(event.target as HTMLElement)
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: articles.length - 1,
  }
  const to = steps[event.key]
  if (at === -1 || to === undefined) return
  event.preventDefault()
  articles[Math.max(0, Math.min(to, articles.length - 1))]?.focus()
}

function reach({ memory, redraw }: Client, key: string, event: FocusEvent): void {
  const article = (event.target as HTMLElement).closest<HTMLElement>('article')
  const ts = article?.dataset['ts']
  if (article === null || ts === undefined || memory.reached.get(key) === ts) return
  // Now and not with the next drawing: a Tab may come first, and must not stop at the message that was reached before.
  for (const before of (event.currentTarget as HTMLElement).querySelectorAll('article')) before.tabIndex = -1
  article.tabIndex = 0
  memory.reached.set(key, ts)
  redraw()
}
