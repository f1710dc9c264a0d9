import './form-dialog.ts'
import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Context } from '../context.ts'

/** The open forms of the person of this window. Only the one on top is seen; those below it keep what was typed. */
export function forms(context: Context): TemplateResult {
  const { views } = context.screen
  return html`${repeat(
    views,
    ({ id }) => id,
    (form, place) => {
      const opened = { context, form, top: place === views.length - 1, pushed: place > 0 }
      return html`<form-dialog .given=${opened}></form-dialog>`
    },
  )}`
}
