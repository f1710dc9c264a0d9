import type { Json, JsonObject } from '../../../slack/json.ts'
import { object, objects, text } from '../../../slack/json.ts'
import type { Choice } from './choices.ts'
import { holdsSeveral, initialChoices } from './choices.ts'

/** What stands in a field. */
export type Entered =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'choices'; readonly choices: readonly Choice[] }

/** The name by which a field is found again when the app puts another version of the form in its place. */
export function placeOf(block: JsonObject, element: JsonObject): string {
  return JSON.stringify([block['block_id'], element['action_id']])
}

const written = new Set([
  'plain_text_input',
  'email_text_input',
  'url_text_input',
  'number_input',
  'rich_text_input',
  'datepicker',
  'timepicker',
  'datetimepicker',
])

/** What stands in a field that nobody has touched. */
export function startOf(element: JsonObject): Entered {
  if (!written.has(text(element['type']))) return { kind: 'choices', choices: initialChoices(element) }
  return { kind: 'text', text: initialText(element) }
}

function initialText(element: JsonObject): string {
  switch (text(element['type'])) {
    case 'datepicker':
      return text(element['initial_date'])
    case 'timepicker':
      return text(element['initial_time'])
    case 'datetimepicker':
      return localMinute(element['initial_date_time'])
    case 'rich_text_input':
      return textIn(element['initial_value'])
    default: {
      const value = element['initial_value']
      return typeof value === 'number' ? String(value) : text(value)
    }
  }
}

/** What the app gets of a field. Nothing entered is `null`, or an empty list where several can be chosen. */
export function jsonOf(element: JsonObject, entered: Entered): Json {
  if (entered.kind === 'choices') {
    const values = entered.choices.map(({ value }) => value)
    return holdsSeveral(element) ? values : (values[0] ?? null)
  }
  if (entered.text === '') return null
  if (element['type'] === 'datetimepicker') return Math.floor(new Date(entered.text).getTime() / 1000)
  if (element['type'] !== 'rich_text_input') return entered.text
  const words = { type: 'text', text: entered.text }
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [words] }] }
}

/**
 * Whether a field that nobody has touched is sent as this page shows it. Formatted text is not, since the page would take its
 * formatting away, and neither is what the page cannot show.
 */
export function isSentUntouched(element: JsonObject): boolean {
  const type = text(element['type'])
  if (type === 'rich_text_input') return false
  return written.has(type) || type === 'radio_buttons' || type === 'checkboxes' || type.endsWith('select')
}

/** What the client itself finds wrong with a field before anything is sent, in Slack's words. Undefined: nothing. */
export function faultIn(block: JsonObject, entered: Entered): string | undefined {
  const element = object(block['element'])
  if (entered.kind === 'choices' ? entered.choices.length === 0 : entered.text.trim() === '')
    return block['optional'] === true ? undefined : 'Please complete this required field.'
  return entered.kind === 'text' ? faultInText(element, entered.text) : undefined
}

function faultInText(element: JsonObject, entered: string): string | undefined {
  switch (text(element['type'])) {
    case 'email_text_input':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(entered) ? undefined : 'Enter an e-mail address, such as ana@acme.test.'
    case 'url_text_input':
      return /^https?:\/\/[^\s/]/i.test(entered) && URL.canParse(entered)
        ? undefined
        : 'Enter an address that begins with https:// or http://.'
    case 'number_input':
      return faultInNumber(element, entered)
    default:
      return faultInLength(element, entered)
  }
}

function faultInNumber(element: JsonObject, entered: string): string | undefined {
  const number = Number(entered)
  const whole = element['is_decimal_allowed'] !== true
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number)))
    return whole ? 'Enter a whole number.' : 'Enter a number.'
  const least = boundOf(element['min_value'])
  const most = boundOf(element['max_value'])
  if (least !== undefined && number < least) return `Enter ${least} or more.`
  return most !== undefined && number > most ? `Enter ${most} or less.` : undefined
}

function boundOf(value: Json | undefined): number | undefined {
  const bound = typeof value === 'number' ? value : Number.parseFloat(text(value))
  return Number.isFinite(bound) ? bound : undefined
}

function faultInLength(element: JsonObject, entered: string): string | undefined {
  const least = element['min_length']
  const most = element['max_length']
  if (typeof least === 'number' && entered.length < least) return `Enter at least ${least} characters.`
  return typeof most === 'number' && entered.length > most ? `Enter at most ${most} characters.` : undefined
}

/** How many characters are left in a field, once that is worth knowing: near its end, and beyond it as a negative number. */
export function charactersLeft(element: JsonObject, entered: string): number | undefined {
  const most = element['max_length']
  if (typeof most !== 'number') return undefined
  const left = most - entered.length
  return left <= Math.max(10, Math.min(100, most * 0.1)) ? left : undefined
}

/** The moment as the browser's own field for date and time has it, in the reader's zone. */
function localMinute(seconds: Json | undefined): string {
  if (typeof seconds !== 'number') return ''
  const at = new Date(seconds * 1000)
  const two = (amount: number) => String(amount).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

function textIn(richText: Json | undefined): string {
  return objects(object(richText)['elements'])
    .flatMap((part) => objects(part['elements']))
    .map((run) => text(run['text']))
    .join('')
}
