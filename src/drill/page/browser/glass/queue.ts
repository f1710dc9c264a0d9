import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { QueuedOrder } from '../../wire.ts'
import { partOf, type View } from './memory.ts'
import { orderState, queueHeadline } from './queue-words.ts'
import { section, sign } from './section.ts'
import { age, fullTime } from './times.ts'

/** The queue as Redis has it, or had it. */
export function queueSection(view: View): TemplateResult {
  const { queue } = view.context.screen
  return section(partOf(view, 'queue'), {
    title: 'Queue',
    headline: queueHeadline(queue),
    body:
      queue.orders.length === 0
        ? nothing
        : html`<ul class="glass-rows" data-stale=${!queue.up}>
            ${repeat(
              queue.orders,
              ({ id }) => id,
              (order) => row(order, view.now),
            )}
          </ul>`,
  })
}

function row({ id, what, state, tries, since }: QueuedOrder, now: Date): TemplateResult {
  const { tone, words } = orderState(state)
  return html`<li class="glass-order">
    ${sign(tone)}<span class="glass-label">${what}</span>
    <time class="glass-count" datetime=${since} title=${`since ${fullTime(since)}`}>${age(since, now)}</time>
    <span class="glass-detail">${id} · ${words}${tries > 1 ? ` · try ${tries}` : ''}</span>
  </li>`
}
