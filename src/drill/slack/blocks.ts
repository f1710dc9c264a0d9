import type { Check } from './checks.ts'
import { anything, either, fault, flag, listOf, oneOf, repeated, shaped, typed, words, wordsOrNone } from './checks.ts'
import { accessory, actionElement, contextElement, formatted, inputElement, plain } from './elements.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject, list, objects, text } from './json.ts'

const named = { block_id: words(255) }

/** The blocks Slack knows. Those a security bot has no use for are known by name and not examined. */
const block = typed({
  section: shaped({
    optional: {
      ...named,
      text: formatted(3000),
      fields: listOf(formatted(2000), { least: 1, most: 10 }),
      accessory,
      expand: flag,
    },
    together: either('text', 'fields'),
  }),
  header: shaped({ required: { text: plain(150) }, optional: named }),
  divider: shaped({ optional: named }),
  context: shaped({ required: { elements: listOf(contextElement, { least: 1, most: 10 }) }, optional: named }),
  actions: shaped({ required: { elements: listOf(actionElement, { least: 1, most: 25 }) }, optional: named }),
  input: shaped({
    required: { label: plain(2000), element: inputElement },
    optional: { ...named, hint: plain(2000), optional: flag, dispatch_action: flag },
  }),
  image: shaped({
    required: { alt_text: words(2000) },
    optional: { ...named, title: plain(2000), image_url: words(3000), slack_file: anything },
    together: either('image_url', 'slack_file'),
  }),
  markdown: shaped({ required: { text: words(12_000) }, optional: named }),
  rich_text: shaped({
    required: {
      elements: listOf(
        typed({
          rich_text_section: anything,
          rich_text_list: anything,
          rich_text_quote: anything,
          rich_text_preformatted: anything,
        }),
        { least: 1, most: 100 },
      ),
    },
    optional: named,
  }),
  table: shaped({
    required: { rows: listOf(listOf(anything, { least: 1, most: 20 }), { least: 1, most: 100 }) },
    optional: { ...named, column_settings: anything },
  }),
  ...Object.fromEntries(
    [
      'alert',
      'call',
      'card',
      'carousel',
      'container',
      'context_actions',
      'data_table',
      'file',
      'plan',
      'task_card',
      'video',
    ].map((type) => [type, anything]),
  ),
})

/**
 * What Slack would refuse in these blocks: 50 in a message, 100 in a form or on the Home tab, and the limits of each block.
 * Empty when they are in order.
 */
export function faultsInBlocks(blocks: Json, surface: 'message' | 'view', at = '/blocks'): readonly string[] {
  const faults = listOf(block, { least: 0, most: surface === 'message' ? 50 : 100 })(blocks, at)
  if (faults.length > 0) return faults
  return [...repeatedIds(objects(blocks), at), ...markdownSum(objects(blocks), at)]
}

/** What Slack would refuse in this form or Home tab, its blocks included. */
export function faultsInView(view: Json, kind: 'modal' | 'home'): readonly string[] {
  if (!isObject(view)) return [fault('must be an object', '/view')]
  if (view['type'] !== kind) return [fault(`must be one of: ${kind}`, '/view/type')]
  const common = {
    private_metadata: wordsOrNone(3000),
    callback_id: wordsOrNone(255),
    external_id: wordsOrNone(255),
  }
  const blocks: Check = (value, at) => faultsInBlocks(value, 'view', at)
  if (kind === 'home') return shaped({ required: { blocks }, optional: common })(view, '/view')
  return shaped({
    required: { title: plain(24), blocks },
    optional: {
      ...common,
      type: oneOf('modal'),
      submit: plain(24),
      close: plain(24),
      clear_on_close: flag,
      notify_on_close: flag,
      submit_disabled: flag,
    },
    together: (_value, at) =>
      view['submit'] === undefined && objects(view['blocks']).some((each) => each['type'] === 'input')
        ? [fault('missing required field: submit', at)]
        : [],
  })(view, '/view')
}

/** The blocks with an id for each block and each element that acts, made up where the app gave none, as Slack does. */
export function withIds(blocks: readonly JsonObject[], id: () => string): readonly JsonObject[] {
  const identified = (element: Json | undefined): Json | undefined => {
    if (!isObject(element) || element['action_id'] !== undefined) return element
    return ['image', 'plain_text', 'mrkdwn'].includes(text(element['type'])) ? element : { ...element, action_id: id() }
  }
  return blocks.map((each) => ({
    ...each,
    block_id: text(each['block_id']) || id(),
    ...(each['type'] === 'actions' && { elements: list(each['elements']).map((part) => identified(part) ?? null) }),
    ...(each['accessory'] !== undefined && { accessory: identified(each['accessory']) }),
    ...(each['element'] !== undefined && { element: identified(each['element']) }),
  }))
}

/** The elements of a block that a person can act on. */
export function elementsOf(each: JsonObject): readonly JsonObject[] {
  const parts = [each['accessory'], each['element'], ...(each['type'] === 'actions' ? list(each['elements']) : [])]
  return parts.filter(isObject).filter((element) => text(element['action_id']) !== '')
}

function repeatedIds(blocks: readonly JsonObject[], at: string): readonly string[] {
  const places = blocks.map((each, index) => ({ value: text(each['block_id']), at: `${at}/${index}/block_id` }))
  return [
    ...repeated('block_id', places),
    ...blocks.flatMap((each, index) =>
      repeated(
        'action_id',
        elementsOf(each).map((element, place) => ({
          value: text(element['action_id']),
          at: `${at}/${index}/elements/${place}/action_id`,
        })),
      ),
    ),
  ]
}

function markdownSum(blocks: readonly JsonObject[], at: string): readonly string[] {
  const sum = blocks
    .filter((each) => each['type'] === 'markdown')
    .reduce((total, each) => total + text(each['text']).length, 0)
  return sum > 12_000 ? [fault('markdown blocks must be less than 12001 characters together', at)] : []
}
