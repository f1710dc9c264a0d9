import { setTimeout as pause } from 'node:timers/promises'
import { fault } from '../harness/fault.ts'
import { comeBack, press } from './deaths.ts'

fault({
  id: 'F2',
  title: 'kill -9 twice at random moments while three incidents are worked on',
  // Two kills each.
  ci: 25,
  nightly: 1_000,
  async run(run) {
    const { world, random, struck } = run
    const first = await run.asked()
    const others = [await run.asked(), await run.asked()]
    const presses = Promise.allSettled([first, ...others].map(press))
    // The moment is the fault itself: from before the first click arrives until after the last step has ended.
    await pause(random.between(0, 600))
    await world.program().kill()
    struck()
    await presses
    await world.start()
    // And once more while it gets over the first.
    await pause(random.between(0, 1_000))
    await world.program().kill()
    await comeBack(run, first)
    for (const incident of others) {
      if (incident.entries('StepApproved').length === 0) await incident.approve()
      await run.proves(incident)
    }
  },
})
