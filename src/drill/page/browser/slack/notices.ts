import { html, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Client } from '../client.ts'
import { icon } from './icons.ts'

/** Short notices over the page. The region is there before the first comes, so that it is read out. */
export function notices({ memory }: Client): TemplateResult {
  return html`<div class="notices" role="alert" popover="manual">
    ${repeat(
      memory.notices,
      ({ id }) => id,
      ({ id, words }) => html`<p class="notice">
        <span aria-hidden="true">⚠</span><span>${words}</span>
        <button type="button" class="icon-button" aria-label="Dismiss" @click=${() => memory.dismiss(id)}>${icon('close')}</button>
      </p>`,
    )}
  </div>`
}

/** Puts the notices above whatever lies over the page by now, or takes their region away. */
export function raiseNotices(any: boolean): void {
  const region = document.querySelector<HTMLElement>('.notices')
  if (region?.matches(':popover-open') === true) region.hidePopover()
  if (any) region?.showPopover()
}
