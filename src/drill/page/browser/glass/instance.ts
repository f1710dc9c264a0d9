import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import { watchAccount } from './account-watch.ts'
import { holdingRow } from './holding.ts'
import { instanceHeadline } from './instance-words.ts'
import { partOf, type View } from './memory.ts'
import { section } from './section.ts'

/** What Autentico as a whole is like, while an incident is about that. Looks again at what changed since the last drawing. */
export function instanceSection(view: View): TemplateResult | typeof nothing {
  const { instance, attacker } = view.context.screen
  if (instance === null) return nothing
  const { memory, now } = view
  const { incident, holdings } = instance
  // Another incident is about other things, so that nothing has come or gone with it.
  memory.instance = watchAccount(memory.instance, { username: incident, state: 'active', holdings }, now)
  return section(partOf(view, 'instance'), {
    title: 'Autentico as a whole',
    headline: instanceHeadline(instance, attacker.name),
    body: html`<ul class="glass-rows">
      ${repeat(
        holdings,
        ({ kind }) => kind,
        (holding) =>
          holdingRow(holding, {
            how: 'open',
            change: memory.instance?.changes.get(holding.kind),
            now,
            count: holding.count,
          }),
      )}
    </ul>`,
  })
}
