import type { IncidentEvent } from './events.ts'
import { type Actor, isPerson, type Person, samePerson } from './people.ts'
import type { OpenedIncident, Request } from './state.ts'
import { verdict, verdictOf, verdictWords } from './verdict.ts'

/** Where a request stood with this yes, where more than one person has to agree: `incident` may be of later. */
export function standingWith(request: Request | undefined, actor: Actor): readonly string[] {
  if (request === undefined || !isPerson(actor)) return []
  const { shown, approvals } = request
  const place = approvals.findIndex(({ by }) => samePerson(by, actor))
  const then = verdictOf({ ...request, approvals: approvals.slice(0, place + 1) })
  return shown?.rule === undefined || verdict(shown.rule, []).stillNeeded?.count === 1 ? [] : [`${verdictWords(then)}.`]
}

/** What is said of a yes that counts no more. */
export function lapsedLine(
  { by, why }: Extract<IncidentEvent, { type: 'ApprovalLapsed' }>,
  request: string,
): { readonly headline: string; readonly details: readonly string[]; readonly tone: 'bad' } {
  return {
    headline: `found that the earlier approval by @${by.name} does not count any more: ${request}`,
    details: [`As things stand @${by.name} would be told: “${why}”`],
    tone: 'bad',
  }
}

/** What is said aloud of somebody who tries approvals that are not theirs to give. */
export function probingWords(
  { by, count }: Extract<IncidentEvent, { type: 'ApprovalProbed' }>,
  { commander, openedBy }: OpenedIncident,
): { readonly headline: string; readonly details: readonly string[]; readonly mentions: readonly Person[] } {
  return {
    headline: `was refused ${count} approvals in this incident: approval probing`,
    details: [`Ask @${by.name}, but not in Slack, whether that was them: the Slack account may be in other hands.`],
    mentions: [commander, openedBy].filter((one) => !samePerson(one, by)).slice(0, 1),
  }
}
