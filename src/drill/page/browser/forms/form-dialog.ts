import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import type { Form, Submitted } from '../../../slack/acts/seen.ts'
import type { Json, JsonObject } from '../../../slack/json.ts'
import { object, text } from '../../../slack/json.ts'
import { blockView, listOf } from '../blocks/blocks.ts'
import { Drawn } from '../blocks/drawn.ts'
import type { Scene } from '../blocks/press.ts'
import { press, wordsOf } from '../blocks/press.ts'
import type { Context } from '../context.ts'
import { sendsEachLetter } from './acting-input.ts'
import type { Moment } from './field.ts'
import { inputBlock } from './field.ts'
import type { Entered } from './values.ts'
import { faultIn, isSentUntouched, jsonOf, placeOf, startOf } from './values.ts'

/** A form, and where it lies in the person's stack. */
export type Opened = {
  readonly context: Context
  readonly form: Form
  /** Nothing lies on it: this is the one that is seen. */
  readonly top: boolean
  /** Another form lies below, to go back to. */
  readonly pushed: boolean
}

const trouble = 'We had some trouble connecting. Try again?'

/**
 * One form as a modal dialog. What was typed stays while the app changes the form in place, by block id and action id, and
 * when sending it came to nothing.
 */
export class FormDialog extends Drawn<Opened> {
  readonly #entered = new Map<string, Entered>()
  #errors: Readonly<Record<string, string>> = {}
  #sending = false
  #failed: string | undefined
  #opener: Element | null = null
  #pause: ReturnType<typeof setTimeout> | undefined

  connectedCallback(): void {
    this.#opener = document.activeElement
    this.draw()
  }

  disconnectedCallback(): void {
    clearTimeout(this.#pause)
    // A dialog that is taken out of the document gives the focus to nobody.
    if (this.#opener instanceof HTMLElement && this.#opener.isConnected) this.#opener.focus()
  }

  protected override draw(): void {
    super.draw()
    if (this.isConnected) this.#show()
  }

  protected template({ form, pushed }: Opened): TemplateResult {
    const { id, title } = form
    const fields = form.blocks.some(isInput)
    return html`<dialog
      class="form"
      aria-labelledby="title-${id}"
      aria-describedby=${fields ? nothing : `body-${id}`}
      @cancel=${(event: Event) => this.#cancel(event)}
    >
      <form novalidate @submit=${(event: Event) => void this.#submit(event)} @keydown=${(event: KeyboardEvent) => this.#key(event)}>
        <header class="form-head">
          ${pushed ? html`<button type="button" class="form-icon" aria-label="Back" @click=${() => this.#close(false)}>‹</button>` : nothing}
          <h1 id="title-${id}">${title}</h1>
          <button type="button" class="form-icon" aria-label="Dismiss form" title="Close" @click=${() => this.#close(true)}>✕</button>
        </header>
        ${this.#failed === undefined ? nothing : html`<p class="form-trouble" role="alert">⚠ ${this.#failed}</p>`}
        <div class="form-body" id="body-${id}" tabindex=${fields ? nothing : 0}>${listOf(form.blocks, (block) => this.#block(block))}</div>
        ${this.#foot(this.has)}
      </form>
    </dialog>`
  }

  #foot({ form }: Opened): TemplateResult {
    const send =
      form.submit === undefined
        ? nothing
        : html`<button type="submit" class="act primary filled" aria-busy=${this.#sending ? 'true' : nothing}>
            <span class="act-words">${form.submit}</span>${this.#sending ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}
          </button>`
    return html`<footer class="form-foot">
      <span class="visually-hidden" role="status">${this.#sending ? 'Sending…' : ''}</span>
      <button type="button" class="act" data-close @click=${() => this.#close(form.closesAll)}>${form.close}</button>
      ${send}
    </footer>`
  }

  #block(block: JsonObject): TemplateResult {
    if (!isInput(block)) return blockView(this.#scene, block)
    const { context, form } = this.has
    const element = object(block['element'])
    const blockId = text(block['block_id'])
    const field = {
      context,
      id: `field-${form.id}-${blockId}`.replaceAll(/[^\w-]/g, '_'),
      element,
      busy: false,
      entered: this.#valueOf(block),
      change: (entered: Entered, moment: Moment) => this.#change(block, entered, moment),
      ask: (typed: string) =>
        context.act('type', { view: form.id, block: blockId, action: text(element['action_id']), text: typed }),
    }
    return html`<div class="block">${inputBlock(block, field, this.#errors[blockId])}</div>`
  }

  get #scene(): Scene {
    const { context, form } = this.has
    // A notice over the page could not be seen behind the form.
    const warn = (words: string) => {
      this.#failed = words
      this.draw()
    }
    return { context, at: { view: form.id }, warn }
  }

  #valueOf(block: JsonObject): Entered {
    const element = object(block['element'])
    return this.#entered.get(placeOf(block, element)) ?? startOf(element)
  }

  #change(block: JsonObject, entered: Entered, moment: Moment): void {
    const element = object(block['element'])
    const blockId = text(block['block_id'])
    this.#entered.set(placeOf(block, element), entered)
    this.#errors = Object.fromEntries(Object.entries(this.#errors).filter(([wrong]) => wrong !== blockId))
    this.draw()
    if (block['dispatch_action'] !== true || (moment === 'typed' && !sendsEachLetter(element))) return
    clearTimeout(this.#pause)
    const tell = () => void press({ scene: this.#scene, block, element }, jsonOf(element, entered))
    this.#pause = setTimeout(tell, moment === 'typed' ? 400 : 0)
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    this.querySelector('form')?.requestSubmit()
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault()
    const { context, form } = this.has
    if (this.#sending || form.submit === undefined) return
    const inputs = form.blocks.filter(isInput)
    const faults = inputs.flatMap((block) => {
      const fault = faultIn(block, this.#valueOf(block))
      return fault === undefined ? [] : [[text(block['block_id']), fault] as const]
    })
    this.#failed = undefined
    if (faults.length > 0) {
      this.#showErrors(Object.fromEntries(faults))
      return
    }
    this.#sending = true
    this.#errors = {}
    this.draw()
    const answer = await context
      .act('submit', { view: form.id, values: this.#values(inputs) })
      .catch((why: unknown): Submitted => ({ ok: false, error: wordsOf(why), text: trouble }))
    this.#answered(answer)
  }

  /** Every field as the person sees it: Slack may remember more of this form than this window does. */
  #values(inputs: readonly JsonObject[]): Readonly<Record<string, Json>> {
    return Object.fromEntries(
      inputs.flatMap((block) => {
        const element = object(block['element'])
        const touched = this.#entered.has(placeOf(block, element))
        if (!touched && !isSentUntouched(element)) return []
        return [[text(block['block_id']), jsonOf(element, this.#valueOf(block))] as const]
      }),
    )
  }

  #answered(answer: Submitted): void {
    // A form that closes, or lies below another one, is on its way out: it does not come to life again.
    this.#sending = answer.ok && answer.now === 'closed'
    this.#failed = answer.ok ? undefined : answer.text
    if (answer.ok && answer.now === 'errors') this.#showErrors(answer.errors)
    else this.draw()
  }

  #showErrors(errors: Readonly<Record<string, string>>): void {
    this.#errors = errors
    this.draw()
    const wrong = this.querySelector<HTMLElement>('.field[data-wrong]')
    wrong?.querySelector<HTMLElement>('input, textarea, [tabindex]')?.focus()
    wrong?.scrollIntoView({ block: 'nearest' })
  }

  #cancel(event: Event): void {
    // The app decides what closing means, so the dialog does not go by itself.
    event.preventDefault()
    this.#close(false)
  }

  #close(all: boolean): void {
    const { context, form } = this.has
    void context.act('close', all ? { all } : { view: form.id }).catch((why: unknown) => {
      this.#failed = wordsOf(why)
      this.draw()
    })
  }

  #show(): void {
    const dialog = this.querySelector('dialog')
    if (dialog === null) return
    if (!this.has.top) {
      if (dialog.open) dialog.close()
      return
    }
    if (!dialog.open) {
      dialog.showModal()
      this.#focusFirst(dialog)
    } else if (document.activeElement === document.body) this.#focusFirst(dialog)
  }

  /** The field the app wants first, or the first one; a form without fields is there to be read and closed. */
  #focusFirst(dialog: HTMLDialogElement): void {
    const wanted = this.has.form.blocks.findIndex((block) => object(block['element'])['focus_on_load'] === true)
    const fields = dialog.querySelectorAll<HTMLElement>('.field')
    const before = this.has.form.blocks.slice(0, Math.max(0, wanted)).filter(isInput).length
    const field = fields.item(before) as HTMLElement | null
    const first =
      field?.querySelector<HTMLElement>('input:checked') ?? field?.querySelector<HTMLElement>('input, textarea')
    const target = first ?? dialog.querySelector<HTMLElement>('[data-close]')
    target?.focus()
  }
}

function isInput(block: JsonObject): boolean {
  return block['type'] === 'input'
}

customElements.define('form-dialog', FormDialog)
