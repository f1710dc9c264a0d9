import type { JsonObject } from '../../../slack/json.ts'
import { isObject, objects, text } from '../../../slack/json.ts'

/**
 * A name for each block by which it is found again when the message has changed: what can be acted on in it, or else its
 * type, and which one of these it is. The ids that Slack makes up are new at each change, so they do not serve.
 */
export function blockKeys(blocks: readonly JsonObject[]): readonly string[] {
  return numbered(
    blocks.map((block) => {
      const parts = [block['accessory'], block['element']].filter(isObject)
      const acting = [...parts, ...(block['type'] === 'actions' ? objects(block['elements']) : [])]
      return [text(block['type']), ...acting.map(elementName)].join(' ')
    }),
  )
}

/** The same for the elements of one block. */
export function elementKeys(elements: readonly JsonObject[]): readonly string[] {
  return numbered(elements.map(elementName))
}

function elementName(element: JsonObject): string {
  return JSON.stringify([element['type'], element['action_id'], element['value']])
}

/** Each name with its count, so that none stands twice. */
function numbered(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  return names.map((name) => {
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return `${count} ${name}`
  })
}
