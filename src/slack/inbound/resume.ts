import type { IncidentId } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Message } from '../cards/blocks.ts'
import { saying, threadMark } from '../cards/lists.ts'
import { literal, mrkdwn, sentence } from '../cards/text.ts'
import { act, incidentOf } from './answers.ts'
import type { Asked, Desk, Press } from './desk.ts'
import { threadLinks } from './home.ts'

/** Asks for the work of one incident to go on. The request appears in the thread, and somebody else approves it there. */
export async function resume(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'incident' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined) return
  await act(desk, press, { incident: incident.id, command: (by) => ({ type: 'AskToResume', by, all: false }) })
}

/** The button on the Home tab. */
export async function resumeAll(press: Press, desk: Desk): Promise<void> {
  const answer = await askToResume(desk, press.user, 'all')
  await press.ack()
  await desk.outbound.replyPrivately(press.user, press.where, answer)
}

/**
 * `/autentico resume INC-n` or `all`. Everything is resumed by one request, which stands in the thread of the incident that was
 * stopped with the others and opened first.
 */
export async function askToResume(desk: Desk, user: Asked['user'], what: OpenedIncident | 'all'): Promise<Message> {
  const by = await desk.roster.standing(user)
  const all = what === 'all'
  const host = all ? desk.door.openIncidents().find(({ stops }) => stops.some((stop) => stop.all)) : what
  if (host === undefined)
    return saying(sentence('Nothing was stopped with everything else, so there is nothing to resume.'))
  const executed = desk.door.execute(host.id, { type: 'AskToResume', by, all })
  if (executed.kind === 'refused') return saying(sentence(executed.sentence))
  return saying(mrkdwn`${literal(askedSentence(host.id))}${threadMark(threadLinks(desk)(host))}`)
}

function askedSentence(id: IncidentId): string {
  return `You asked for the work to go on. Somebody else has to approve it, in the thread of ${id}.`
}
