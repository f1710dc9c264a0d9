import { act, incidentOf } from './answers.ts'
import type { Desk, Press } from './desk.ts'

export async function takeCommand(press: Press, desk: Desk): Promise<void> {
  const incident = await incidentOf(desk, press, press.reference)
  if (incident === undefined) return
  await act(desk, press, { incident: incident.id, command: (by) => ({ type: 'TakeCommand', by }) })
}
