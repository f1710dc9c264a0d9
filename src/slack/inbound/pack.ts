import { act, incidentOf, tell } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** The evidence pack is wanted in the thread. It takes a while, so whoever pressed is told that it comes. */
export async function askForPack(press: Press, desk: Desk): Promise<void> {
  const incident = await incidentOf(desk, press, press.reference)
  if (incident === undefined) return
  const executed = await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'AskForPack', by }),
  })
  if (executed.kind === 'accepted')
    await tell(desk, press, 'The evidence pack is made and comes into this thread as a file.')
}
