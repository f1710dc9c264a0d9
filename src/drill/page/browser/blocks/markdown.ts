import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import type { Context } from '../context.ts'
import { inlineView } from './inline-view.ts'
import type { MarkdownPart } from './markdown-parse.ts'
import { parseMarkdown } from './markdown-parse.ts'

/** A `markdown` block. */
export function markdownView(context: Context, source: string): TemplateResult {
  return html`<div class="text markdown">${parseMarkdown(source).map((part) => partView(context, part))}</div>`
}

function partView(context: Context, part: MarkdownPart): TemplateResult {
  switch (part.kind) {
    case 'paragraph':
      return html`<p>${inlineView(context, part.of)}</p>`
    case 'heading':
      // All levels look alike in Slack, and none of them is a heading of the page.
      return html`<p class="heading">${inlineView(context, part.of)}</p>`
    case 'code':
      return html`<pre>${part.text}</pre>`
    case 'rule':
      return html`<hr />`
    case 'quote':
      return html`<blockquote>${inlineView(context, part.of)}</blockquote>`
    case 'list': {
      const items = part.items.map((item) => html`<li>${inlineView(context, item)}</li>`)
      const depth = `depth-${part.depth}`
      return part.start === undefined
        ? html`<ul class=${depth}>${items}</ul>`
        : html`<ol class=${depth} start=${part.start}>${items}</ol>`
    }
  }
}
