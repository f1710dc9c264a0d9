import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { object, text } from '../../../slack/json.ts'
import { plainObject } from './mrkdwn.ts'

/** A small picture beside a text. Nothing is fetched from elsewhere, so it is its description in a frame. */
export function smallPicture(element: JsonObject): TemplateResult {
  const alt = text(element['alt_text'])
  return html`<span class="picture small" role="img" aria-label=${alt} title=${alt}>🖼</span>`
}

/** An `image` block: its title and its description. */
export function picture(block: JsonObject): TemplateResult {
  const title = object(block['title'])
  return html`<figure class="picture">
    ${text(title['text']) === '' ? nothing : html`<figcaption>${plainObject(title)}</figcaption>`}
    <div><span aria-hidden="true">🖼</span> ${text(block['alt_text'])}</div>
  </figure>`
}
