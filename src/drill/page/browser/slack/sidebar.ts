import { html, nothing, type TemplateResult } from 'lit-html'
import type { Channel } from '../../wire.ts'
import { type Client, speaker } from '../client.ts'
import type { Place } from '../place.ts'
import { avatar } from './avatar.ts'
import { icon } from './icons.ts'

/** The channels this person has, and the app. */
export function sidebar(client: Client): TemplateResult {
  const { screen } = client
  const channels = screen.channels.filter(({ kind }) => kind !== 'im')
  const { name } = speaker(client, screen.me.user)
  return html`<nav class="pane pane-channels sidebar" aria-label="Channels">
    <p class="sidebar-workspace">
      <b>${screen.me.outside && !screen.app.available ? `Shared by ${screen.workspace}` : screen.workspace}</b>
      <span>${name}</span>
    </p>
    <h2>Channels</h2>
    <ul>
      ${channels.map((channel) => channelRow(client, channel))}
    </ul>
    ${channels.length === 0 ? html`<p class="sidebar-none">None</p>` : nothing}
    ${
      screen.app.available
        ? html`<h2>Apps</h2>
          <ul>
            ${appRow(client)}
          </ul>`
        : nothing
    }
  </nav>`
}

/** The number beside what is unread. The name of its button says it in words, so this one is for the eye alone. */
export function unreadBadge(count: number): TemplateResult | typeof nothing {
  return count === 0 ? nothing : html`<span class="unread-badge" data-count=${count} aria-hidden="true"></span>`
}

function channelRow(client: Client, channel: Channel): TemplateResult {
  const { id, name, kind, archived } = channel
  const unread = client.memory.reading.unreadOf(client.talks, id)
  return row(client, {
    to: { at: 'channel', channel: id, thread: undefined },
    sign: kind === 'private' ? icon('lock') : '#',
    words: name,
    label: `# ${name}`,
    title: [kind === 'private' ? 'Private channel' : 'Channel', archived ? 'archived' : ''].filter(Boolean).join(', '),
    current: client.place.at === 'channel' && client.place.channel === id,
    unread,
  })
}

function appRow(client: Client): TemplateResult {
  const { screen, place, memory, talks } = client
  const direct = screen.channels.find(({ kind }) => kind === 'im')
  const unread = direct === undefined ? 0 : memory.reading.unreadOf(talks, direct.id)
  return row(client, {
    to: { at: 'app', tab: unread > 0 ? 'messages' : 'home' },
    sign: avatar({ id: screen.app.user, name: screen.app.name, bot: true }),
    words: screen.app.name,
    label: screen.app.name,
    title: 'App',
    current: place.at === 'app',
    unread,
  })
}

function row(
  client: Client,
  shown: {
    readonly to: Place
    readonly sign: unknown
    readonly words: string
    readonly label: string
    readonly title: string
    readonly current: boolean
    readonly unread: number
  },
): TemplateResult {
  const { to, sign, words, label, title, current, unread } = shown
  return html`<li>
    <button
      type="button"
      class="sidebar-row"
      aria-label=${unread > 0 ? `${label}, ${unread} unread` : label}
      aria-current=${current ? 'page' : nothing}
      title=${title}
      data-unread=${unread > 0}
      @click=${() => client.go(to)}
    >
      <span class="sidebar-sign" aria-hidden="true">${sign}</span><span class="sidebar-words">${words}</span>
      ${unreadBadge(unread)}
    </button>
  </li>`
}
