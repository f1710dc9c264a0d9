import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import { object, text } from '../../../slack/json.ts'
import { askForMessage } from '../events.ts'
import { isConfirmed } from './confirm.ts'
import { Drawn } from './drawn.ts'
import { isAddress, messageOf } from './links.ts'
import { plainObject } from './mrkdwn.ts'
import type { Acting } from './press.ts'
import { addressOf, press } from './press.ts'

/** A `button`: pressed once at a time, and it says so when the app did not answer. */
export class BlockButton extends Drawn<Acting> {
  #waiting = false
  #failed: string | undefined

  protected template({ element }: Acting): TemplateResult {
    const style = element['style'] === 'primary' || element['style'] === 'danger' ? `act ${element['style']}` : 'act'
    return html`<button
        type="button"
        class=${style}
        aria-busy=${this.#waiting ? 'true' : nothing}
        aria-label=${text(element['accessibility_label']) || nothing}
        @click=${(event: MouseEvent) => void this.#click(event)}
      >
        <span class="act-words">${plainObject(object(element['text']))}</span
        >${this.#waiting ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}</button
      >${failedMark(this.#failed)}`
  }

  async #click(event: MouseEvent): Promise<void> {
    const { scene, element } = this.has
    if (this.#waiting || event.detail > 1) {
      scene.warn('That was sent once already.')
      return
    }
    if (!(await isConfirmed(scene.context, element))) return
    this.#open(addressOf(element))
    this.#waiting = true
    this.#failed = undefined
    this.draw()
    this.#failed = await press(this.has)
    this.#waiting = false
    this.draw()
  }

  #open(url: string): void {
    const message = messageOf(url, this.has.scene.context.screen.workspace)
    if (message !== undefined) askForMessage(this, message)
    else if (isAddress(url)) window.open(url, '_blank', 'noopener,noreferrer')
  }
}

/** Slack's sign beside an element whose press came to nothing. */
export function failedMark(words: string | undefined): TemplateResult | typeof nothing {
  return words === undefined
    ? nothing
    : html`<span class="act-failed" role="img" aria-label=${words} title=${words}>⚠</span>`
}

customElements.define('block-button', BlockButton)
