import { governanceStream } from '#/governance/events.ts'
import { changeMessage, changeNotice } from '#/slack/cards/change-message.ts'
import { timelineMessage } from '#/slack/cards/timeline-message.ts'
import { SlackRejected } from '#/slack/failures.ts'
import type { Outbound } from '#/slack/outbound.ts'
import type { Board } from './noticeboard.ts'
import { gone, translated } from './thread.ts'

/** The incident channel as the noticeboard needs it. */
export function slackBoard({
  outbound,
  channel,
  drill,
}: {
  readonly outbound: Outbound
  readonly channel: string
  readonly drill: boolean
}): Board {
  const during = async <Result>(call: Promise<Result>): Promise<Result> =>
    call.catch((error: unknown) => {
      throw translated(error)
    })
  return {
    postChange: async (change) => during(outbound.postCard(channel, changeMessage(change, { drill }), change.id)),
    async updateChange(place, change) {
      try {
        await outbound.updateCard(place, changeMessage(change, { drill }))
      } catch (error) {
        if (!(error instanceof SlackRejected) || !gone.has(error.code)) throw translated(error)
      }
    },
    postNotice: async (key, text) => during(outbound.postCard(channel, changeNotice(text, { drill }), key)),
    async find(key, since) {
      const answer = await during(outbound.findCard(channel, key, since))
      return answer.kind === 'read' ? answer.found : undefined
    },
    async postLines(place, lines) {
      const { message, taken } = timelineMessage(lines)
      await during(
        outbound.postInThread(place, message, { incident: governanceStream, entries: lines.slice(0, taken) }),
      )
      return taken
    },
    async posted(place, seqs) {
      const answer = await during(outbound.findInThread(place, governanceStream, seqs))
      return answer.kind === 'read' ? new Set(answer.found.keys()) : undefined
    },
    look: (change) => JSON.stringify(changeMessage(change, { drill })),
  }
}
