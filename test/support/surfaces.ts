import type { OpenedIncident } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { Effect } from '#/incident/work.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { timelineMessage } from '#/slack/cards/timeline-message.ts'
import type { Story } from './given.ts'
import { newestRequest } from './stories.ts'

/** What people see of a story: its card, its newest request, its newest lines. */

export type Played = Story & { readonly incident: OpenedIncident }

/** Where a message of the thread is, for every card that leads to one. */
export const link = 'https://acme.slack.com/archives/C0INCIDENTS/p1763866800000100'

export function card({ incident, now }: Played): Message {
  return incidentCard(incident, { now, requestLink: link })
}

export function request({ incident }: Played): Message {
  return requestMessage(incident, newestRequest(incident))
}

/** The newest lines of the thread. */
export function newest({ incident, recorded }: Played, count = 1): Message {
  const lines = recorded.map((one) => timelineLine(one, incident)).filter(({ forThread }) => forThread)
  return timelineMessage(lines.slice(-count)).message
}

/** An effect as a worker words it, for those who decide on it. */
export function worded(sentence: string, question: string, verb: string, ...warnings: readonly string[]): Effect {
  return { sentence, question, verb, warnings, basis: {} }
}
