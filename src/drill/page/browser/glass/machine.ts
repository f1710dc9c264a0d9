import { html, nothing, type TemplateResult } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Machine } from '../../wire.ts'
import { doOnce } from './doing.ts'
import { autentico, bot, type Condition, machineHeadline, redis, slack } from './machine-words.ts'
import { partOf, type View } from './memory.ts'
import { section, sign } from './section.ts'
import { clockTime, fullTime } from './times.ts'

/** What can be broken, how it is, and what was noticed. */
export function machineSection(view: View): TemplateResult {
  const { machine } = view.context.screen
  const { underway } = view.memory
  return section(partOf(view, 'machine'), {
    title: 'Break something',
    headline: machineHeadline(machine),
    spoken: true,
    body: html`<div class="glass-switches">
        ${item('The bot', bot[machine.bot], {
          words: machine.bot === 'dead' ? 'Start the bot' : 'Kill the bot',
          busy: underway.has('bot'),
          press: () => void doOnce(view, 'bot', { to: machine.bot === 'dead' ? 'running' : 'dead' }),
        })}
        ${item('Redis', redis[machine.redis], {
          words: machine.redis === 'stopped' ? 'Start Redis' : 'Stop Redis',
          busy: underway.has('redis'),
          press: () => void doOnce(view, 'redis', { to: machine.redis === 'stopped' ? 'running' : 'stopped' }),
        })}
        ${item('Slack', slack[machine.slack], {
          words: machine.slack === 'disconnected' ? 'Connect Slack' : 'Disconnect Slack',
          busy: underway.has('slack'),
          press: () =>
            void doOnce(view, 'slack', { to: machine.slack === 'disconnected' ? 'connected' : 'disconnected' }),
        })}
        ${autenticoItem(view)}
      </div>
      ${noticed(view)}`,
  })
}

type Switch = { readonly words: string; readonly busy: boolean; readonly press: () => void }

function item(name: string, { tone, words, expect }: Condition, { words: act, busy, press }: Switch): TemplateResult {
  return html`<div class="glass-switch">
    <span class="glass-label">${sign(tone)}${name} ${words}</span>
    <button type="button" aria-busy=${busy} aria-disabled=${busy} @click=${press}>${act}</button>
    <p class="glass-note">${expect}</p>
  </div>`
}

const choices: readonly { readonly to: Machine['autentico']; readonly label: string }[] = [
  { to: 'well', label: 'Well' },
  { to: 'slow', label: 'Slow' },
  { to: 'failing', label: 'Failing' },
  { to: 'stopped', label: 'Stopped' },
]

function autenticoItem(view: View): TemplateResult {
  const state = view.context.screen.machine.autentico
  const chosen = view.memory.autentico ?? state
  const { tone, words, expect } = autentico[state]
  return html`<div class="glass-switch">
    <span class="glass-label">${sign(tone)}Autentico ${words}</span>
    <div class="glass-radios" role="radiogroup" aria-label="Autentico" aria-busy=${view.memory.underway.has('autentico')}>
      ${choices.map(
        ({ to, label }) => html`<label>
          <input type="radio" name="glass-autentico" value=${to} .checked=${live(chosen === to)} @change=${() => void choose(view, to)} />
          <span>${label}</span>
        </label>`,
      )}
    </div>
    <p class="glass-note">${expect}</p>
  </div>`
}

/** Arrow keys pass over choices faster than they come about: the last one counts. */
async function choose(view: View, to: Machine['autentico']): Promise<void> {
  const { memory } = view
  memory.autentico = to
  if (!memory.underway.has('autentico')) await bringAbout(view)
}

async function bringAbout(view: View, done?: Machine['autentico']): Promise<void> {
  const { memory, context } = view
  const wanted = memory.autentico
  if (wanted !== undefined && wanted !== done) {
    await doOnce(view, 'autentico', { to: wanted })
    return bringAbout(view, wanted)
  }
  memory.autentico = undefined
  context.redraw()
}

function noticed({ context, memory }: View): TemplateResult | typeof nothing {
  const { log } = context.screen.machine
  if (log.length === 0) return nothing
  const drawn = log.slice(-memory.noticedDrawn).toReversed()
  const more = () => {
    memory.noticedDrawn = log.length
    context.redraw()
  }
  return html`<ol class="glass-log" reversed aria-label="What was noticed, the newest first">
      ${drawn.map(
        ({ at, words, tone }) =>
          html`<li>
            <time datetime=${at} title=${fullTime(at)}>${clockTime(at)}</time>${sign(tone)}<span>${words}</span>
          </li>`,
      )}
    </ol>
    ${log.length > drawn.length ? html`<button type="button" class="glass-more" @click=${more}>Show ${log.length - drawn.length} older</button>` : nothing}`
}
