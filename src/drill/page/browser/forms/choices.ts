import type { Json, JsonObject } from '../../../slack/json.ts'
import { isObject, list, object, objects, text } from '../../../slack/json.ts'
import type { Screen } from '../../wire.ts'

/** Something that can be chosen. `text` is what a reader sees; it may be empty where only the value is known. */
export type Choice = { readonly value: string; readonly text: string; readonly about: string }

export type ChoiceGroup = { readonly label: string; readonly choices: readonly Choice[] }

/** What an element offers to choose from. Undefined: the app is asked while somebody types. */
export function groupsOf(
  element: JsonObject,
  screen: Pick<Screen, 'mentioned' | 'channels'>,
): readonly ChoiceGroup[] | undefined {
  const type = text(element['type'])
  if (type.endsWith('external_select')) return undefined
  if (type.endsWith('users_select')) {
    const people = screen.mentioned.filter(({ id, bot }) => !bot && /^[UW]/.test(id))
    return [
      { label: '', choices: people.map(({ id, handle, name }) => ({ value: id, text: `@${handle}`, about: name })) },
    ]
  }
  if (type.endsWith('channels_select') || type.endsWith('conversations_select')) {
    const channels = screen.channels.filter(
      ({ kind }) => kind === 'public' || (type.includes('conversations') && kind === 'private'),
    )
    return [{ label: '', choices: channels.map(({ id, name }) => ({ value: id, text: `#${name}`, about: '' })) }]
  }
  const groups = objects(element['option_groups']).map((group) => ({
    label: text(object(group['label'])['text']),
    choices: objects(group['options']).map(choiceOf),
  }))
  return groups.length > 0 ? groups : [{ label: '', choices: objects(element['options']).map(choiceOf) }]
}

export function choiceOf(option: JsonObject): Choice {
  return {
    value: text(option['value']),
    text: text(object(option['text'])['text']),
    about: text(object(option['description'])['text']),
  }
}

/** What is chosen before anybody has touched the element. */
export function initialChoices(element: JsonObject): readonly Choice[] {
  const bare = (value: Json | undefined): readonly Choice[] =>
    text(value) === '' ? [] : [{ value: text(value), text: '', about: '' }]
  const one = element['initial_option']
  return [
    ...(isObject(one) ? [choiceOf(one)] : []),
    ...objects(element['initial_options']).map(choiceOf),
    ...['initial_user', 'initial_channel', 'initial_conversation'].flatMap((name) => bare(element[name])),
    ...['initial_users', 'initial_channels', 'initial_conversations'].flatMap((name) =>
      list(element[name]).flatMap(bare),
    ),
  ]
}

/** What fits what was typed: every word of it stands somewhere in the choice. Groups without one are left out. */
export function fitting(groups: readonly ChoiceGroup[], typed: string): readonly ChoiceGroup[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return groups
    .map((group) => ({
      ...group,
      choices: group.choices.filter(({ text: label, about }) => {
        const shown = `${label} ${about}`.toLowerCase()
        return words.every((word) => shown.includes(word))
      }),
    }))
    .filter(({ choices }) => choices.length > 0)
}

/** How many letters somebody types before the app is asked. */
export function leastTyped(element: JsonObject): number {
  const least = element['min_query_length']
  return typeof least === 'number' ? least : 3
}

export function holdsSeveral(element: JsonObject): boolean {
  return element['type'] === 'checkboxes' || text(element['type']).startsWith('multi_')
}

/** The most that can be chosen in an element that holds several. */
export function mostChosen(element: JsonObject): number {
  const most = element['max_selected_items']
  return typeof most === 'number' && most > 0 ? most : Number.POSITIVE_INFINITY
}
