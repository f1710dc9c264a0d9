import type { IncidentEvent } from './events.ts'
import { type About, type Refusal, type RefusalCode, refusalSentence } from './refusals.ts'

/** What became of a command: the facts that it makes, or why it is turned down. */
export type Decision =
  | { readonly kind: 'accepted'; readonly events: readonly IncidentEvent[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly sentence: string }

export function accepted(...events: readonly IncidentEvent[]): Decision {
  return { kind: 'accepted', events }
}

export function refused(code: RefusalCode, about: About = {}): Decision {
  return refusedFor({ code, about })
}

export function refusedFor(refusal: Refusal): Decision {
  return { kind: 'refused', refusal, sentence: refusalSentence(refusal) }
}

export function because(code: RefusalCode, about: About = {}): Refusal {
  return { code, about }
}
