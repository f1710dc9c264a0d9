import { html, nothing, type TemplateResult } from 'lit-html'
import type { Client } from '../client.ts'
import { icon } from './icons.ts'
import { addressOf } from './people.ts'

/** One line that says what could be tried next. It can be sent away, and called back. */
export function hint(client: Client): TemplateResult | typeof nothing {
  const { screen, memory, redraw } = client
  if (!memory.hint) return nothing
  const { words, switchTo, progress } = screen.hint
  const hide = () => {
    memory.setHint(false)
    redraw()
  }
  return html`<div class="hint">
    <div class="hint-line" role="status" aria-label="What to try next">
      <b class="hint-label">Try next</b> <span>${words}</span>
    </div>
    ${
      switchTo === null || switchTo === screen.me.handle
        ? nothing
        : html`<a class="hint-switch" href=${addressOf(client, switchTo)}><span class="hint-verb">Continue as</span> ${switchTo}</a>`
    }
    <progress class="hint-progress" max="1" value=${progress} aria-label="How far the first incident is"></progress>
    <button type="button" class="icon-button" aria-label="Hide the hint" title="Hide the hint" @click=${hide}>${icon('close')}</button>
  </div>`
}

/** Calls the hint back. */
export function hintButton({ memory, redraw }: Client): TemplateResult | typeof nothing {
  if (memory.hint) return nothing
  const show = () => {
    memory.setHint(true)
    redraw()
  }
  return html`<button type="button" class="top-button" aria-label="What to try next" title="What to try next" @click=${show}>?</button>`
}
