import { html, type TemplateResult } from 'lit-html'
import type { Speaker } from '../client.ts'
import { icon } from './icons.ts'

/** How many colours there are for people. */
const colours = 8

/** Somebody's picture: the first letters of their name on a colour of their own. Their name stands beside it, so it is not read out. */
export function avatar({ id, name, bot }: Pick<Speaker, 'id' | 'name' | 'bot'>): TemplateResult {
  if (bot) return html`<span class="avatar avatar-app" aria-hidden="true">${icon('shield')}</span>`
  return html`<span class="avatar" data-colour=${colourOf(id)} data-initials=${initials(name)} aria-hidden="true"></span>`
}

/** The first letters of the first and the last word of a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '')
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  return ends.map((word) => [...(word ?? '')][0]?.toUpperCase() ?? '').join('')
}

function colourOf(id: string): number {
  const sum = [...id].reduce((total, letter) => (total * 33 + (letter.codePointAt(0) ?? 0)) % 101, 7)
  return sum % colours
}
