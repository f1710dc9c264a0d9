import type { Case } from '../../support/incident-flow.ts'
import type { Fault, Run } from '../harness/fault.ts'

/** Presses "Approve" on the open request. Whether that was taken is another matter: the program may die of it. */
export async function press(incident: Case): Promise<void> {
  const request = await incident.request()
  await incident.at('bao', request).press(/^Approve/)
}

/** Starts the program again after it died, and does what people do then: who got a warning for an answer presses once more. */
export async function comeBack({ world, proves }: Run, incident: Case): Promise<void> {
  await world.start()
  if (incident.entries('StepApproved').length === 0) await incident.approve()
  await proves(incident)
}

/** The program is killed when it gets to the point that the variant names, on the way from the click to the end of the step. */
export const killedOnTheWay: Pick<Fault, 'id' | 'title' | 'ci' | 'nightly' | 'run'> = {
  id: 'F1',
  title: 'kill -9 at each point between the click and the end of its step',
  ci: 5,
  nightly: 100,
  async run(run) {
    const { world } = run
    const incident = await run.asked()
    const dying = world.program()
    world.kills.arm(run.variant)
    await press(incident)
    await dying.ended
    if (world.kills.struck() === dying.pid) run.struck()
    await comeBack(run, incident)
  },
}
