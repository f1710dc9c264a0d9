import { html, nothing, type TemplateResult } from 'lit-html'
import type { Client } from './client.ts'
import type { Link } from './connection.ts'
import { forms } from './forms/forms.ts'
import { glassPanel } from './glass/panel.ts'
import type { Pane } from './memory.ts'
import { channelView } from './slack/channel.ts'
import { hint, hintButton } from './slack/hint.ts'
import { appView } from './slack/home-tab.ts'
import { icon } from './slack/icons.ts'
import { notices } from './slack/notices.ts'
import { drillMark, people, standing } from './slack/people.ts'
import { sidebar, unreadBadge } from './slack/sidebar.ts'
import { parentOf, threadPane } from './slack/thread.ts'

/** Whether everything fits on the window at once. */
export function isWide(): boolean {
  return matchMedia('(min-width: 1200px)').matches
}

/** How the window itself is. */
export type Frame = {
  readonly link: Link
  /** What assistive technology reads out next. */
  readonly announcement: string
}

/** The whole page. */
export function layout(client: Client, frame: Frame): TemplateResult {
  const glassOpen = client.memory.glass(isWide())
  return html`
    <a class="skip" href="#main" @click=${skip}>Skip to the messages</a>
    <header class="top">
      ${drillMark()}
      <div class="top-bar">${people(client)}<span class="top-end">${hintButton(client)}${glassButton(client, glassOpen)}</span></div>
      ${standing(client)} ${hint(client)} ${lost(frame.link)}
    </header>
    <div class="panes" data-pane=${client.memory.pane} data-glass=${glassOpen} data-thread=${parentOf(client) !== undefined}>
      ${sidebar(client)} ${middle(client)} ${thread(client)}
      <div class="pane pane-glass" ?hidden=${!glassOpen && client.memory.pane !== 'glass'}>${glassPanel(client)}</div>
    </div>
    ${bottomBar(client)} ${forms(client)} ${notices(client)}
    <p class="visually-hidden" aria-live="polite">${frame.announcement}</p>
  `
}

/** What stands there until the first screen has come. */
export function opening(link: Link): TemplateResult {
  return html`${drillMark()}
    <p class="opening" role="status">
      <span class="spinner" aria-hidden="true"></span>
      ${link === 'lost' ? 'Connection to the demo lost, trying again' : 'Opening the drill…'}
    </p>`
}

function middle(client: Client): TemplateResult {
  const { place, screen } = client
  if (place.at === 'app') return appView(client, place.tab)
  const channel = screen.channels.find(({ id }) => id === place.channel)
  return channel === undefined ? appView(client, 'home') : channelView(client, channel)
}

function thread(client: Client): TemplateResult | typeof nothing {
  const parent = parentOf(client)
  const channel = client.screen.channels.find(({ id }) => id === parent?.channel)
  return parent === undefined || channel === undefined ? nothing : threadPane(client, channel, parent)
}

function lost(link: Link): TemplateResult {
  return html`<div role="status">
    ${
      link === 'lost'
        ? html`<p class="lost"><span class="spinner" aria-hidden="true"></span>Connection to the demo lost, trying again</p>`
        : nothing
    }
  </div>`
}

function glassButton({ memory, redraw }: Client, open: boolean): TemplateResult {
  const toggle = () => {
    memory.setGlass(!open)
    redraw()
  }
  return html`<button type="button" class="top-button glass-toggle" aria-expanded=${open} @click=${toggle}>
    ${icon('glass')}<span>Behind the glass</span>
  </button>`
}

const bottom: readonly { readonly pane: Pane; readonly words: string }[] = [
  { pane: 'channels', words: 'Channels' },
  { pane: 'channel', words: 'Channel' },
  { pane: 'thread', words: 'Thread' },
  { pane: 'glass', words: 'Glass' },
]

/** On a narrow window: one pane at a time. */
function bottomBar(client: Client): TemplateResult {
  const { memory, redraw, screen, talks } = client
  const parent = parentOf(client)
  const unread: Partial<Record<Pane, number>> = {
    channels: memory.reading.unreadOfAll(talks, screen.channels),
    ...(parent !== undefined && {
      thread: memory.reading.unread(talks, { channel: parent.channel, thread: parent.ts }).length,
    }),
  }
  const show = (pane: Pane) => {
    memory.pane = pane
    redraw()
  }
  return html`<nav class="bottom-bar" aria-label="Panes">
    ${bottom.map(
      ({ pane, words }) => html`<button
        type="button"
        aria-label=${unread[pane] === undefined || unread[pane] === 0 ? nothing : `${words}, ${unread[pane]} unread`}
        aria-current=${memory.pane === pane ? 'page' : nothing}
        ?disabled=${pane === 'thread' && parent === undefined}
        @click=${() => show(pane)}
      >
        ${icon(paneIcon[pane])}<span>${words}</span>${unreadBadge(unread[pane] ?? 0)}
      </button>`,
    )}
  </nav>`
}

const paneIcon = { channels: 'list', channel: 'hash', thread: 'reply', glass: 'glass' } as const

/** Skips the frame without leaving the place: the address says what is shown. */
function skip(event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}
