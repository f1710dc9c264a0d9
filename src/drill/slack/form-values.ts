import { elementsOf } from './blocks.ts'
import type { Json, JsonObject } from './json.ts'
import { isList, list, object, objects, text } from './json.ts'

/** Under which name `state.values` carries the value of an element, and whether it holds several. */
const carried: ReadonlyMap<string, { readonly name: string; readonly initial: string; readonly many?: true }> = new Map(
  [
    ['plain_text_input', { name: 'value', initial: 'initial_value' }],
    ['email_text_input', { name: 'value', initial: 'initial_value' }],
    ['url_text_input', { name: 'value', initial: 'initial_value' }],
    ['number_input', { name: 'value', initial: 'initial_value' }],
    ['static_select', { name: 'selected_option', initial: 'initial_option' }],
    ['external_select', { name: 'selected_option', initial: 'initial_option' }],
    ['overflow', { name: 'selected_option', initial: '' }],
    ['radio_buttons', { name: 'selected_option', initial: 'initial_option' }],
    ['checkboxes', { name: 'selected_options', initial: 'initial_options', many: true }],
    ['multi_static_select', { name: 'selected_options', initial: 'initial_options', many: true }],
    ['multi_external_select', { name: 'selected_options', initial: 'initial_options', many: true }],
    ['users_select', { name: 'selected_user', initial: 'initial_user' }],
    ['multi_users_select', { name: 'selected_users', initial: 'initial_users', many: true }],
    ['channels_select', { name: 'selected_channel', initial: 'initial_channel' }],
    ['conversations_select', { name: 'selected_conversation', initial: 'initial_conversation' }],
    ['datepicker', { name: 'selected_date', initial: 'initial_date' }],
    ['timepicker', { name: 'selected_time', initial: 'initial_time' }],
    ['datetimepicker', { name: 'selected_date_time', initial: 'initial_date_time' }],
    ['rich_text_input', { name: 'rich_text_value', initial: 'initial_value' }],
  ],
)

/** The key under which a form remembers what was entered. */
export function place(block: string, action: string): string {
  return JSON.stringify([block, action])
}

/** `state.values` for these blocks: what was entered, else what each element starts with. */
export function stateOf(blocks: readonly JsonObject[], entered: ReadonlyMap<string, Json>): JsonObject {
  const values: Record<string, JsonObject> = {}
  for (const block of blocks) {
    const id = text(block['block_id'])
    for (const element of elementsOf(block)) {
      const entry = entered.get(place(id, text(element['action_id']))) ?? startOf(element)
      if (entry !== undefined) values[id] = { ...values[id], [text(element['action_id'])]: entry }
    }
  }
  return { values }
}

/**
 * What a person's choice looks like in a payload. Throws when it is a choice that the client does not offer, because then
 * the test does something no person could.
 */
export function entryFor(element: JsonObject, value: Json, offered: readonly JsonObject[]): JsonObject {
  const type = text(element['type'])
  const how = carried.get(type)
  if (how === undefined) throw new Error(`nothing can be entered in a ${type}`)
  if (!how.name.startsWith('selected_option'))
    return { type, [how.name]: type === 'number_input' && typeof value === 'number' ? String(value) : value }

  const options = [...optionsOf(element), ...offered]
  const choose = (wanted: Json): JsonObject => {
    const found = options.find(
      (option) => text(option['value']) === wanted || text(object(option['text'])['text']) === wanted,
    )
    if (found !== undefined) return found
    const shown = options.map((option) => text(option['value'])).join(', ')
    throw new Error(`${JSON.stringify(wanted)} is not offered in ${text(element['action_id'])}; offered: ${shown}`)
  }
  if (how.many === true) return { type, [how.name]: (isList(value) ? value : [value]).map(choose) }
  return { type, [how.name]: value === null ? null : choose(value) }
}

/** Whether a person can enter or choose something here, so that it takes part in `state.values`. */
export function holdsValue(element: JsonObject): boolean {
  return carried.has(text(element['type']))
}

/** What the client itself finds wrong before it sends a form, by block id: required fields, and lengths. */
export function clientFaults(
  blocks: readonly JsonObject[],
  entered: ReadonlyMap<string, Json>,
): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {}
  const { values } = stateOf(blocks, entered)
  for (const block of blocks.filter((each) => each['type'] === 'input')) {
    const id = text(block['block_id'])
    const element = object(block['element'])
    const how = carried.get(text(element['type']))
    if (how === undefined) continue
    const value = object(object(object(values)[id])[text(element['action_id'])])[how.name]
    const wrong = faultIn(element, value, block['optional'] === true)
    if (wrong !== undefined) faults[id] = wrong
  }
  return faults
}

function faultIn(element: JsonObject, value: Json | undefined, optional: boolean): string | undefined {
  const empty = value === undefined || value === null || value === '' || (isList(value) && value.length === 0)
  if (empty) return optional ? undefined : 'Please complete this required field.'
  const least = element['min_length']
  const most = element['max_length']
  if (typeof value !== 'string') return undefined
  if (typeof least === 'number' && value.length < least) return `Enter at least ${least} characters.`
  if (typeof most === 'number' && value.length > most) return `Enter at most ${most} characters.`
  return undefined
}

function startOf(element: JsonObject): JsonObject | undefined {
  const type = text(element['type'])
  const how = carried.get(type)
  if (how === undefined || type === 'overflow') return undefined
  return { type, [how.name]: element[how.initial] ?? (how.many === true ? [] : null) }
}

/** What can be chosen, with what is chosen to begin with: a type-ahead offers nothing else by itself. */
function optionsOf(element: JsonObject): readonly JsonObject[] {
  return [
    ...objects([element['initial_option'] ?? null]),
    ...objects(element['initial_options']),
    ...objects(element['options']),
    ...list(element['option_groups']).flatMap((group) => objects(object(group)['options'])),
  ]
}
