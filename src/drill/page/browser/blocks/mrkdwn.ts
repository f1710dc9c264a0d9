import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { text as textOf } from '../../../slack/json.ts'
import type { Context } from '../context.ts'
import { emojiNamed } from './emoji.ts'
import type { Part } from './inline.ts'
import { inlineView } from './inline-view.ts'
import type { Reading } from './mrkdwn-parse.ts'
import { parseMrkdwn, unescaped } from './mrkdwn-parse.ts'

/** Slack's mrkdwn as the person of this window reads it. */
export function mrkdwn(context: Context, text: string, reading?: Reading): TemplateResult {
  return html`<div class="text">${partsView(context, parseMrkdwn(text, reading))}</div>`
}

/** Text without markup, as Slack shows `plain_text`: its three escapes are resolved, and emoji unless it asks for none. */
export function plainText(text: string, emoji = true): string {
  const shown = unescaped(text)
  return emoji ? shown.replaceAll(/:([\w+'-]{1,60}):/g, (whole, name: string) => emojiNamed(name) ?? whole) : shown
}

/** A text object of a block, of either kind. */
export function textObject(context: Context, given: JsonObject): TemplateResult {
  if (given['type'] === 'mrkdwn')
    return mrkdwn(context, textOf(given['text']), { verbatim: given['verbatim'] === true })
  return html`<div class="text">${plainObject(given)}</div>`
}

/** The words of a `plain_text` object. */
export function plainObject(given: JsonObject): string {
  return plainText(textOf(given['text']), given['emoji'] !== false)
}

export function partsView(context: Context, parts: readonly Part[]): readonly TemplateResult[] {
  return parts.map((part) => {
    switch (part.kind) {
      case 'lines':
        return html`<span class="lines">${inlineView(context, part.of)}</span>`
      case 'pre':
        return html`<pre>${part.text}</pre>`
      case 'quote':
        return html`<blockquote>${partsView(context, part.of)}</blockquote>`
    }
  })
}
