import './choice-field.ts'
import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Offered } from '../../../slack/acts/seen.ts'
import type { JsonObject } from '../../../slack/json.ts'
import { object, objects, text } from '../../../slack/json.ts'
import { plainObject, textObject } from '../blocks/mrkdwn.ts'
import type { Context } from '../context.ts'
import type { ChoiceGiven } from './choice-field.ts'
import type { Choice } from './choices.ts'
import { choiceOf, groupsOf, holdsSeveral, leastTyped, mostChosen } from './choices.ts'
import type { Entered } from './values.ts'
import { charactersLeft } from './values.ts'

/** Typed is each letter; done is a choice, or Enter in a line of text. */
export type Moment = 'typed' | 'done'

/** A field of a form, or one that stands alone in a message. */
export type Field = {
  readonly context: Context
  /** Its id in the document. */
  readonly id: string
  readonly element: JsonObject
  /** What it is called. */
  readonly label: string
  /** Whether the name stands over it, where a group need not say it again. */
  readonly labelledBy: string | undefined
  readonly describedBy: string | undefined
  readonly optional: boolean
  readonly wrong: boolean
  readonly busy: boolean
  readonly entered: Entered
  readonly change: (entered: Entered, moment: Moment) => void
  readonly ask: (typed: string) => Promise<Offered>
}

/** An `input` block: its name, the field, a hint, and what is wrong with it. */
export function inputBlock(
  block: JsonObject,
  field: Omit<Field, 'label' | 'labelledBy' | 'describedBy' | 'optional' | 'wrong'>,
  error: string | undefined,
): TemplateResult {
  const { id, element, entered } = field
  const optional = block['optional'] === true
  const name = plainObject(object(block['label']))
  const hint = text(object(block['hint'])['text'])
  const left = entered.kind === 'text' && error === undefined ? charactersLeft(element, entered.text) : undefined
  const described = [
    ...(error === undefined ? [] : [`${id}-error`]),
    ...(hint === '' ? [] : [`${id}-hint`]),
    ...(left === undefined ? [] : [`${id}-left`]),
  ]
  const shown = html`${name}${optional ? html` <span class="field-optional">(optional)</span>` : nothing}`
  return html`<div class="field" ?data-wrong=${error !== undefined}>
    ${
      isGroup(element)
        ? html`<span class="field-label" id="${id}-label">${shown}</span>`
        : html`<label class="field-label" id="${id}-label" for=${id}>${shown}</label>`
    }
    ${fieldView({
      ...field,
      label: optional ? `${name} (optional)` : name,
      labelledBy: `${id}-label`,
      describedBy: described.join(' ') || undefined,
      optional,
      wrong: error !== undefined,
    })}
    ${left === undefined ? nothing : html`<p class="field-left" id="${id}-left" ?data-over=${left < 0}>${leftWords(left)}</p>`}
    ${error === undefined ? nothing : html`<p class="field-error" id="${id}-error">⚠ ${error}</p>`}
    ${hint === '' ? nothing : html`<p class="field-hint" id="${id}-hint">${plainObject(object(block['hint']))}</p>`}
  </div>`
}

function leftWords(left: number): string {
  if (left < 0) return left === -1 ? '1 character too many' : `${-left} characters too many`
  return left === 1 ? '1 character left' : `${left} characters left`
}

function isGroup(element: JsonObject): boolean {
  return element['type'] === 'radio_buttons' || element['type'] === 'checkboxes'
}

/** The field itself. */
export function fieldView(field: Field): TemplateResult {
  switch (text(field.element['type'])) {
    case 'radio_buttons':
    case 'checkboxes':
      return ticks(field)
    case 'plain_text_input':
      return field.element['multiline'] === true ? area(field) : line(field, 'text')
    case 'rich_text_input':
      return area(field)
    case 'email_text_input':
      return line(field, 'email')
    case 'url_text_input':
      return line(field, 'url')
    case 'number_input':
      // A number field of the browser's own loses what is no number, instead of saying so.
      return line(field, 'text', field.element['is_decimal_allowed'] === true ? 'decimal' : 'numeric')
    case 'datepicker':
      return line(field, 'date')
    case 'timepicker':
      return line(field, 'time')
    case 'datetimepicker':
      return line(field, 'datetime-local')
    default:
      return text(field.element['type']).endsWith('select') ? choice(field) : unknown(field)
  }
}

function line(field: Field, type: string, inputmode?: string): TemplateResult {
  const { entered } = field
  const written = entered.kind === 'text' ? entered.text : ''
  const picked = type === 'date' || type === 'time' || type === 'datetime-local'
  const zone = text(field.element['timezone'])
  const enter = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement)
      field.change({ kind: 'text', text: event.target.value }, 'done')
  }
  return html`<input
      id=${field.id}
      class="field-line"
      type=${type}
      inputmode=${inputmode ?? nothing}
      autocomplete="off"
      aria-label=${field.label}
      aria-describedby=${field.describedBy ?? nothing}
      aria-invalid=${field.wrong ? 'true' : nothing}
      aria-required=${field.optional ? nothing : 'true'}
      aria-busy=${field.busy ? 'true' : nothing}
      placeholder=${placeholderOf(field) || nothing}
      .value=${live(written)}
      @input=${(event: Event) => typedIn(field, event, picked ? 'done' : 'typed')}
      @keydown=${enter}
    />${zone === '' ? nothing : html`<p class="field-hint">${zone}</p>`}`
}

function area(field: Field): TemplateResult {
  const { entered } = field
  return html`<textarea
    id=${field.id}
    class="field-line"
    rows="4"
    aria-label=${field.label}
    aria-describedby=${field.describedBy ?? nothing}
    aria-invalid=${field.wrong ? 'true' : nothing}
    aria-required=${field.optional ? nothing : 'true'}
    aria-busy=${field.busy ? 'true' : nothing}
    placeholder=${placeholderOf(field) || nothing}
    .value=${live(entered.kind === 'text' ? entered.text : '')}
    @input=${(event: Event) => typedIn(field, event, 'typed')}
  ></textarea>`
}

function typedIn(field: Field, { target }: Event, moment: Moment): void {
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)
    field.change({ kind: 'text', text: target.value }, moment)
}

/** Radio buttons, or boxes to tick. */
function ticks(field: Field): TemplateResult {
  const { element, context, id } = field
  const several = holdsSeveral(element)
  const chosen = choicesIn(field)
  const tick = (option: Choice) => {
    const others = chosen.filter(({ value }) => value !== option.value)
    const isChosen = others.length < chosen.length
    const next = !several ? [option] : isChosen ? others : [...chosen, option]
    field.change({ kind: 'choices', choices: next }, 'done')
  }
  return html`<div
    id=${id}
    class="ticks"
    role=${several ? 'group' : 'radiogroup'}
    tabindex="-1"
    aria-labelledby=${field.labelledBy ?? nothing}
    aria-label=${field.labelledBy === undefined ? field.label : nothing}
    aria-describedby=${field.describedBy ?? nothing}
    aria-invalid=${field.wrong && !several ? 'true' : nothing}
    aria-busy=${field.busy ? 'true' : nothing}
  >
    ${objects(element['options']).map((option, place) => {
      const choice = choiceOf(option)
      const about = object(option['description'])
      return html`<label class="tick"
        ><input
          type=${several ? 'checkbox' : 'radio'}
          name=${id}
          aria-describedby=${choice.about === '' ? nothing : `${id}-about-${place}`}
          aria-labelledby="${id}-option-${place}"
          .checked=${live(chosen.some(({ value }) => value === choice.value))}
          @change=${() => tick(choice)}
        /><span
          ><span class="tick-words" id="${id}-option-${place}">${textObject(context, object(option['text']))}</span>
          ${choice.about === '' ? nothing : html`<span class="option-about" id="${id}-about-${place}">${textObject(context, about)}</span>`}</span
        ></label
      >`
    })}
  </div>`
}

function choice(field: Field): TemplateResult {
  const { element, context, id, label, describedBy, wrong, busy, ask } = field
  const given: ChoiceGiven = {
    id,
    label,
    describedBy,
    wrong,
    busy,
    ask,
    placeholder: placeholderOf(field) || 'Choose an option',
    groups: groupsOf(element, context.screen),
    least: leastTyped(element),
    many: holdsSeveral(element),
    most: mostChosen(element),
    chosen: choicesIn(field),
    clearable: field.optional,
    change: (choices) => field.change({ kind: 'choices', choices }, 'done'),
  }
  return html`<choice-field .given=${given}></choice-field>`
}

function choicesIn({ entered }: Field): readonly Choice[] {
  return entered.kind === 'choices' ? entered.choices : []
}

function placeholderOf({ element }: Field): string {
  return plainObject(object(element['placeholder']))
}

function unknown({ element, id }: Field): TemplateResult {
  return html`<span class="unknown" id=${id}>a field of type ${text(element['type'])}</span>`
}
