import { html, nothing, type TemplateResult } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Client } from '../client.ts'
import { keyOf, type Talk } from '../conversations.ts'
import { type Choice, type Completion, completed, completionsFor } from './completion.ts'
import { icon } from './icons.ts'
import { menuButton } from './menu.ts'

/** The field at the foot of a conversation. */
export function composer(client: Client, talk: Talk, { label }: { readonly label: string }): TemplateResult {
  const key = keyOf(talk)
  const completion = shownCompletion(client, talk)
  const chosen = chosenIn(client, completion)
  const list = `completions-${talk.thread === undefined ? 'channel' : 'thread'}`
  const text = client.memory.composing.draft(talk)
  return html`<div class="composer">
    ${sentLine(client, talk)} ${completion === undefined ? nothing : listbox(client, talk, { completion, chosen, list })}
    <div class="composer-box">
      <textarea
        class="composer-text"
        rows=${Math.min(8, text.split('\n').length)}
        aria-label=${label}
        placeholder=${label}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls=${completion === undefined ? nothing : list}
        aria-activedescendant=${chosen === undefined ? nothing : `${list}-${chosen}`}
        autocomplete="off"
        data-composer=${key}
        .value=${live(text)}
        @input=${(event: Event) => typed(client, talk, event.currentTarget as HTMLTextAreaElement)}
        @click=${(event: Event) => typed(client, talk, event.currentTarget as HTMLTextAreaElement)}
        @keydown=${(event: KeyboardEvent) => pressed(client, talk, event)}
        @blur=${() => stop(client, key)}
      ></textarea>
      <div class="composer-tools">
        ${talk.thread === undefined ? shortcuts(client) : nothing}
        <button type="button" class="send" title="Send (Enter)" ?disabled=${text.trim() === ''} @click=${() => void send(client, talk)}>
          ${icon('send')}<span class="visually-hidden">Send</span>
        </button>
      </div>
    </div>
  </div>`
}

/** What stands in place of the field where this person may not write. */
export function noComposer(words: string): TemplateResult {
  return html`<p class="composer-none">${words}</p>`
}

function shownCompletion(client: Client, talk: Talk): Completion | undefined {
  const { memory, screen } = client
  const { typing } = memory.composing
  if (typing?.key !== keyOf(talk) || typing.dismissed) return undefined
  return completionsFor(memory.composing.draft(talk), typing.caret, screen)
}

function chosenIn({ memory }: Client, completion: Completion | undefined): number | undefined {
  if (completion === undefined) return undefined
  const chosen = memory.composing.typing?.chosen
  if (chosen === undefined) return completion.eager ? 0 : undefined
  return Math.min(chosen, completion.choices.length - 1)
}

function listbox(
  client: Client,
  talk: Talk,
  {
    completion,
    chosen,
    list,
  }: { readonly completion: Completion; readonly chosen: number | undefined; readonly list: string },
): TemplateResult {
  return html`<ul class="completions" role="listbox" id=${list} aria-label=${completion.of}>
    ${completion.choices.map(
      (choice, index) => html`<li
        role="option"
        id="${list}-${index}"
        aria-selected=${index === chosen}
        @pointerdown=${(event: Event) => {
          // The field keeps the focus.
          event.preventDefault()
          take(client, talk, { completion, choice })
        }}
      >
        <b>${choice.label}</b><span>${choice.detail}</span>
      </li>`,
    )}
  </ul>`
}

/** What was sent and has no answer yet, or was turned down. */
function sentLine(client: Client, talk: Talk): TemplateResult | typeof nothing {
  const { memory, redraw, screen } = client
  const sent = memory.composing.sent(talk)
  if (sent === undefined) return nothing
  if (sent.failure === undefined) {
    const waits = sent.text.startsWith('/') ? `Waiting for ${screen.app.name}…` : 'Sending…'
    return html`<p class="sent" role="status"><span class="spinner" aria-hidden="true"></span><b>${sent.text}</b><span>${waits}</span></p>`
  }
  const dismiss = () => {
    memory.composing.settle(talk)
    redraw()
  }
  return html`<p class="sent sent-failed" role="alert">
    <span aria-hidden="true">⚠</span><span>${sent.failure}</span>
    <button type="button" class="icon-button" aria-label="Dismiss" @click=${dismiss}>${icon('close')}</button>
  </p>`
}

function shortcuts(client: Client): TemplateResult | typeof nothing {
  const { app } = client.screen
  const items = app.shortcuts
    .filter(({ kind }) => kind === 'global')
    .map(({ callback, name }) => ({
      label: name,
      detail: app.name,
      choose: () => client.start(client.act('shortcut', { callback })),
    }))
  if (!app.available || items.length === 0) return nothing
  return menuButton(client, { id: 'shortcuts', label: 'Shortcuts', look: 'icon-button', content: icon('bolt'), items })
}

function typed({ memory, redraw }: Client, talk: Talk, field: HTMLTextAreaElement): void {
  memory.composing.setDraft(talk, field.value)
  memory.composing.typing = { key: keyOf(talk), caret: field.selectionStart, chosen: undefined, dismissed: false }
  redraw()
}

function stop({ memory, redraw }: Client, key: string): void {
  if (memory.composing.typing?.key !== key) return
  memory.composing.typing = undefined
  redraw()
}

function pressed(client: Client, talk: Talk, event: KeyboardEvent): void {
  // A key that ends the choice of a letter, as in Japanese, is not for us.
  if (event.isComposing) return
  const completion = shownCompletion(client, talk)
  if (completion !== undefined && walked(client, talk, { completion, event })) return event.preventDefault()
  if (event.key !== 'Enter' || event.shiftKey) return
  event.preventDefault()
  void send(client, talk)
}

/** Whether the key was one for the list of completions. */
function walked(
  client: Client,
  talk: Talk,
  { completion, event }: { readonly completion: Completion; readonly event: KeyboardEvent },
): boolean {
  const { composing } = client.memory
  const typing = composing.typing
  if (typing === undefined) return false
  const { length } = completion.choices
  const chosen = chosenIn(client, completion)
  const mark = (index: number) => {
    composing.typing = { ...typing, chosen: (index + length) % length }
    client.redraw()
    return true
  }
  if (event.key === 'ArrowDown') return mark((chosen ?? -1) + 1)
  if (event.key === 'ArrowUp') return mark((chosen ?? 0) - 1)
  if (event.key === 'Escape') {
    composing.typing = { ...typing, dismissed: true }
    client.redraw()
    return true
  }
  const takes = event.key === 'Tab' ? !event.shiftKey : event.key === 'Enter' && !event.shiftKey && chosen !== undefined
  const choice = completion.choices[chosen ?? 0]
  if (!takes || choice === undefined) return false
  take(client, talk, { completion, choice })
  return true
}

function take(client: Client, talk: Talk, picked: { readonly completion: Completion; readonly choice: Choice }): void {
  const { composing } = client.memory
  const caret = composing.typing?.caret ?? 0
  const after = completed(composing.draft(talk), caret, picked)
  composing.setDraft(talk, after.text)
  composing.typing = { key: keyOf(talk), caret: after.caret, chosen: undefined, dismissed: false }
  const field = document.querySelector<HTMLTextAreaElement>(`[data-composer="${CSS.escape(keyOf(talk))}"]`)
  if (field !== null) {
    field.value = after.text
    field.setSelectionRange(after.caret, after.caret)
  }
  client.redraw()
}

/** Sends what is in the field: a command when it begins with a slash, as in Slack, otherwise a message. */
async function send(client: Client, talk: Talk): Promise<void> {
  const { composing, scrolledUp } = client.memory
  const text = composing.draft(talk).trimEnd()
  if (text.trim() === '') return
  composing.send(talk, text)
  scrolledUp.delete(keyOf(talk))
  client.redraw()
  const failure = await failureOf(client, talk, text)
  if (failure === undefined) composing.settle(talk)
  else composing.fail(talk, failure)
  client.redraw()
}

/** Why it was not taken, in the words that Slack or the demo gives; undefined when it was. */
async function failureOf(client: Client, { channel, thread }: Talk, text: string): Promise<string | undefined> {
  const message = { text, channel, ...(thread !== undefined && { thread }) }
  try {
    if (!text.startsWith('/')) {
      await client.quietly('say', message)
      return undefined
    }
    const outcome = await client.quietly('command', message)
    return outcome.ok ? undefined : outcome.text
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
