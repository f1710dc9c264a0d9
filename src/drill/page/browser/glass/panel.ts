import { html, type TemplateResult } from 'lit-html'
import { AsyncDirective } from 'lit-html/async-directive.js'
import { directive } from 'lit-html/directive.js'
import type { Context } from '../context.ts'
import { accountSection } from './account.ts'
import { attackerSection } from './attacker.ts'
import { ledgerSection } from './ledger.ts'
import { machineSection } from './machine.ts'
import { newMemory, type View, windowStorage } from './memory.ts'
import { queueSection } from './queue.ts'

/** What no one sees in Slack: the account, the attacker, the queue, the machine, the ledger. To be placed once, inside the region "Behind the glass". */
export function glassPanel(context: Context): TemplateResult {
  return html`<div class="glass">${panel(context)}</div>`
}

/** Remembers for as long as the panel stands in the page, and lets ages grow while anything has one. */
class Panel extends AsyncDirective {
  readonly #memory = newMemory(windowStorage())
  #next: ReturnType<typeof setTimeout> | undefined

  override render(context: Context): TemplateResult {
    const view = { context, memory: this.#memory, now: new Date() }
    this.#drawAgain(context)
    return sections(view)
  }

  override disconnected(): void {
    clearTimeout(this.#next)
    this.#next = undefined
  }

  #drawAgain({ screen, redraw }: Context): void {
    if (this.#next !== undefined || !this.isConnected || screen.queue.orders.length === 0) return
    this.#next = setTimeout(() => {
      this.#next = undefined
      redraw()
    }, 1000)
  }
}

const panel = directive(Panel)

function sections(view: View): TemplateResult {
  return html`
    ${accountSection(view)} ${attackerSection(view)} ${queueSection(view)} ${machineSection(view)} ${ledgerSection(view)}
  `
}
