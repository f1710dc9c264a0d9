import process from 'node:process'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { liveSessions } from '../../flows/machine/machine.ts'
import { fault } from '../harness/fault.ts'
import { press } from './deaths.ts'

fault({
  id: 'F6',
  title: 'a worker is frozen past its lock, another takes over, and the first wakes up',
  ci: 1,
  nightly: 20,
  variants: [
    'after a worker took an order',
    'after a worker said that it started',
    'before a change on Autentico is sent',
    'after a change on Autentico was answered',
    'after the journal took the outcome',
  ],
  world: { apart: true },
  async run(run) {
    const { world, variant, struck, proves, succeeds } = run
    const incident = await run.asked()
    world.kills.arm(variant, 'freeze')
    await press(incident)
    const frozen = await until(() => world.kills.struck(), 'a worker to be frozen')
    struck()
    // The other one does not know more than that the lock has run out.
    await proves(incident)
    process.kill(frozen, 'SIGCONT')
    // With the other gone, the late one has to be done with what it was at before it can do this.
    const one = await world.worker('one')
    const others = one.pid === frozen ? await world.worker('other') : one
    await others.stop()
    const next = await run.asked()
    await next.approve()
    await proves(next)
    await succeeds(() => {
      expect(incident.entries('StepDone')).toHaveLength(1)
      expect(liveSessions(world.stage, incident.username)).toBe(0)
    })
  },
})
