import { html, nothing, type TemplateResult } from 'lit-html'
import { blocksOf } from '../blocks/blocks.ts'
import type { Client } from '../client.ts'
import { composer, noComposer } from './composer.ts'
import { icon } from './icons.ts'
import { messageList } from './message-list.ts'

const tabs = [
  { tab: 'home', words: 'Home' },
  { tab: 'messages', words: 'Messages' },
] as const

/** The app's own place: its Home tab, and what it wrote to this person directly. */
export function appView(client: Client, tab: 'home' | 'messages'): TemplateResult {
  const { screen } = client
  return html`<main id="main" class="pane pane-channel" tabindex="-1">
    <header class="pane-head pane-head-app">
      <span class="avatar avatar-app" aria-hidden="true">${icon('shield')}</span>
      <h1>${screen.app.name}</h1>
      <span class="app-badge">APP</span>
      <div role="tablist" aria-label="${screen.app.name}" class="tabs" @keydown=${(event: KeyboardEvent) => walk(event)}>
        ${tabs.map(
          (each) => html`<button
            type="button"
            role="tab"
            id="tab-${each.tab}"
            aria-selected=${each.tab === tab}
            aria-controls="panel-${each.tab}"
            tabindex=${each.tab === tab ? 0 : -1}
            @click=${() => client.go({ at: 'app', tab: each.tab })}
          >
            ${each.words}
          </button>`,
        )}
      </div>
    </header>
    <div class="app-panel" role="tabpanel" id="panel-${tab}" aria-labelledby="tab-${tab}" tabindex="0">
      ${tab === 'home' ? home(client) : directMessages(client)}
    </div>
  </main>`
}

function home(client: Client): TemplateResult {
  const { screen, memory } = client
  const { home: load } = memory
  if (!screen.app.available)
    return html`<p class="app-none">This app belongs to ${screen.workspace}. People of other companies do not have it.</p>`
  return html`<div class="home" aria-busy=${load.is === 'loading'}>
    ${load.is === 'loading' ? html`<p class="home-state" role="status"><span class="spinner" aria-hidden="true"></span>Loading Home…</p>` : nothing}
    ${load.is === 'failed' ? html`<p class="home-state home-failed" role="alert">⚠ ${load.words}</p>` : nothing}
    ${
      screen.home === null
        ? load.is === 'shown'
          ? html`<p class="app-none">${screen.app.name} has put nothing here yet.</p>`
          : nothing
        : blocksOf(client, screen.home.blocks, { home: true })
    }
  </div>`
}

function directMessages(client: Client): TemplateResult {
  const { screen, talks } = client
  const direct = screen.channels.find(({ kind }) => kind === 'im')
  const name = screen.app.name
  return html`<div class="conversation">
      ${messageList(client, {
        talk: { channel: direct?.id ?? 'none' },
        messages: direct === undefined ? [] : (talks.get(direct.id) ?? []),
        label: `Messages from ${name}`,
        beginning: html`<div class="beginning"><p>What ${name} writes to you alone stands here.</p></div>`,
      })}
    </div>
    ${
      direct?.writable === true
        ? composer(client, { channel: direct.id }, { label: `Message ${name}` })
        : noComposer('Sending messages to this app has been turned off.')
    }`
}

function walk(event: KeyboardEvent): void {
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
  const list = event.currentTarget as HTMLElement
  const other = list.querySelector<HTMLElement>('[role="tab"][aria-selected="false"]')
  event.preventDefault()
  other?.focus()
  other?.click()
}
