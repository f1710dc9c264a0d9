import type { Press, Seen } from '#/drill/slack/acts/seen.ts'
import type { JsonObject } from '#/drill/slack/json.ts'
import type { Case } from '../../support/incident-flow.ts'

/** The message of the open request as this person's client shows it now, to be pressed whatever becomes of it. */
export function copyOf(incident: Case, person: string): Seen {
  const copy = incident.at(person).button(/^Approve/)
  if (copy === undefined) throw new Error(`${person} sees no request of ${incident.id} to approve`)
  return copy
}

/** Presses "Approve" on a copy of a request. */
export async function approveOn(incident: Case, person: string, copy: Seen, how?: Press): Promise<void> {
  await incident.as(person).actor.pressStale(copy, 'approve', how)
}

/** The same message with something else in its buttons' values. */
export function edited(copy: Seen, from: string, to: string): Seen {
  const text = JSON.stringify(copy.blocks)
  const changed = text.replaceAll(from, to)
  if (changed === text) throw new Error(`no button says ${from}`)
  return { ...copy, blocks: JSON.parse(changed) as readonly JsonObject[] }
}

/** How many private messages of this incident tell this person something like it. */
export function timesTold(incident: Case, person: string, words: RegExp): number {
  return incident
    .as(person)
    .actor.sees()
    .filter(({ ephemeral, text, blocks }) => ephemeral && words.test(`${text} ${JSON.stringify(blocks)}`)).length
}
