import { html, nothing, type TemplateResult } from 'lit-html'
import { ref } from 'lit-html/directives/ref.js'
import { styleMap } from 'lit-html/directives/style-map.js'
import type { Client } from '../client.ts'

export type MenuItem = { readonly label: string; readonly detail?: string; readonly choose: () => void }

/** About how high an item is, to tell whether a menu fits below its button. */
const itemHeight = 56
const width = 260
const margin = 8

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
  const menu = memory.menu?.id === button.id ? memory.menu : undefined
  const toggle = (event: Event) => {
    memory.menu = menu === undefined ? placed(button.id, event.currentTarget, button.items.length) : undefined
    redraw()
  }
  return html`<span class="menu-button" data-menu>
    <button
      type="button"
      class=${button.look}
      aria-label=${button.label}
      title=${button.label}
      aria-haspopup="menu"
      aria-expanded=${menu !== undefined}
      tabindex=${button.tabindex ?? nothing}
      @click=${toggle}
    >
      ${button.content}
    </button>
    ${menu === undefined ? nothing : menuOf(client, { label: button.label, items: button.items, menu })}
  </span>`
}

/** Closes the menu that is open. `restore` puts the focus back on its button. */
export function closeMenu({ memory, redraw }: Client, { restore }: { readonly restore: boolean }): void {
  if (memory.menu === undefined) return
  const opener = document.querySelector<HTMLElement>('[data-menu] > [aria-expanded="true"]')
  memory.menu = undefined
  if (restore) opener?.focus()
  redraw()
}

type Shown = {
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly menu: { readonly left: number; readonly top: number; readonly up: boolean }
}

function menuOf(client: Client, { label, items, menu }: Shown): TemplateResult {
  const place = menu.up
    ? { left: `${menu.left}px`, bottom: `${window.innerHeight - menu.top}px` }
    : { left: `${menu.left}px`, top: `${menu.top}px` }
  const choose = (item: MenuItem) => {
    closeMenu(client, { restore: true })
    item.choose()
  }
  return html`<div
    role="menu"
    class="menu"
    aria-label=${label}
    style=${styleMap({ width: `${width}px`, ...place })}
    ${ref(focusFirst)}
    @keydown=${(event: KeyboardEvent) => walk(client, event)}
  >
    ${items.map(
      (item) => html`<button type="button" role="menuitem" tabindex="-1" @click=${() => choose(item)}>
        <span>${item.label}</span>
        ${item.detail === undefined ? nothing : html`<small aria-hidden="true">${item.detail}</small>`}
      </button>`,
    )}
  </div>`
}

function focusFirst(menu: Element | undefined): void {
  menu?.querySelector<HTMLElement>('[role="menuitem"]')?.focus()
}

function walk(client: Client, event: KeyboardEvent): void {
  if (event.key === 'Tab') return closeMenu(client, { restore: true })
  if (event.key === 'Escape') {
    event.preventDefault()
    return closeMenu(client, { restore: true })
  }
  const menu = event.currentTarget as HTMLElement
  const items = [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')]
  const at = items.findIndex((item) => item === document.activeElement)
  const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }
  const to = steps[event.key]
  if (to === undefined) return
  event.preventDefault()
  items.at(to % items.length)?.focus()
}

function placed(id: string, opener: EventTarget | null, items: number): NonNullable<Client['memory']['menu']> {
  const box = (opener as HTMLElement).getBoundingClientRect()
  const left = Math.max(margin, Math.min(box.left, window.innerWidth - width - margin))
  const up = box.bottom + items * itemHeight + margin > window.innerHeight
  return { id, left, up, top: up ? box.top - 4 : box.bottom + 4 }
}
