import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { Context } from '../context.ts'

/** Slack's mrkdwn as the person of this window reads it. */
export function mrkdwn(_context: Context, text: string): TemplateResult {
  return html`<span class="mrkdwn">${plainText(text)}</span>`
}

/** Text without markup, as Slack shows `plain_text`: only its three escapes are resolved. */
export function plainText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
