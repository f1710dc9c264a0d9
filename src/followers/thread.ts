import type { Recorded } from '#/incident/events.ts'
import type { TimelineLine } from '#/incident/line.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { Policy } from '#/policy/policy.ts'
import { type Message, message } from '#/slack/cards/blocks.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { summaryMessage } from '#/slack/cards/summary-message.ts'
import { type Mrkdwn, lines as stacked } from '#/slack/cards/text.ts'
import { timelineMessage } from '#/slack/cards/timeline-message.ts'
import { RateLimited, SlackRejected, SlackUnavailable } from '#/slack/failures.ts'
import type { Outbound } from '#/slack/outbound.ts'
import { type Place, type Posted, ThreadLost, type ThreadPort, TryLater } from './poster.ts'

/** Slack's answers to an edit that mean: this message cannot be edited any more, post it anew. */
export const gone: ReadonlySet<string> = new Set([
  'message_not_found',
  'edit_window_closed',
  'is_inactive',
  'cant_update_message',
])

/** A thread in Slack as the poster needs it: cards and lines drawn, Slack's three failures turned into the poster's two. */
export function slackThread({
  outbound,
  linkTo,
  timeline,
  policy,
  now,
}: {
  readonly outbound: Outbound
  /** The address of a message, once the workspace's own is known. */
  readonly linkTo: (place: Place) => string | undefined
  readonly timeline: (incident: OpenedIncident['id']) => readonly Recorded[]
  /** What may be done by one alone, now. */
  readonly policy: () => Policy
  readonly now: () => Date
}): ThreadPort {
  const card = (incident: OpenedIncident, request?: Place) => {
    const requestLink = request === undefined ? undefined : linkTo(request)
    return incidentCard(incident, {
      now: now().toISOString(),
      policy: policy(),
      ...(requestLink === undefined ? {} : { requestLink }),
    })
  }

  const update = async (place: Place, edited: Message): Promise<'updated' | 'gone'> => {
    try {
      await outbound.updateCard(place, edited)
      return 'updated'
    } catch (error) {
      if (error instanceof SlackRejected && gone.has(error.code)) return 'gone'
      throw translated(error)
    }
  }
  const post = async (
    incident: OpenedIncident,
    thread: Place,
    reply: Message,
    marks: readonly TimelineLine[],
  ): Promise<string> => {
    try {
      const toChannel = marks.some(({ forChannel }) => forChannel)
      return (await outbound.postInThread(thread, reply, { incident: incident.id, entries: marks, toChannel })).ts
    } catch (error) {
      throw translated(error)
    }
  }

  return {
    async postCard(incident) {
      try {
        return await outbound.postCard(incident.channel, card(incident), incident.id)
      } catch (error) {
        throw translated(error)
      }
    },
    async findCard(incident) {
      const answer = await outbound
        .findCard(incident.channel, incident.id, incident.openedAt)
        .catch((error: unknown) => {
          throw translated(error)
        })
      return answer.kind === 'read' ? answer.found : undefined
    },
    updateCard: async (incident, place, request) => update(place, card(incident, request)),
    postCardAgain: async (incident, thread) => post(incident, thread, card(incident), []),
    async postLines(incident, thread, entries) {
      const { message: folded, taken } = timelineMessage(entries)
      await post(incident, thread, folded, entries.slice(0, taken))
      return taken
    },
    postRequest: async (incident, thread, request, line) =>
      post(incident, thread, requestMessage(incident, request, policy()), [line]),
    async updateRequest(incident, place, request) {
      // A request that somebody deleted is not posted again: what came of it stands in the lines below it.
      await update(place, requestMessage(incident, request, policy()))
    },
    async postSummary(incident, thread, line) {
      // The closing words stand in the summary already.
      const closing = timelineMessage([{ ...line, details: [] }]).message
      const summary = summaryMessage(incident)
      const both = message(stacked(summary.text as Mrkdwn, closing.text as Mrkdwn), [
        ...summary.blocks,
        ...closing.blocks,
      ])
      await post(incident, thread, both, [line])
    },
    async posted(incident, thread): Promise<Posted | undefined> {
      const history = timeline(incident.id)
      const seqs = history.filter((recorded) => timelineLine(recorded, incident).forThread).map(({ seq }) => seq)
      const answer = await outbound.findInThread(thread, incident.id, seqs).catch((error: unknown) => {
        throw translated(error)
      })
      if (answer.kind === 'not readable') return undefined
      const requests = [...incident.requests.values()].flatMap(({ id, shown }) => {
        const place = shown === undefined ? undefined : answer.found.get(shown.seq)
        return place === undefined ? [] : [[id, place.ts] as const]
      })
      return { upTo: Math.max(0, ...answer.found.keys()), requests: new Map(requests) }
    },
    looks: {
      card: (incident, request) => JSON.stringify(card(incident, request)),
      request: (incident: OpenedIncident, request: Request) =>
        JSON.stringify(requestMessage(incident, request, policy())),
    },
  }
}

/** What a follower may do next, of whatever Slack said. */
export function translated(error: unknown): unknown {
  if (error instanceof RateLimited) return new TryLater(error.message, { afterMs: error.retryAfterMs, cause: error })
  if (error instanceof SlackUnavailable) return new TryLater(error.message, { cause: error })
  if (error instanceof SlackRejected) return new ThreadLost(error.message, { cause: error })
  return error
}
