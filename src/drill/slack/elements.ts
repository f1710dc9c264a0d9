import type { Check, Shape } from './checks.ts'
import { anything, either, fault, flag, listOf, number, oneOf, shaped, typed, words, wordsOrNone } from './checks.ts'
import { isObject, object, objects, text } from './json.ts'

/** Plain text of at most so many characters, as the object Slack wants. */
export function plain(most: number): Check {
  return typed({ plain_text: shaped({ required: { text: words(most) }, optional: { emoji: flag } }) })
}

/** Plain or formatted text of at most so many characters. */
export function formatted(most: number): Check {
  return typed({
    plain_text: shaped({ required: { text: words(most) }, optional: { emoji: flag } }),
    mrkdwn: shaped({ required: { text: words(most) }, optional: { verbatim: flag } }),
  })
}

const confirm = shaped({
  required: { text: formatted(300) },
  optional: { title: plain(100), confirm: plain(30), deny: plain(30), style: oneOf('primary', 'danger') },
})
const option = shaped({
  required: { text: formatted(75), value: words(150) },
  optional: { description: formatted(75), url: words(3000) },
})
const optionGroup = shaped({ required: { label: plain(75), options: listOf(option, { least: 1, most: 100 }) } })

const acting = { action_id: words(255) }
const confirmable = { ...acting, confirm }
const focusable = { ...confirmable, focus_on_load: flag }
const held = { ...focusable, placeholder: plain(150) }
const typing = { ...acting, dispatch_action_config: anything, focus_on_load: flag, placeholder: plain(150) }
const several = { ...held, max_selected_items: number }
const choices = {
  options: listOf(option, { least: 1, most: 100 }),
  option_groups: listOf(optionGroup, { least: 1, most: 100 }),
}

/** An option that is chosen to begin with must be one of those offered. */
const startsWithOneOffered: Check = (value, at) => {
  const element = object(value)
  const offered = [
    ...objects(element['options']),
    ...objects(element['option_groups']).flatMap((group) => objects(group['options'])),
  ].map((each) => text(each['value']))
  const initial = [
    ...(isObject(element['initial_option']) ? [element['initial_option']] : []),
    ...objects(element['initial_options']),
  ]
  return initial.every((each) => offered.includes(text(each['value'])))
    ? []
    : [fault('initial option must be one of the options', at)]
}

const staticChoice: Check = (value, at) => [
  ...either('options', 'option_groups')(value, at),
  ...startsWithOneOffered(value, at),
]

const ticks = (most: number): Shape => ({
  required: { options: listOf(option, { least: 1, most }) },
  optional: { ...focusable, initial_options: listOf(option, { least: 1, most }), initial_option: option },
  together: startsWithOneOffered,
})

const picture = shaped({
  required: { alt_text: words(2000) },
  optional: { image_url: words(3000), slack_file: anything },
  together: either('image_url', 'slack_file'),
})

const button = shaped({
  required: { text: plain(75) },
  optional: {
    ...confirmable,
    url: words(3000),
    value: wordsOrNone(2000),
    style: oneOf('primary', 'danger'),
    accessibility_label: words(75),
  },
})

const pickers: Readonly<Record<string, Check>> = {
  checkboxes: shaped(ticks(10)),
  radio_buttons: shaped(ticks(10)),
  datepicker: shaped({ optional: { ...held, initial_date: words(10) } }),
  datetimepicker: shaped({ optional: { ...focusable, initial_date_time: number } }),
  timepicker: shaped({ optional: { ...held, initial_time: words(5), timezone: words(50) } }),
  static_select: shaped({ optional: { ...held, ...choices, initial_option: option }, together: staticChoice }),
  multi_static_select: shaped({
    optional: { ...several, ...choices, initial_options: listOf(option, { least: 0, most: 100 }) },
    together: staticChoice,
  }),
  external_select: shaped({ optional: { ...held, initial_option: option, min_query_length: number } }),
  multi_external_select: shaped({
    optional: { ...several, initial_options: listOf(option, { least: 0, most: 100 }), min_query_length: number },
  }),
  users_select: shaped({ optional: { ...held, initial_user: words(255) } }),
  multi_users_select: shaped({ optional: { ...several, initial_users: anything } }),
  channels_select: shaped({ optional: { ...held, initial_channel: words(255), response_url_enabled: flag } }),
  multi_channels_select: shaped({ optional: { ...several, initial_channels: anything } }),
  conversations_select: shaped({
    optional: {
      ...held,
      initial_conversation: words(255),
      default_to_current_conversation: flag,
      response_url_enabled: flag,
      filter: anything,
    },
  }),
  multi_conversations_select: shaped({
    optional: { ...several, initial_conversations: anything, default_to_current_conversation: flag, filter: anything },
  }),
}

const writing: Readonly<Record<string, Check>> = {
  plain_text_input: shaped({
    optional: { ...typing, initial_value: wordsOrNone(3000), multiline: flag, min_length: number, max_length: number },
  }),
  email_text_input: shaped({ optional: { ...typing, initial_value: wordsOrNone(3000) } }),
  url_text_input: shaped({ optional: { ...typing, initial_value: wordsOrNone(3000) } }),
  number_input: shaped({
    required: { is_decimal_allowed: flag },
    optional: { ...typing, initial_value: number, min_value: number, max_value: number },
  }),
  rich_text_input: shaped({ optional: { ...typing, initial_value: anything } }),
  file_input: shaped({ optional: { ...acting, filetypes: anything, max_files: number } }),
}

const overflow = shaped({ required: { options: listOf(option, { least: 1, most: 5 }) }, optional: confirmable })

/** What may stand in an `actions` block. */
export const actionElement = typed({
  button,
  overflow,
  workflow_button: anything,
  ...pickers,
  rich_text_input: writing['rich_text_input'] ?? anything,
})
/** What may stand beside the text of a `section`. */
export const accessory = typed({ ...pickers, button, overflow, image: picture, workflow_button: anything })
/** What may stand in an `input` block. */
export const inputElement = typed({ ...pickers, ...writing })
/** What may stand in a `context` block. */
export const contextElement = typed({
  image: picture,
  plain_text: plain(3000),
  mrkdwn: formatted(3000),
})
