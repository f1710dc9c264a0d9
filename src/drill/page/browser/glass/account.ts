import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Account, Holding } from '../../wire.ts'
import { type HoldingChange, recency, watchAccount } from './account-watch.ts'
import { accountHeadline, changeWords, dots, type Standing, standing, stateWords } from './account-words.ts'
import { chainOf } from './chain.ts'
import { partOf, type View } from './memory.ts'
import { section, sign } from './section.ts'

/** What Autentico holds for the target. Looks again at what changed since the last drawing. */
export function accountSection(view: View): TemplateResult {
  const { account, attacker, entries, cast } = view.context.screen
  const part = partOf(view, 'account')
  if (account === null) {
    const victim = cast.find(({ part }) => part === 'victim')?.handle ?? 'alice'
    const headline = { tone: 'plain', words: 'Autentico has not been read yet.' } as const
    return section(part, { title: `${victim} in Autentico`, headline, body: nothing })
  }
  const { memory, now } = view
  memory.account = watchAccount(memory.account, account, now)
  const how = standing(
    account,
    chainOf(entries).map(({ entry }) => entry),
    attacker,
  )
  return section(part, {
    title: `${account.username} in Autentico`,
    headline: accountHeadline(account, how),
    body: html`${whose(account)}
      <ul class="glass-rows">
        ${repeat(
          account.holdings,
          ({ kind }) => kind,
          (holding) => row(holding, { how, change: memory.account?.changes.get(holding.kind), now }),
        )}
      </ul>`,
  })
}

function whose({ email, state }: Account): TemplateResult {
  return html`<p class="glass-note"><span class="glass-state" data-state=${state}>${stateWords(state)}</span> ${email}</p>`
}

type Look = { readonly how: Standing; readonly change: HoldingChange | undefined; readonly now: Date }

function row(holding: Holding, look: Look): TemplateResult {
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
function flash({ change, now }: Look): unknown {
  if (change === undefined || recency(change.at, now) !== 'fresh') return nothing
  return keyed(change.at, html`<span class="glass-flash" aria-hidden="true"></span>`)
}

function counts({ label, live, ever }: Holding, { how, change, now }: Look): TemplateResult {
  const { full, hollow } = dots({ live, ever })
  const tone = live === 0 ? 'good' : how === 'restored' ? 'plain' : 'bad'
  return html`${ever === 0 ? html`<span class="glass-sign"></span>` : sign(tone)}
    <span class="glass-label">${label}</span>
    ${change === undefined || recency(change.at, now) === 'old' ? nothing : html`<span class="glass-change">${changeWords(change)}</span>`}
    <span class="glass-dots" aria-hidden="true">${range(full).map(() => html`<b></b>`)}${range(hollow).map(() => html`<i></i>`)}</span>
    <span class="glass-count">${live} of ${ever}</span>`
}

function range(length: number): readonly undefined[] {
  return Array.from({ length })
}
