import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { object, objects, text } from '../../../slack/json.ts'
import { failedMark } from './button.ts'
import { isConfirmed } from './confirm.ts'
import { Drawn } from './drawn.ts'
import { isAddress } from './links.ts'
import { plainObject } from './mrkdwn.ts'
import type { Popup } from './popup.ts'
import { openPopup } from './popup.ts'
import type { Acting } from './press.ts'
import { addressOf, press } from './press.ts'

/** An `overflow` menu, by the pattern of a menu button: arrow keys, Home, End, the first letter, Escape. */
export class BlockOverflow extends Drawn<Acting> {
  #popup: Popup | undefined
  #waiting = false
  #failed: string | undefined

  disconnectedCallback(): void {
    this.#popup?.close()
    this.#popup = undefined
  }

  protected template({ element }: Acting): TemplateResult {
    const options = objects(element['options'])
    return html`<button
        type="button"
        class="act more"
        aria-label="More"
        title="More"
        aria-haspopup="menu"
        aria-expanded=${this.#popup === undefined ? 'false' : 'true'}
        aria-busy=${this.#waiting ? 'true' : nothing}
        @click=${() => this.#toggle()}
        @keydown=${(event: KeyboardEvent) => this.#openByKey(event)}
      >
        ${this.#waiting ? html`<span class="spinner" aria-hidden="true"></span>` : html`<span aria-hidden="true">•••</span>`}</button
      >${failedMark(this.#failed)}
      <div
        class="popup menu-list"
        popover="manual"
        role="menu"
        aria-label="More"
        @keydown=${(event: KeyboardEvent) => this.#walk(event)}
        @focusout=${(event: FocusEvent) => this.#left(event)}
      >
        ${options.map((option) => this.#item(option))}
      </div>`
  }

  #item(option: JsonObject): TemplateResult {
    const about = text(object(option['description'])['text'])
    return html`<button
      type="button"
      role="menuitem"
      tabindex="-1"
      @click=${(event: MouseEvent) => void this.#choose(option, event)}
    >
      ${plainObject(object(option['text']))}${
        about === '' ? nothing : html`<span class="option-about">${plainObject(object(option['description']))}</span>`
      }
    </button>`
  }

  get #items(): readonly HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role="menuitem"]')]
  }

  #toggle(): void {
    if (this.#waiting) this.has.scene.warn('That was sent once already.')
    else if (this.#popup === undefined) this.#show(0)
    else this.#close()
  }

  #openByKey(event: KeyboardEvent): void {
    if (this.#waiting || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return
    event.preventDefault()
    this.#show(event.key === 'ArrowDown' ? 0 : -1)
  }

  #show(first: number): void {
    const list = this.querySelector<HTMLElement>('[popover]')
    const anchor = this.querySelector('button')
    if (list === null || anchor === null) return
    this.#popup ??= openPopup(list, anchor, { asWide: false, away: () => this.#close() })
    this.draw()
    this.#items.at(first)?.focus()
  }

  #close(): void {
    this.#popup?.close()
    this.#popup = undefined
    this.draw()
  }

  #closeToButton(): void {
    this.#close()
    this.querySelector('button')?.focus()
  }

  #left({ relatedTarget }: FocusEvent): void {
    if (this.#popup !== undefined && !(relatedTarget instanceof Node && this.contains(relatedTarget))) this.#close()
  }

  #walk(event: KeyboardEvent): void {
    const items = this.#items
    const at = items.findIndex((item) => item === document.activeElement)
    const next = nextItem(event.key, { at, names: items.map((item) => item.textContent.trim()) })
    if (event.key === 'Escape' || event.key === 'Tab') this.#closeToButton()
    else if (next !== undefined) items.at(next)?.focus()
    else return
    // A Tab goes on from the button; Escape is not also for the form around it.
    event.stopPropagation()
    if (event.key !== 'Tab') event.preventDefault()
  }

  async #choose(option: JsonObject, event: MouseEvent): Promise<void> {
    if (event.detail > 1) return
    this.#closeToButton()
    const { scene, element } = this.has
    if (!(await isConfirmed(scene.context, element))) return
    const url = addressOf(option)
    if (isAddress(url)) window.open(url, '_blank', 'noopener,noreferrer')
    this.#waiting = true
    this.#failed = undefined
    this.draw()
    this.#failed = await press(this.has, text(option['value']))
    this.#waiting = false
    this.draw()
  }
}

/** Where a key leads in a menu: an arrow around its ends, Home, End, or a letter to the next item that begins with it. */
function nextItem(
  key: string,
  { at, names }: { readonly at: number; readonly names: readonly string[] },
): number | undefined {
  const count = names.length
  if (key === 'ArrowDown') return (at + 1) % count
  if (key === 'ArrowUp') return (at - 1 + count) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  if (!/^.$/u.test(key)) return undefined
  const after = [...names.keys()].map((place) => (place + at + 1) % count)
  return after.find((place) => names[place]?.toLowerCase().startsWith(key.toLowerCase()))
}

customElements.define('block-overflow', BlockOverflow)
