import { samePerson } from '#/incident/people.ts'
import { denyForm } from '../cards/forms.ts'
import { act, incidentOf, openForm } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** One press suspends the target for a while. */
export async function hold(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'incident' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined) return
  await act(desk, press, { incident: incident.id, command: (by) => ({ type: 'HoldTarget', by }) })
}

/** Whoever placed it takes it back at once; anybody else says why it is ended. */
export async function liftHold(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'request' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  const request = incident.requests.get(reference.request)
  const by = await desk.roster.standing(press.user)
  if (request?.end.kind === 'open' && !samePerson(request.requester, by.person)) {
    await Promise.all([press.ack(), openForm(desk, press, denyForm(incident, request, reference))])
    return
  }
  await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'WithdrawRequest', by, request: reference.request }),
  })
}

/** A hold that could not be lifted by itself is tried once more. */
export async function liftAgain(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'request' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'LiftAgain', by, request: reference.request }),
  })
}
