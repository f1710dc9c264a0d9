import { act, incidentOf } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** Asks for a step; also "try again". */
export async function ask(press: Press, desk: Desk): Promise<void> {
  await askFor(press, desk, 'run')
}

/** Suspending the account in place of a step that could not be proven. */
export async function suspend(press: Press, desk: Desk): Promise<void> {
  await askFor(press, desk, 'suspend')
}

async function askFor(press: Press, desk: Desk, kind: 'run' | 'suspend'): Promise<void> {
  const reference = press.reference?.of === 'step' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'AskForStep', by, step: reference.step, kind }),
  })
}
