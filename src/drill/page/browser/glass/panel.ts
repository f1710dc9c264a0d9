import { html, type TemplateResult } from 'lit-html'
import { AsyncDirective } from 'lit-html/async-directive.js'
import { directive } from 'lit-html/directive.js'
import type { Context } from '../context.ts'
import { accountSection } from './account.ts'
import { recency } from './account-watch.ts'
import { attackerSection } from './attacker.ts'
import { instanceSection } from './instance.ts'
import { ledgerSection } from './ledger.ts'
import { machineSection } from './machine.ts'
import { newMemory, type View, windowStorage } from './memory.ts'
import { queueSection } from './queue.ts'
import { isOpen } from './queue-words.ts'

/** What no one sees in Slack: the account or Autentico, the attacker, the queue, the machine, the ledger. The whole region, to be placed once. */
export function glassPanel(context: Context): TemplateResult {
  return html`<aside class="glass" aria-labelledby="glass-title">
    <h2 id="glass-title">Behind the glass</h2>
    <p class="glass-note">What Slack does not show, as it happens.</p>
    ${panel(context)}
  </aside>`
}

/** Remembers for as long as the panel stands in the page, and draws again while time alone changes what is shown. */
class Panel extends AsyncDirective {
  readonly #memory = newMemory(windowStorage())
  #next: ReturnType<typeof setTimeout> | undefined

  override render(context: Context): TemplateResult {
    const view = { context, memory: this.#memory, now: new Date() }
    const drawn = sections(view)
    this.#drawAgain(view)
    return drawn
  }

  override disconnected(): void {
    clearTimeout(this.#next)
    this.#next = undefined
  }

  #drawAgain({ context, memory, now }: View): void {
    const isTold = [memory.account?.changedAt, memory.instance?.changedAt].some(
      (changedAt) => changedAt !== undefined && recency(changedAt, now) !== 'old',
    )
    const ages = context.screen.queue.orders.some(isOpen)
    if (this.#next !== undefined || !this.isConnected || !(ages || isTold)) return
    this.#next = setTimeout(
      () => {
        this.#next = undefined
        context.redraw()
      },
      ages ? 1000 : 5000,
    )
  }
}

const panel = directive(Panel)

function sections(view: View): TemplateResult {
  return html`
    ${accountSection(view)} ${instanceSection(view)} ${attackerSection(view)} ${queueSection(view)} ${machineSection(view)} ${ledgerSection(view)}
  `
}
