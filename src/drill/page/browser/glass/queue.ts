import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { QueuedOrder } from '../../wire.ts'
import { partOf, type View } from './memory.ts'
import { isOpen, orderState, queueHeadline } from './queue-words.ts'
import { section, sign } from './section.ts'
import { age, clockTime, fullTime } from './times.ts'

/** The queue as Redis has it, or had it: what still has to be done, then what ended last. */
export function queueSection({ context, memory, now }: View): TemplateResult {
  const { queue } = context.screen
  const ended = queue.orders.filter((order) => !isOpen(order))
  const shown = [...queue.orders.filter(isOpen), ...ended.slice(0, endedInView)]
  const older = ended.slice(endedInView)
  const row = (order: QueuedOrder) => orderRow(order, now)
  return section(partOf({ context, memory, now }, 'queue'), {
    title: 'Queue',
    headline: queueHeadline(queue),
    body: html`<ul class="glass-rows" data-stale=${!queue.up}>
        ${repeat(shown, ({ id }) => id, row)}
      </ul>
      ${
        older.length === 0
          ? nothing
          : html`<details class="glass-kept">
              <summary>${older.length} more ended</summary>
              <ul class="glass-rows">
                ${repeat(older, ({ id }) => id, row)}
              </ul>
            </details>`
      }`,
  })
}

const endedInView = 3

function orderRow(order: QueuedOrder, now: Date): TemplateResult {
  const { id, what, tries, since } = order
  const { tone, words } = orderState(order)
  const open = isOpen(order)
  return html`<li class="glass-order" data-open=${open}>
    ${sign(tone)}<span class="glass-label">${what}</span>
    <time class="glass-count" datetime=${since} title=${`since ${fullTime(since)}`}>${open ? age(since, now) : clockTime(since)}</time>
    <span class="glass-detail">${id} · ${words}${tries > 1 ? ` · try ${tries}` : ''}</span>
  </li>`
}
