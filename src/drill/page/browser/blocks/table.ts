import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { Json, JsonObject } from '../../../slack/json.ts'
import { isObject, list, object, text } from '../../../slack/json.ts'
import type { Context } from '../context.ts'
import { richText } from './rich-text.ts'

/** A `table` block. Its first row is the head, as in Slack; a wide one scrolls in its own box. */
export function tableView(context: Context, block: JsonObject): TemplateResult {
  const [head = [], ...rows] = list(block['rows']).map(list)
  const settings = list(block['column_settings']).map((each) => object(each ?? undefined))
  const cells = (row: readonly Json[], head: boolean) =>
    row.map((cell, column) => {
      const kind = classOf(settings[column] ?? {})
      const shown = cellView(context, cell)
      return head ? html`<th scope="col" class=${kind}>${shown}</th>` : html`<td class=${kind}>${shown}</td>`
    })
  return html`<div class="table" role="region" aria-label="Table" tabindex="0">
    <table>
      <thead>
        <tr>
          ${cells(head, true)}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => html`<tr>${cells(row, false)}</tr>`)}
      </tbody>
    </table>
  </div>`
}

function classOf(settings: JsonObject): string {
  const align = ['center', 'right'].includes(text(settings['align'])) ? text(settings['align']) : 'left'
  return settings['is_wrapped'] === true ? `${align} wrapped` : align
}

function cellView(context: Context, cell: Json): TemplateResult {
  if (!isObject(cell)) return html``
  if (cell['type'] === 'rich_text') return richText(context, cell)
  const number = cell['value']
  return html`${typeof number === 'number' ? String(number) : text(cell['text'])}`
}
