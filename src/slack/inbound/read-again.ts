import { act, incidentOf } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** Makes the snapshot, or the sweep, anew. */
export function readAgain(what: 'snapshot' | 'sweep'): (press: Press, desk: Desk) => Promise<void> {
  return async (press, desk) => {
    const incident = await incidentOf(desk, press, press.reference)
    if (incident === undefined) return
    await act(desk, press, { incident: incident.id, command: (by) => ({ type: 'ReadAgain', by, what }) })
  }
}
