import { html, nothing, type TemplateResult } from 'lit-html'
import { ref } from 'lit-html/directives/ref.js'
import { repeat } from 'lit-html/directives/repeat.js'
import type { AttackedDoor, Attacker, Attempt } from '../../wire.ts'
import { attackerHeadline, detailWords, latestTry } from './attacker-words.ts'
import { doOnce } from './doing.ts'
import { type Memory, partOf, type View } from './memory.ts'
import { section, sign } from './section.ts'
import { clockTime, fullTime } from './times.ts'

/** The attacker's doors, before and now, and the ways to let the attacker try again. */
export function attackerSection(view: View): TemplateResult {
  const { memory, context } = view
  const attacker = { ...context.screen.attacker, busy: context.screen.attacker.busy || memory.underway.has('attack') }
  return section(partOf(view, 'attacker'), {
    title: `${attacker.name}, the attacker`,
    headline: attackerHeadline(attacker),
    spoken: true,
    body: html`${when(view, attacker)} ${buttons(view, attacker)} ${doors(attacker)}`,
  })
}

function when({ memory }: View, attacker: Attacker): TemplateResult | typeof nothing {
  const at = latestTry(attacker)
  if (at === undefined) return nothing
  const changes = [memory.account?.changedAt, memory.instance?.changedAt]
  const stale = changes.some((changed) => changed !== undefined && changed.getTime() > new Date(at).getTime())
  return html`<p class="glass-note">
    Tried at ${time(at)} UTC${stale ? '. Autentico has changed since: try again.' : '.'}
  </p>`
}

function buttons(view: View, attacker: Attacker): TemplateResult {
  const { name, busy } = attacker
  const { memory, context } = view
  const again = () => void (busy || doOnce(view, 'attack', { doors: 'repeatable' }))
  const ask = () => {
    if (busy) return
    memory.asking = true
    memory.focusNext = 'confirm'
    context.redraw()
  }
  return html`<div class="glass-buttons">
      <button type="button" aria-disabled=${busy} aria-busy=${busy} @click=${again}>Let ${name} try again</button>
      <button type="button" aria-disabled=${busy} aria-expanded=${memory.asking} @click=${ask} ${focusWhen(memory, 'every-door')}>
        Let ${name} try every door
      </button>
    </div>
    ${memory.asking ? confirmation(view) : nothing}`
}

function confirmation(view: View): TemplateResult {
  const { memory, context } = view
  const back = () => {
    memory.asking = false
    memory.focusNext = 'every-door'
    context.redraw()
  }
  const go = () => {
    back()
    void doOnce(view, 'attack', { doors: 'all' })
  }
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    back()
  }
  return html`<div class="glass-confirm" role="group" aria-labelledby="glass-confirm-words" @keydown=${escape}>
    <p id="glass-confirm-words">Codes, links and the refresh token work only once: what gets in now is used up.</p>
    <div class="glass-buttons">
      <button type="button" class="glass-main" @click=${go} ${focusWhen(memory, 'confirm')}>Try them all</button>
      <button type="button" @click=${back}>Keep them</button>
    </div>
  </div>`
}

/** Moves the keyboard here once, when the drawing that was asked for stands in the page. */
function focusWhen(memory: Memory, here: Memory['focusNext']): unknown {
  return ref((element) => {
    if (!(element instanceof HTMLElement) || memory.focusNext !== here) return
    memory.focusNext = undefined
    queueMicrotask(() => element.focus())
  })
}

function doors({ doors }: Attacker): TemplateResult {
  const tried = doors.filter(({ before, now }) => before !== null || now !== null)
  const kept = doors.filter((door) => !tried.includes(door))
  return html`<ul class="glass-rows">
      ${repeat(tried, ({ door }) => door, doorRow)}
    </ul>
    ${
      kept.length === 0
        ? nothing
        : html`<details class="glass-kept">
            <summary>${kept.length} kept for later</summary>
            <ul class="glass-lines">
              ${kept.map(({ door }) => html`<li>${door}</li>`)}
            </ul>
          </details>`
    }`
}

function doorRow({ door, before, now }: AttackedDoor): TemplateResult {
  const latest = now ?? before
  const detail = latest === null ? '' : detailWords(latest)
  return html`<li class="glass-door">
    <span class="glass-label">${door}</span>
    <span class="glass-tries">
      ${before === null ? html`<span class="glass-try">kept for later</span>` : attempt(before, now === null)}
      ${now === null ? nothing : html`<span class="glass-arrow" role="img" aria-label="then"></span>${attempt(now, true)}`}
    </span>
    ${detail === '' ? nothing : html`<span class="glass-detail">${detail}</span>`}
  </li>`
}

function attempt({ got, at }: Attempt, latest: boolean): TemplateResult {
  const tone = got === 'in' ? 'bad' : 'good'
  return html`<span class="glass-try" data-tone=${tone} data-latest=${latest} title=${fullTime(at)}
    >${sign(tone)}${got === 'in' ? 'got in' : 'kept out'}</span
  >`
}

function time(at: string): TemplateResult {
  return html`<time datetime=${at} title=${fullTime(at)}>${clockTime(at)}</time>`
}
