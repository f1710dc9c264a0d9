import './button.ts'
import './long-text.ts'
import './overflow.ts'
import '../forms/acting-input.ts'
import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import { guard } from 'lit-html/directives/guard.js'
import { repeat } from 'lit-html/directives/repeat.js'
import type { JsonObject } from '../../../slack/json.ts'
import { isObject, object, objects, text } from '../../../slack/json.ts'
import type { At } from '../../wire.ts'
import type { Context } from '../context.ts'
import { blockKeys, elementKeys } from './keys.ts'
import { isLong } from './long-text.ts'
import { markdownView } from './markdown.ts'
import { plainObject, textObject } from './mrkdwn.ts'
import { picture, smallPicture } from './picture.ts'
import type { Scene } from './press.ts'
import { richText } from './rich-text.ts'
import { tableView } from './table.ts'

/**
 * Slack's blocks, drawn for the person of this window. `at` is where they stand, for what is pressed in them. Whatever app
 * sent them, they are only text and the page's own elements; a block this page does not know is named and passed over.
 */
export function blocksOf(context: Context, blocks: readonly JsonObject[], at: At): TemplateResult {
  const { mentioned, channels, me } = context.screen
  const scene = { context, at, warn: context.notice }
  // Hundreds of messages stand still while one changes. "Today" is another day tomorrow.
  const depends = [blocks, mentioned, channels, me, new Date().toDateString()]
  return html`<div class="blocks">${guard(depends, () => listOf(blocks, (block) => blockView(scene, block)))}</div>`
}

/**
 * Blocks in their order. What stays the same keeps its place in the document when blocks come and go around it, so that
 * nobody loses the focus or presses another button than they saw.
 */
export function listOf(blocks: readonly JsonObject[], view: (block: JsonObject) => TemplateResult): unknown {
  const keys = blockKeys(blocks)
  return repeat(
    blocks,
    (_block, index) => keys[index],
    (block) => view(block),
  )
}

/** One block, `input` blocks in messages and on the Home tab included. */
export function blockView(scene: Scene, block: JsonObject): TemplateResult {
  const { context } = scene
  switch (text(block['type'])) {
    case 'section':
      return section(scene, block)
    case 'header':
      return html`<div class="block header" role="heading" aria-level="2">${plainObject(object(block['text']))}</div>`
    case 'context':
      return html`<div class="block context">
        ${objects(block['elements']).map((element) => (element['type'] === 'image' ? smallPicture(element) : textObject(context, element)))}
      </div>`
    case 'divider':
      return html`<hr class="block divider" />`
    case 'actions':
      return html`<div class="block actions">${elementsView(scene, block, objects(block['elements']))}</div>`
    case 'input':
      return html`<div class="block"><acting-input .given=${{ scene, block, element: object(block['element']) }}></acting-input></div>`
    case 'image':
      return html`<div class="block">${picture(block)}</div>`
    case 'rich_text':
      return html`<div class="block">${richText(context, block)}</div>`
    case 'table':
      return html`<div class="block">${tableView(context, block)}</div>`
    case 'markdown':
      return html`<div class="block">${markdownView(context, text(block['text']))}</div>`
    default:
      return unknown('block', block)
  }
}

function section(scene: Scene, block: JsonObject): TemplateResult {
  const { context } = scene
  const said = object(block['text'])
  const words = isObject(block['text']) ? textObject(context, said) : nothing
  const cut = words !== nothing && block['expand'] !== true && isLong(text(said['text']))
  const fields = objects(block['fields'])
  const accessory = object(block['accessory'])
  return html`<div class="block section">
    <div class="section-body">
      ${cut ? html`<long-text .given=${words}></long-text>` : words}
      ${fields.length === 0 ? nothing : html`<div class="section-fields">${fields.map((field) => textObject(context, field))}</div>`}
    </div>
    ${isObject(block['accessory']) ? html`<div class="section-accessory">${elementsView(scene, block, [accessory])}</div>` : nothing}
  </div>`
}

function elementsView(scene: Scene, block: JsonObject, elements: readonly JsonObject[]): unknown {
  const keys = elementKeys(elements)
  return repeat(
    elements,
    (_element, index) => keys[index],
    (element) => elementView(scene, block, element),
  )
}

function elementView(scene: Scene, block: JsonObject, element: JsonObject): TemplateResult {
  const given = { scene, block, element }
  switch (text(element['type'])) {
    case 'button':
      return html`<block-button .given=${given}></block-button>`
    case 'overflow':
      return html`<block-overflow .given=${given}></block-overflow>`
    case 'image':
      return smallPicture(element)
    case 'workflow_button':
      return unknown('button', element)
    default:
      return html`<acting-input .given=${given}></acting-input>`
  }
}

function unknown(what: string, given: JsonObject): TemplateResult {
  return html`<div class="block unknown">a ${what} of type ${text(given['type'])}</div>`
}
