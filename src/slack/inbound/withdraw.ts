import { act, incidentOf } from './answers.ts'
import type { Desk, Press } from './desk.ts'

export async function withdraw(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'request' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'WithdrawRequest', by, request: reference.request }),
  })
}
