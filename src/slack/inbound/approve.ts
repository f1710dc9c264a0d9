import { whyNotRespond } from '#/incident/approval.ts'
import type { PersonCommand } from '#/incident/commands.ts'
import type { Standing } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { approvalForm } from '../cards/forms.ts'
import { fields, type Reference } from '../references.ts'
import { act, actOnForm, incidentOf, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

type OfRequest = Extract<Reference, { of: 'request' }>

/** Naming those who could approve is a courtesy: it never holds up the answer for longer than this. */
const ableWithinMs = 900

/** The confirm dialog was answered with yes. */
export async function approve(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'request' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  await act(desk, press, { incident: incident.id, command: async (by) => command(desk, incident, reference, by) })
}

/** For what nobody may approve by habit: a form in which what is asked for is typed, or the reason given. */
export async function approveByTyping(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const request = reference.of === 'request' ? incident.requests.get(reference.request) : undefined
    return request === undefined
      ? 'There is nothing to decide: that request is not there.'
      : approvalForm(incident, request, reference)
  })
}

export async function approveTyped(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  if (reference?.of !== 'request' || incident === undefined) return strangeForm(submission)
  const shown = incident.requests.get(reference.request)?.shown
  await actOnForm(desk, submission, {
    incident: incident.id,
    // Of the two that the form may have, the one that is there.
    field: shown?.effect.confirmByTyping === undefined ? fields.reason : fields.typed,
    command: async (by) => ({
      ...(await command(desk, incident, reference, by)),
      typed: submission.value(fields.typed),
      reason: submission.value(fields.reason),
    }),
  })
}

async function command(
  desk: Desk,
  incident: OpenedIncident,
  { request: id, digest }: OfRequest,
  by: Standing,
): Promise<Extract<PersonCommand, { type: 'ApproveRequest' }>> {
  const able = await ableNow(desk, incident, id, by)
  return { type: 'ApproveRequest', by, request: id, digest: digest ?? '', ...(able === undefined ? {} : { able }) }
}

/** Asked only when this person cannot approve, for the sentence that says so; and never told to outsiders. */
async function ableNow(
  desk: Desk,
  incident: OpenedIncident,
  id: OfRequest['request'],
  by: Standing,
): Promise<string | undefined> {
  const request = incident.requests.get(id)
  if (request === undefined || desk.roster.mayApprove(incident, request, by)) return undefined
  const refusal = whyNotRespond(by, incident.target)
  if (refusal !== undefined && refusal.code !== 'not_a_responder') return undefined
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ableWithinMs)
  const able = await Promise.race([desk.roster.able(incident, request), late.promise])
  clearTimeout(timer)
  return able === '' ? undefined : able
}
