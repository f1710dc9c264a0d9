import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Offered } from '../../../slack/acts/seen.ts'
import { Drawn } from '../blocks/drawn.ts'
import { plainText } from '../blocks/mrkdwn.ts'
import type { Popup } from '../blocks/popup.ts'
import { openPopup } from '../blocks/popup.ts'
import type { Choice, ChoiceGroup } from './choices.ts'
import { fitting } from './choices.ts'

/** What a field for choosing shows, and whom it tells. */
export type ChoiceGiven = {
  readonly id: string
  readonly label: string
  /** Ids of what describes it: hint and error. */
  readonly describedBy: string | undefined
  readonly wrong: boolean
  readonly busy: boolean
  readonly placeholder: string
  /** What there is; undefined where the app is asked from `least` letters on. */
  readonly groups: readonly ChoiceGroup[] | undefined
  readonly ask: (typed: string) => Promise<Offered>
  readonly least: number
  readonly many: boolean
  readonly most: number
  readonly chosen: readonly Choice[]
  /** Whether it may be left empty. */
  readonly clearable: boolean
  readonly change: (chosen: readonly Choice[]) => void
}

/** How long somebody pauses before the app is asked. */
const pauseMs = 300

type Asked =
  | { readonly state: 'nothing' }
  | { readonly state: 'looking' }
  | { readonly state: 'offered'; readonly choices: readonly Choice[] }
  | { readonly state: 'failed'; readonly words: string }

/**
 * A field for choosing, by the pattern of an editable combobox with a list: what is typed narrows the list, or asks the app.
 * Only the answer to what stands in the field now is shown.
 */
export class ChoiceField extends Drawn<ChoiceGiven> {
  #popup: Popup | undefined
  #typed = ''
  #active = -1
  #asked: Asked = { state: 'nothing' }
  #question = 0
  #pause: ReturnType<typeof setTimeout> | undefined

  disconnectedCallback(): void {
    clearTimeout(this.#pause)
    this.#popup?.close()
    this.#popup = undefined
  }

  protected template(given: ChoiceGiven): TemplateResult {
    const { id, chosen, many, clearable } = given
    const open = this.#popup !== undefined
    const single = many ? undefined : chosen[0]
    const shown = open ? this.#typed : single === undefined ? '' : this.#labelOf(single)
    const choices = this.#choices
    return html`<div class="choice" ?data-open=${open} ?data-wrong=${given.wrong} @click=${() => this.#focusInput()}>
        ${many ? this.#chips(given) : nothing}
        <input
          id=${id}
          role="combobox"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          aria-label=${given.label}
          aria-autocomplete="list"
          aria-expanded=${open ? 'true' : 'false'}
          aria-controls="${id}-list"
          aria-activedescendant=${open && this.#active >= 0 && this.#active < choices.length ? `${id}-${this.#active}` : nothing}
          aria-describedby=${given.describedBy ?? nothing}
          aria-invalid=${given.wrong ? 'true' : nothing}
          aria-busy=${given.busy || this.#asked.state === 'looking' ? 'true' : nothing}
          placeholder=${open && single !== undefined ? this.#labelOf(single) : many && chosen.length > 0 ? '' : given.placeholder}
          .value=${live(shown)}
          @input=${(event: Event) => this.#type(event)}
          @keydown=${(event: KeyboardEvent) => this.#key(event)}
          @click=${() => this.#show()}
          @beforeinput=${() => this.#show()}
          @blur=${() => this.#hide()}
        />
        ${given.busy ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}
        ${
          clearable && single !== undefined && !open
            ? html`<button type="button" class="choice-clear" aria-label="Clear ${given.label}" @click=${(event: Event) => this.#clear(event)}>✕</button>`
            : html`<span class="choice-arrow" aria-hidden="true"></span>`
        }
      </div>
      <div class="popup" popover="manual" @pointerdown=${(event: Event) => event.preventDefault()} @mousedown=${(event: Event) => event.preventDefault()}>
        <div role="listbox" id="${id}-list" class="option-list" aria-label=${given.label} aria-multiselectable=${many ? 'true' : nothing}>
          ${open ? this.#list(given) : nothing}
        </div>
        <p class="option-state" role="status">${open ? this.#state(given, choices) : nothing}</p>
      </div>`
  }

  #chips({ chosen, change }: ChoiceGiven): TemplateResult {
    const without = (gone: Choice) => (event: Event) => {
      event.stopPropagation()
      change(chosen.filter((each) => each !== gone))
      this.#focusInput()
    }
    return html`${chosen.map(
      (choice) => html`<span class="chip"
        >${this.#labelOf(choice)}<button type="button" aria-label="Remove ${this.#labelOf(choice)}" @click=${without(choice)}>✕</button></span
      >`,
    )}`
  }

  #list({ id, chosen }: ChoiceGiven): readonly TemplateResult[] {
    const groups = this.#groups
    let place = -1
    const option = (choice: Choice) => {
      place += 1
      return html`<div
        role="option"
        id="${id}-${place}"
        aria-selected=${chosen.some(({ value }) => value === choice.value) ? 'true' : 'false'}
        ?data-active=${place === this.#active}
        @click=${() => this.#choose(choice)}
      >
        ${plainText(choice.text)}${choice.about === '' ? nothing : html`<span class="option-about">${plainText(choice.about)}</span>`}
      </div>`
    }
    return groups.map(({ label, choices: ofGroup }, index) =>
      label === ''
        ? html`${ofGroup.map(option)}`
        : html`<div role="group" aria-labelledby="${id}-group-${index}">
            <div class="option-group" id="${id}-group-${index}" role="presentation">${plainText(label)}</div>
            ${ofGroup.map(option)}
          </div>`,
    )
  }

  #state({ groups, least }: ChoiceGiven, choices: readonly Choice[]): TemplateResult | string | typeof nothing {
    if (groups === undefined && this.#typed.trim().length < least)
      return least === 1 ? 'Type to search.' : `Type ${least} or more letters to search.`
    if (this.#asked.state === 'looking') return html`<span class="spinner" aria-hidden="true"></span> Looking…`
    if (this.#asked.state === 'failed') return html`<span class="option-failed">⚠ ${this.#asked.words}</span>`
    if (choices.length === 0) return 'No results'
    return html`<span class="visually-hidden">${choices.length === 1 ? '1 result' : `${choices.length} results`}</span>`
  }

  get #groups(): readonly ChoiceGroup[] {
    const { groups } = this.has
    if (groups !== undefined) return fitting(groups, this.#typed)
    return this.#asked.state === 'offered' ? [{ label: '', choices: this.#asked.choices }] : []
  }

  get #choices(): readonly Choice[] {
    return this.#groups.flatMap(({ choices }) => choices)
  }

  get #input(): HTMLInputElement | null {
    return this.querySelector('input')
  }

  /** What a choice is called: by those offered where only its value is known. */
  #labelOf({ value, text }: Choice): string {
    const known = this.has.groups?.flatMap(({ choices }) => choices).find((each) => each.value === value)
    return plainText(known?.text ?? (text === '' ? value : text))
  }

  #focusInput(): void {
    this.#input?.focus()
  }

  #show(typed = ''): void {
    const list = this.querySelector<HTMLElement>('[popover]')
    const anchor = this.querySelector<HTMLElement>('.choice')
    if (this.#popup !== undefined || list === null || anchor === null) return
    this.#typed = typed
    this.#popup = openPopup(list, anchor, { asWide: true, away: () => this.#hide() })
    const { chosen, groups } = this.has
    this.#active = groups === undefined ? -1 : this.#choices.findIndex(({ value }) => value === chosen[0]?.value)
    if (groups === undefined) this.#ask()
    this.#refresh()
  }

  #hide(): void {
    if (this.#popup === undefined) return
    clearTimeout(this.#pause)
    this.#question += 1
    this.#popup.close()
    this.#popup = undefined
    this.#asked = { state: 'nothing' }
    this.#typed = ''
    this.draw()
  }

  /** Draws again while the list is open, and keeps it and what is active in it in view. */
  #refresh(): void {
    this.draw()
    this.#popup?.place()
    this.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' })
  }

  #type(event: Event): void {
    const typed = (event.target as HTMLInputElement).value
    this.#show(typed)
    this.#typed = typed
    if (this.has.groups === undefined) this.#ask()
    this.#active = this.#choices.length > 0 ? 0 : -1
    this.#refresh()
  }

  #ask(): void {
    const { least, ask } = this.has
    const typed = this.#typed.trim()
    const question = ++this.#question
    clearTimeout(this.#pause)
    if (typed.length < least) {
      this.#asked = { state: 'nothing' }
      return
    }
    this.#asked = { state: 'looking' }
    this.#pause = setTimeout(() => {
      void ask(typed).then(
        (offered) => this.#answered(question, offered),
        () => this.#answered(question, undefined),
      )
    }, pauseMs)
  }

  #answered(question: number, offered: Offered | undefined): void {
    // Somebody has typed on since, or has gone.
    if (question !== this.#question) return
    this.#asked =
      offered?.ok === true
        ? { state: 'offered', choices: offered.options.map(({ text, value }) => ({ text, value, about: '' })) }
        : { state: 'failed', words: 'Result not loaded. The app did not answer.' }
    this.#active = this.#choices.length > 0 ? 0 : -1
    this.#refresh()
  }

  #key(event: KeyboardEvent): void {
    const open = this.#popup !== undefined
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      if (open) this.#move(step)
      else this.#show()
    } else if (event.key === 'Enter') {
      const choice = open ? this.#choices[this.#active] : undefined
      // Enter in a closed field sends the form, as in any other field.
      if (!open) return
      event.preventDefault()
      if (choice !== undefined) this.#choose(choice)
    } else if (event.key === 'Escape' && open) {
      event.preventDefault()
      event.stopPropagation()
      this.#hide()
    } else if (event.key === 'Backspace') this.#takeBack()
    else if (event.key === 'Tab' && open) this.#leave()
  }

  /** Going on takes what is marked, when somebody has searched for it. */
  #leave(): void {
    const choice = this.#typed === '' ? undefined : this.#choices[this.#active]
    if (choice !== undefined) this.#take(choice)
  }

  #move(step: number): void {
    const count = this.#choices.length
    if (count === 0) return
    this.#active = (this.#active + step + (this.#active < 0 && step < 0 ? 1 : 0) + count) % count
    this.#refresh()
  }

  #choose(choice: Choice): void {
    this.#take(choice)
    this.#focusInput()
  }

  #take(choice: Choice): void {
    const { many, most, chosen, change } = this.has
    const isChosen = chosen.some(({ value }) => value === choice.value)
    this.#hide()
    if (!many) change([choice])
    else if (isChosen) change(chosen.filter(({ value }) => value !== choice.value))
    else if (chosen.length < most) change([...chosen, choice])
  }

  /** Backspace in an empty field takes away the last of several. */
  #takeBack(): void {
    const { many, chosen, change } = this.has
    if (many && chosen.length > 0 && this.#input?.value === '') change(chosen.slice(0, -1))
  }

  #clear(event: Event): void {
    event.stopPropagation()
    this.has.change([])
    this.#focusInput()
  }
}

customElements.define('choice-field', ChoiceField)
