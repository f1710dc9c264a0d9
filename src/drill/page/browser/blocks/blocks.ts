import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { object, objects, text } from '../../../slack/json.ts'
import type { At } from '../../wire.ts'
import type { Context } from '../context.ts'
import { mrkdwn } from './mrkdwn.ts'

/** Slack's blocks, drawn for the person of this window. `at` is where they stand, for what is pressed in them. */
export function blocksOf(context: Context, blocks: readonly JsonObject[], at: At): TemplateResult {
  return html`<div class="blocks">${blocks.map((block) => blockOf(context, block, at))}</div>`
}

function blockOf(context: Context, block: JsonObject, at: At): TemplateResult {
  const says = mrkdwn(context, text(object(block['text'])['text']))
  const elements = [...objects(block['elements']), ...objects([block['accessory'] ?? null])]
  return html`<div class="block">${says} ${elements.map((element) => elementOf(context, block, element, at))}</div>`
}

function elementOf(context: Context, block: JsonObject, element: JsonObject, at: At): TemplateResult {
  if (element['type'] !== 'button') return mrkdwn(context, text(element['text']))
  const press = () =>
    void context.act('press', {
      ...at,
      action: text(element['action_id']),
      blockId: text(block['block_id']),
      ...(element['value'] !== undefined && { value: text(element['value']) }),
    })
  return html`<button type="button" @click=${press}>${text(object(element['text'])['text'])}</button>`
}
