import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { object, objects, text } from '../../../slack/json.ts'
import type { Context } from '../context.ts'
import { emojiNamed } from './emoji.ts'
import type { Inline } from './inline.ts'
import { inlineView, linkView } from './inline-view.ts'

/** A `rich_text` block. Its texts are literal: nothing in them is markup. */
export function richText(context: Context, block: JsonObject): TemplateResult {
  return html`<div class="text rich">${objects(block['elements']).map((element) => partView(context, element))}</div>`
}

function partView(context: Context, part: JsonObject): TemplateResult {
  const runs = objects(part['elements'])
  switch (text(part['type'])) {
    case 'rich_text_section':
      return html`<span class="lines">${runsView(context, runs)}</span>`
    case 'rich_text_list':
      return listView(context, part)
    case 'rich_text_quote':
      return html`<blockquote><span class="lines">${runsView(context, runs)}</span></blockquote>`
    case 'rich_text_preformatted':
      return html`<pre>${runsView(context, runs)}</pre>`
    default:
      return html`<span class="unknown">a part of type ${text(part['type'])}</span>`
  }
}

/** Lists are flat in Slack: each says how deep it stands, and where its counting begins. */
function listView(context: Context, part: JsonObject): TemplateResult {
  const items = objects(part['elements']).map((item) => html`<li>${runsView(context, objects(item['elements']))}</li>`)
  const depth = `depth-${Math.max(0, Math.min(8, Math.floor(numberOf(part['indent']))))}`
  if (part['style'] !== 'ordered') return html`<ul class=${depth}>${items}</ul>`
  return html`<ol class=${depth} start=${Math.floor(numberOf(part['offset'])) + 1}>${items}</ol>`
}

function runsView(context: Context, runs: readonly JsonObject[]): readonly TemplateResult[] {
  return runs.map((run) => styled(run, runView(context, run)))
}

function runView(context: Context, run: JsonObject): TemplateResult {
  const words = text(run['text'])
  switch (text(run['type'])) {
    case 'text':
      return html`${words}`
    case 'link':
      return linkView(context, text(run['url']), words === '' ? text(run['url']) : words)
    case 'color':
      return colourView(text(run['value']))
    default: {
      const node = nodeOf(run)
      return node === undefined
        ? html`<span class="unknown">a part of type ${text(run['type'])}</span>`
        : html`${inlineView(context, [node])}`
    }
  }
}

function nodeOf(run: JsonObject): Inline | undefined {
  switch (text(run['type'])) {
    case 'user':
      return { kind: 'user', id: text(run['user_id']), label: undefined }
    case 'usergroup':
      return { kind: 'usergroup', id: text(run['usergroup_id']), label: undefined }
    case 'channel':
      return { kind: 'channel', id: text(run['channel_id']), label: undefined }
    case 'broadcast':
      return { kind: 'broadcast', range: text(run['range']) }
    case 'emoji':
      return emojiOf(text(run['name']), text(run['unicode']))
    case 'date':
      return {
        kind: 'date',
        seconds: numberOf(run['timestamp']),
        format: text(run['format']),
        link: text(run['url']) || undefined,
        fallback: text(run['fallback']),
      }
    default:
      return undefined
  }
}

function emojiOf(name: string, unicode: string): Inline {
  const written = `:${name}:`
  const points = /^[0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*$/i.test(unicode)
    ? unicode.split('-').map((point) => Number.parseInt(point, 16))
    : []
  const valid = points.length > 0 && points.every((point) => point <= 0x10ffff)
  const sign = valid ? String.fromCodePoint(...points) : emojiNamed(name)
  return sign === undefined ? { kind: 'text', text: written } : { kind: 'emoji', sign, written }
}

/** A colour by its number, with a swatch: drawn in SVG, since the page allows no style in its markup. */
function colourView(value: string): TemplateResult {
  if (!/^#[0-9a-f]{6}$/i.test(value)) return html`${value}`
  return html`<span class="colour"
    ><svg viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="2" fill=${value} /></svg>${value}</span
  >`
}

function styled(run: JsonObject, view: TemplateResult): TemplateResult {
  const style = object(run['style'])
  let shown = view
  if (style['code'] === true) shown = html`<code>${shown}</code>`
  if (style['underline'] === true) shown = html`<u>${shown}</u>`
  if (style['highlight'] === true || style['client_highlight'] === true) shown = html`<mark>${shown}</mark>`
  if (style['strike'] === true) shown = html`<s>${shown}</s>`
  if (style['italic'] === true) shown = html`<i>${shown}</i>`
  if (style['bold'] === true) shown = html`<b>${shown}</b>`
  return shown
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
