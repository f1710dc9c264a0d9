import { timelineLine } from '#/incident/timeline.ts'
import { timelineForm } from '../cards/timeline-message.ts'
import { incidentOf, noticeOf, openForm, updateForm, whyNotRead } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** Everything that happened, in a form that only the presser sees. */
export async function timeline(press: Press, desk: Desk): Promise<void> {
  const incident = await incidentOf(desk, press, press.reference)
  if (incident === undefined) return
  const [, view, by] = await Promise.all([
    press.ack(),
    openForm(desk, press, noticeOf(`Timeline of ${incident.id}`, 'Reading…')),
    desk.roster.standing(press.user),
  ])
  if (view === undefined) return
  const refusal = whyNotRead(by, incident)
  const form =
    refusal === undefined
      ? timelineForm(
          incident,
          desk.door.timeline(incident.id).map((recorded) => timelineLine(recorded, incident)),
        )
      : noticeOf(`Timeline of ${incident.id}`, refusal)
  await updateForm(desk, view, form)
}
