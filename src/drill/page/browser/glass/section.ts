import { html, nothing, type TemplateResult } from 'lit-html'
import type { Part } from './memory.ts'

export type Tone = 'plain' | 'good' | 'bad' | 'warn'

/** What a section says in one line, open or folded. */
export type Headline = { readonly tone: Tone; readonly words: string }

const signs: { readonly [tone in Tone]: string } = { plain: '·', good: '✓', bad: '▲', warn: '!' }

/** A sign that goes before words of this tone; it is not read out, for the words say it. */
export function sign(tone: Tone): TemplateResult {
  return html`<span class="glass-sign" data-tone=${tone} aria-hidden="true">${signs[tone]}</span>`
}

/** A region of the panel that can be folded. Its headline stays. */
export function section(
  part: Part,
  {
    title,
    headline,
    spoken = false,
    body,
  }: {
    readonly title: string
    readonly headline: Headline
    /** Whether a change of the headline is read out. */
    readonly spoken?: boolean
    readonly body: unknown
  },
): TemplateResult {
  const { name, open, toggle } = part
  return html`<section class="glass-section" aria-labelledby="glass-${name}-title" data-open=${open}>
    <h3>
      <button type="button" class="glass-fold" aria-expanded=${open} aria-controls="glass-${name}" @click=${toggle}>
        <span id="glass-${name}-title">${title}</span>
      </button>
    </h3>
    <p class="glass-headline" data-tone=${headline.tone} aria-live=${spoken ? 'polite' : nothing}>
      ${sign(headline.tone)}<span>${headline.words}</span>
    </p>
    <div id="glass-${name}" class="glass-body" ?hidden=${!open}>${body}</div>
  </section>`
}
