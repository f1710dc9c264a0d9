import { html, type TemplateResult } from 'lit-html'
import type { Speaker } from '../client.ts'
import { icon } from './icons.ts'
import { initials } from './initials.ts'

/** How many colours there are for people. */
const colours = 8

/** Somebody's picture: the first letters of their name on a colour of their own. Their name stands beside it, so it is not read out. */
export function avatar({ id, name, bot }: Pick<Speaker, 'id' | 'name' | 'bot'>): TemplateResult {
  if (bot) return html`<span class="avatar avatar-app" aria-hidden="true">${icon('shield')}</span>`
  return html`<span class="avatar" data-colour=${colourOf(id)} data-initials=${initials(name)} aria-hidden="true"></span>`
}

function colourOf(id: string): number {
  let sum = 7
  for (const letter of id) sum = (sum * 33 + (letter.codePointAt(0) ?? 0)) % 101
  return sum % colours
}
