import { html, nothing, type TemplateResult } from 'lit-html'
import { doOnce } from './doing.ts'
import { fileWords } from './ledger-file-words.ts'
import type { View } from './memory.ts'
import { sign } from './section.ts'

/** What an intruder on the bot's machine can do to the ledger's file, and what anybody can do to find out. */
export function fileControls(view: View): TemplateResult {
  const { ledgerFile, entries } = view.context.screen
  const busy = view.memory.underway.has('ledger')
  const { tone, words } = fileWords(ledgerFile, lastIncident(entries))
  const { tampered } = ledgerFile
  const turn = (to: 'tampered' | 'restored' | 'verified') => () => void (busy || doOnce(view, 'ledger', { to }))
  return html`<div class="glass-file" data-tone=${tone}>
    <p role="status">${tone === 'plain' ? nothing : sign(tone)}<span>${words}</span></p>
    <div class="glass-buttons">
      <button type="button" aria-busy=${busy} aria-disabled=${busy} @click=${turn(tampered === null ? 'tampered' : 'restored')}>
        ${tampered === null ? 'Tamper with the ledger file' : 'Put the byte back'}
      </button>
      <button type="button" aria-busy=${busy} aria-disabled=${busy} @click=${turn('verified')}>Verify the file</button>
    </div>
  </div>`
}

function lastIncident(entries: View['context']['screen']['entries']): string {
  const ids = Object.values(entries).flatMap(({ incident }) => (incident.startsWith('INC-') ? [incident] : []))
  return ids.at(-1) ?? 'INC-1'
}
