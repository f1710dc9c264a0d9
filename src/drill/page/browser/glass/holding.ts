import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import type { Holding } from '../../wire.ts'
import { type HoldingChange, recency } from './account-watch.ts'
import { changeWords, dots, type Standing } from './account-words.ts'
import { sign } from './section.ts'

export type HoldingLook = {
  readonly how: Standing
  readonly change: HoldingChange | undefined
  readonly now: Date
  /** In place of "2 of 3". */
  readonly count?: string
}

/** One kind of thing: how many of it are live, what changed, and the single ones when it is opened. */
export function holdingRow(holding: Holding, look: HoldingLook): TemplateResult {
  const { live, lines } = holding
  const tone = live === 0 ? 'closed' : look.how
  return html`<li class="glass-holding" data-tone=${tone}>
    ${flash(look)}${
      lines.length === 0
        ? html`<div class="glass-holding-line">${counts(holding, look)}</div>`
        : html`<details>
            <summary class="glass-holding-line">${counts(holding, look)}</summary>
            <ul class="glass-lines">
              ${lines.map((line) => html`<li>${line}</li>`)}
              ${live > lines.length ? html`<li>and ${live - lines.length} more</li>` : nothing}
            </ul>
          </details>`
    }
  </li>`
}

/** Another change while it fades begins it anew. */
function flash({ change, now }: HoldingLook): unknown {
  if (change === undefined || recency(change.at, now) !== 'fresh') return nothing
  return keyed(change.at, html`<span class="glass-flash" aria-hidden="true"></span>`)
}

function counts(
  { label, live, ever }: Holding,
  { how, change, now, count = `${live} of ${ever}` }: HoldingLook,
): TemplateResult {
  const { full, hollow } = dots({ live, ever })
  const tone = live === 0 ? 'good' : how === 'restored' ? 'plain' : 'bad'
  return html`${ever === 0 ? html`<span class="glass-sign"></span>` : sign(tone)}
    <span class="glass-label">${label}</span>
    ${change === undefined || recency(change.at, now) === 'old' ? nothing : html`<span class="glass-change">${changeWords(change)}</span>`}
    <span class="glass-dots" aria-hidden="true">${range(full).map(() => html`<b></b>`)}${range(hollow).map(() => html`<i></i>`)}</span>
    <span class="glass-count">${count}</span>`
}

function range(length: number): readonly undefined[] {
  return Array.from({ length })
}
