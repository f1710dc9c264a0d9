import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import { Drawn } from './drawn.ts'

/** A section that Slack may cut, with its "See more". */
export class LongText extends Drawn<TemplateResult> {
  #open = false

  protected template(text: TemplateResult): TemplateResult {
    const toggle = () => {
      this.#open = !this.#open
      this.draw()
    }
    return html`<div class=${this.#open ? nothing : 'cut'}>${text}</div>
      <button type="button" class="see-more" aria-expanded=${this.#open ? 'true' : 'false'} @click=${toggle}>
        ${this.#open ? 'See less' : 'See more'}
      </button>`
  }
}

/** Whether Slack would cut this text where `expand` does not forbid it. */
export function isLong(text: string): boolean {
  return text.length > 700 || text.split('\n').length > 10
}

customElements.define('long-text', LongText)
