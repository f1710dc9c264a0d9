import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import { chainOf, type Linked, shortHash } from './chain.ts'
import { fileControls } from './ledger-file.ts'
import { problemsAt } from './ledger-file-words.ts'
import { ledgerHeadline } from './ledger-words.ts'
import { partOf, type View } from './memory.ts'
import { section, sign } from './section.ts'
import { clockTime, fullTime } from './times.ts'

/** The ledger, the newest entry on top, each drawn as hanging on the one below. */
export function ledgerSection(view: View): TemplateResult {
  const { memory, context } = view
  const chain = chainOf(context.screen.entries)
  const drawn = chain.slice(-memory.entriesDrawn).toReversed()
  const older = chain.length - drawn.length
  const more = () => {
    memory.entriesDrawn += olderAtOnce
    context.redraw()
  }
  return section(partOf(view, 'ledger'), {
    title: 'Ledger',
    headline: ledgerHeadline(chain, context.screen.ledgerFile),
    body: html`${fileControls(view)}
      <ol class="glass-chain" reversed>
        ${repeat(
          drawn,
          ({ entry }) => entry.seq,
          (linked) => entryRow(view, linked),
        )}
      </ol>
      ${older === 0 ? nothing : html`<button type="button" class="glass-more" @click=${more}>Show older</button>`}`,
  })
}

const olderAtOnce = 100

function entryRow(view: View, { entry, link }: Linked): TemplateResult {
  const { seq, at, who, words, hash, previous } = entry
  const problems = problemsAt(view.context.screen.ledgerFile, seq)
  return html`<li class="glass-entry" data-holds=${problems.length === 0}>
    <p class="glass-entry-head">
      <span class="glass-seq">#${seq}</span>
      <button type="button" class="glass-hash" title=${hash} aria-label=${`Copy hash ${shortHash(hash)} of entry ${seq}`} @click=${() => void copy(view, hash, seq)}>
        ${shortHash(hash)}
      </button>
      <time datetime=${at} title=${fullTime(at)}>${clockTime(at)} UTC</time>
    </p>
    <p class="glass-entry-words"><strong>${who}</strong> ${words}</p>
    ${problems.map((what) => html`<p class="glass-link" data-link="breaks">${sign('bad')}does not hold: ${what}</p>`)}
    ${linkRow(link, previous)}
  </li>`
}

function linkRow(link: Linked['link'], previous: string): TemplateResult {
  const hash = html`<span class="glass-previous" title=${previous}>${shortHash(previous)}</span>`
  if (link === 'first') return html`<p class="glass-link">the first entry</p>`
  if (link === 'breaks')
    return html`<p class="glass-link" data-link="breaks">does not follow: the entry before it had another hash, not ${hash}</p>`
  if (link === 'unseen') return html`<p class="glass-link">follows ${hash}, which is not shown here</p>`
  return html`<p class="glass-link" data-link="follows"><span>follows</span>${hash}</p>`
}

async function copy({ context }: View, hash: string, seq: number): Promise<void> {
  try {
    await navigator.clipboard.writeText(hash)
    context.notice(`The hash of entry ${seq} is copied.`)
  } catch {
    context.notice('This browser does not let a page copy. The full hash is in the title of the button.')
  }
}
