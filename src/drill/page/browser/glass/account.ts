import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Account } from '../../wire.ts'
import { watchAccount } from './account-watch.ts'
import { accountHeadline, standing, stateWords } from './account-words.ts'
import { chainOf } from './chain.ts'
import { holdingRow } from './holding.ts'
import { partOf, type View } from './memory.ts'
import { section } from './section.ts'

/** What Autentico holds for the target, where that is an account. Looks again at what changed since the last drawing. */
export function accountSection(view: View): TemplateResult | typeof nothing {
  const { account, instance, attacker, entries, cast } = view.context.screen
  const part = partOf(view, 'account')
  if (account === null) {
    if (instance !== null) return nothing
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
          (holding) => holdingRow(holding, { how, change: memory.account?.changes.get(holding.kind), now }),
        )}
      </ul>`,
  })
}

function whose({ email, state }: Account): TemplateResult {
  return html`<p class="glass-note"><span class="glass-state" data-state=${state}>${stateWords(state)}</span> ${email}</p>`
}
