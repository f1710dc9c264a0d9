import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import { blocksOf } from '../blocks/blocks.ts'
import type { Context } from '../context.ts'

/** The open forms of the person of this window, the lowest first. */
export function forms(context: Context): TemplateResult {
  return html`${context.screen.views.map(
    (form) =>
      html`<dialog open aria-label=${form.title}>
        <h1>${form.title}</h1>
        ${blocksOf(context, form.blocks, { view: form.id })}
        <button type="button" @click=${() => void context.act('close', { view: form.id })}>Close</button>
      </dialog>`,
  )}`
}
