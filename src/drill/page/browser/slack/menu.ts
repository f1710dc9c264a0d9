import { html, nothing, type TemplateResult } from 'lit-html'
import { AsyncDirective } from 'lit-html/async-directive.js'
import { type DirectiveResult, directive, type ElementPart } from 'lit-html/directive.js'
import { openPopup, type Popup } from '../blocks/popup.ts'
import type { Client } from '../client.ts'

export type MenuItem = { readonly label: string; readonly detail?: string; readonly choose: () => void }

/** A button that opens a menu, as the menu button pattern of ARIA has it: arrow keys, Home, End, Escape, and focus back where it came from. */
export function menuButton(
  client: Client,
  button: {
    /** Tells menus apart in a window. */
    readonly id: string
    readonly label: string
    readonly look: string
    readonly content: unknown
    readonly items: readonly MenuItem[]
    readonly tabindex?: number
  },
): TemplateResult {
  const { memory, redraw } = client
  const isOpen = memory.menu === button.id
  const toggle = () => {
    memory.menu = isOpen ? undefined : button.id
    redraw()
  }
  return html`<span class="menu-button" data-menu>
    <button
      type="button"
      class=${button.look}
      aria-label=${button.label}
      title=${button.label}
      aria-haspopup="menu"
      aria-expanded=${isOpen}
      tabindex=${button.tabindex ?? nothing}
      @click=${toggle}
    >
      ${button.content}</button
    >${isOpen ? menuOf(client, button.label, button.items) : nothing}
  </span>`
}

function menuOf(client: Client, label: string, items: readonly MenuItem[]): TemplateResult {
  const choose = (item: MenuItem) => {
    close(client, { restore: true })
    item.choose()
  }
  return html`<div
    role="menu"
    class="popup menu-list"
    popover="manual"
    aria-label=${label}
    ${overThePage(() => close(client, { restore: false }))}
    @keydown=${(event: KeyboardEvent) => walk(client, event)}
    @focusout=${(event: FocusEvent) => left(client, event)}
  >
    ${items.map(
      (item) => html`<button type="button" role="menuitem" tabindex="-1" @click=${() => choose(item)}>
        ${item.label}${item.detail === undefined ? nothing : html`<small class="menu-detail" aria-hidden="true">${item.detail}</small>`}
      </button>`,
    )}
  </div>`
}

function close({ memory, redraw }: Client, { restore }: { readonly restore: boolean }): void {
  const opener = document.querySelector<HTMLElement>('[data-menu] > [aria-expanded="true"]')
  memory.menu = undefined
  if (restore) opener?.focus()
  redraw()
}

function left(client: Client, { relatedTarget, currentTarget }: FocusEvent): void {
  const inside = relatedTarget instanceof Node && (currentTarget as HTMLElement).contains(relatedTarget)
  if (!inside && relatedTarget !== null && client.memory.menu !== undefined) close(client, { restore: false })
}

function walk(client: Client, event: KeyboardEvent): void {
  // A Tab goes on from the button.
  if (event.key === 'Tab') return close(client, { restore: true })
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role="menuitem"]')]
  const at = items.findIndex((item) => item === document.activeElement)
  const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }
  const to = steps[event.key]
  if (event.key === 'Escape') close(client, { restore: true })
  else if (to !== undefined) items.at(to % items.length)?.focus()
  else return
  event.preventDefault()
  event.stopPropagation()
}

/** Shows a menu over the page beside its button, its first item with the focus, for as long as it is drawn. */
class OverThePage extends AsyncDirective {
  #popup: Popup | undefined

  override render(_away: () => void): typeof nothing {
    return nothing
  }

  override update({ element }: ElementPart, [away]: [() => void]): typeof nothing {
    // What is drawn for the first time is not on the page yet.
    if (this.#popup === undefined) queueMicrotask(() => this.#open(element as HTMLElement, away))
    return nothing
  }

  override disconnected(): void {
    this.#popup?.close()
  }

  #open(menu: HTMLElement, away: () => void): void {
    const button = menu.parentElement?.querySelector<HTMLElement>('[aria-haspopup="menu"]')
    if (this.#popup !== undefined || !this.isConnected || button === null || button === undefined) return
    this.#popup = openPopup(menu, button, { asWide: false, away })
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.focus()
  }
}

const overThePage: (away: () => void) => DirectiveResult<typeof OverThePage> = directive(OverThePage)
