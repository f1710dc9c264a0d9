import type { Json, JsonObject } from '../../../slack/json.ts'
import { text } from '../../../slack/json.ts'
import type { At } from '../../wire.ts'
import type { Context } from '../context.ts'

/** Where blocks stand, and who hears it when something pressed in them came to nothing. */
export type Scene = { readonly context: Context; readonly at: At; readonly warn: (words: string) => void }

/** A block, and one of its elements that a person can act on. */
export type Acting = { readonly scene: Scene; readonly block: JsonObject; readonly element: JsonObject }

/** Sends what was pressed or chosen to the app. The answer is what Slack says when that failed, else undefined. */
export async function press({ scene, block, element }: Acting, selected?: Json): Promise<string | undefined> {
  const failure = await scene.context
    .act('press', {
      ...scene.at,
      action: text(element['action_id']),
      blockId: text(block['block_id']),
      ...(text(element['value']) !== '' && { value: text(element['value']) }),
      ...(selected !== undefined && { selected }),
    })
    .then((outcome) => (outcome.ok ? undefined : outcome.text), wordsOf)
  if (failure !== undefined) scene.warn(failure)
  return failure
}

/** What the window itself does at a press. A button with an address opens it, besides telling the app. */
export function addressOf(element: JsonObject): string {
  return text(element['url'])
}

/** Why something was rejected, in words for a person. */
export function wordsOf(why: unknown): string {
  return why instanceof Error ? why.message : 'Something went wrong. Try again?'
}
